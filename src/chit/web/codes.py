"""Codes that sign a browser in: each once, and for one minute. They live in this process only."""

import secrets
import time
from collections.abc import Callable
from hashlib import sha256

CODE_SECONDS = 60.0
_BYTES = 32
_MOST = 64
"""Codes that wait at once. One more, and the oldest goes."""

Ended = Callable[[], None]


def _nothing() -> None:
    pass


class Codes:
    """Kept as hashes, so that looking one up tells nothing of it by the time it takes."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._waiting: dict[bytes, tuple[float, Ended]] = {}

    def issue(self, on_end: Ended = _nothing) -> str:
        """256 bits of chance; `on_end` is called once it is used or can no longer be."""
        self.sweep()
        while len(self._waiting) >= _MOST:
            self._end(next(iter(self._waiting)))
        code = secrets.token_urlsafe(_BYTES)
        self._waiting[_hash(code)] = self._clock() + CODE_SECONDS, on_end
        return code

    def take(self, code: str) -> bool:
        """Whether it was good. It is not from now on: between the look and the taking nothing else runs."""
        self.sweep()
        return self._end(_hash(code))

    def sweep(self) -> None:
        """End those whose minute is over."""
        now = self._clock()
        for digest in [digest for digest, (end, _) in self._waiting.items() if end <= now]:
            self._end(digest)

    def close(self) -> None:
        """End them all."""
        for digest in list(self._waiting):
            self._end(digest)

    def _end(self, digest: bytes) -> bool:
        found = self._waiting.pop(digest, None)
        if found is not None:
            found[1]()
        return found is not None


def _hash(code: str) -> bytes:
    return sha256(code.encode("utf-8", "surrogatepass")).digest()
