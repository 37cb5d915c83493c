"""Our own ids: UUIDv7 (RFC 9562 §5.7), so that they sort roughly by time in indexes. Order never depends on it."""

import secrets
import time


def new_id() -> str:
    """A fresh id in the usual 36 characters."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def short_id(full: str) -> str:
    """The last eight characters, which are random. A prefix of a UUIDv7 is a time, so it is never used as a name."""
    return full[-8:]
