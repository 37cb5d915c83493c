"""The worker process as seen from the program: seal and open without holding up the event loop."""

import json
import sys
from collections.abc import Sequence
from typing import Literal, Protocol

from chit.errors import VaultDamaged, VaultError, VaultTooCostly, WrongPassphrase
from chit.vault.child import ask_child
from chit.vault.passphrase import Passphrase

COMMAND = (sys.executable, "-I", "-m", "chit.vault.worker")
_SECONDS = 120.0


class Sealer(Protocol):
    """Something that seals and opens. What it is given to open has been checked."""

    async def seal(self, data: bytes, passphrase: Passphrase) -> bytes:
        """The age file. Raises `VaultError`."""

    async def open(self, sealed: bytes, passphrase: Passphrase) -> bytes:
        """The data. Raises `WrongPassphrase`, `VaultDamaged`, `VaultTooCostly` or `VaultError`."""


class AgeWorker:
    """A `Sealer` that starts a process for each piece of work."""

    def __init__(self, command: Sequence[str] = COMMAND, *, seconds: float = _SECONDS) -> None:
        self._command = command
        self._seconds = seconds
        self.started = 0
        """How many processes were started."""

    async def seal(self, data: bytes, passphrase: Passphrase) -> bytes:
        """One process, one to two seconds."""
        return await self._run("seal", data, passphrase)

    async def open(self, sealed: bytes, passphrase: Passphrase) -> bytes:
        """One process, one to three seconds."""
        return await self._run("open", sealed, passphrase)

    async def _run(self, do: Literal["seal", "open"], data: bytes, passphrase: Passphrase) -> bytes:
        text = passphrase.reveal()
        order = json.dumps({"do": do, "passphrase_length": len(text)}).encode()
        self.started += 1
        try:
            answer = await ask_child(self._command, order + b"\n" + text + data, self._seconds)
        except OSError as error:  # a TimeoutError is one too
            reason = error.strerror or "it did not answer"
            raise VaultError(f"the process that opens the vault cannot be used: {reason}", hint=_BUSY) from error
        outcome, _, result = answer.partition(b"\n")
        if outcome == b"done":
            return result
        raise explain_outcome(outcome)


_BUSY = "Close other programs if memory is short, and try again; the vault file was not changed."


def explain_outcome(outcome: bytes) -> VaultError:
    """The error for a word of the worker's other than `done`; none at all means that it broke."""
    if outcome == b"wrong":
        return WrongPassphrase(
            "the vault does not open with this passphrase",
            hint="Try again. If you are sure of it, the file may have been altered: put a copy back.",
        )
    if outcome == b"damaged":
        return VaultDamaged(
            "the passphrase is right, but the vault file has been altered or is not whole",
            hint="Put a copy of it back, or move it away and store the key again; the file was not changed.",
        )
    if outcome == b"costly":
        return VaultTooCostly("the machine is too busy or too small to open the vault", hint=_BUSY)
    return VaultError("the process that opens the vault failed", hint=_BUSY)
