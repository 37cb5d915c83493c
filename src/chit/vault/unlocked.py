"""An open vault in memory, until it is locked or nobody used it for a while."""

import time
from collections.abc import Callable

from chit.errors import Action, VaultLocked
from chit.vault.content import Content
from chit.vault.vault_file import Stamp

_HINT = "Run `chit key unlock`, or give the passphrase with --passphrase-fd."


def explain_locked(reason: str = "the vault is locked") -> VaultLocked:
    """The error that asks for the passphrase."""
    return VaultLocked(reason, hint=_HINT, actions=(Action(kind="unlock", label="Unlock"),))


def awake_clock() -> float:
    """Monotonic seconds that also pass while the machine sleeps, where the system counts them."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Unlocked:
    """Holds the content of the vault while it is unlocked; locked at first.

    `on_change` is called after each change from locked to unlocked and back: the seam to `notices`.
    """

    def __init__(
        self,
        *,
        idle_seconds: float,
        clock: Callable[[], float],
        on_change: Callable[[bool], None] = lambda locked: None,
    ) -> None:
        """`idle_seconds` 0 never locks by itself. `clock` is monotonic, in seconds."""
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._on_change = on_change
        self._content: Content | None = None
        self._stamp: Stamp | None = None
        self._used_at = 0.0

    @property
    def is_locked(self) -> bool:
        """Whether the passphrase is needed; looking does not count as use."""
        if self._content is not None and self.seconds_left() == 0:
            self.lock()
        return self._content is None

    def seconds_left(self) -> float | None:
        """Until it locks by itself; None if it never does or is locked."""
        if self._content is None or not self._idle_seconds:
            return None
        return max(0.0, self._used_at + self._idle_seconds - self._clock())

    def hold(self, content: Content, stamp: Stamp | None) -> None:
        """Unlock with this, which is what the file with this stamp holds."""
        was_locked = self.is_locked
        self._content, self._stamp = content, stamp
        self._used_at = self._clock()
        if was_locked:
            self._on_change(False)

    def look(self) -> Content | None:
        """The content, which does not count as use; None if locked."""
        return None if self.is_locked else self._content

    def use(self, stamp: Stamp | None) -> Content:
        """The content, which counts as use. Locks if the file is no longer the one it was. Raises `VaultLocked`."""
        content = self.look()
        if content is None:
            raise explain_locked()
        if self._stamp != stamp:
            self.lock()
            raise explain_locked("the vault file was changed from outside, so it is locked again")
        self._used_at = self._clock()
        return content

    def lock(self) -> None:
        """Forget the keys. Copies in Python's memory may live on until they are overwritten."""
        was_held, self._content, self._stamp = self._content is not None, None, None
        if was_held:
            self._on_change(True)
