"""Our own ids: UUIDv7 (RFC 9562 §5.7), so that they sort roughly by time in indexes. Order never depends on it."""

import os
import time

_TIME = 2**48 - 1
_VARIANTS = "89ab"


def new_id() -> str:
    """A fresh id in the usual 36 characters."""
    at, chance = f"{time.time_ns() // 1_000_000 & _TIME:012x}", os.urandom(10).hex()
    variant = _VARIANTS[int(chance[3], 16) & 3]
    return f"{at[:8]}-{at[8:]}-7{chance[:3]}-{variant}{chance[4:7]}-{chance[7:19]}"


def short_id(full: str) -> str:
    """The last eight characters, which are random. A prefix of a UUIDv7 is a time, so it is never used as a name."""
    return full[-8:]
