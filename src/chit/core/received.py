"""The bytes of a stream on their way to the store: whole lines, so that a key in an error is never stored in halves."""

from collections.abc import Callable

from chit.core.scrub import scrub_bytes


class ReceivedLines:
    """`take` what came and get what may be stored now; then `take_rest` at the end.

    An unfinished line completes no event, so that nothing shown ever waits for one that is held back here.
    """

    def __init__(self, scrub: Callable[[str], str]) -> None:
        self._scrub = scrub
        self._held: list[bytes] = []

    def take(self, data: bytes, *, completed: bool, failed: bool) -> bytes:
        """`completed`: `data` ended an event that will be shown; `failed`: events so far carry an error, or no JSON."""
        end = data.rfind(b"\n") + 1
        if end == 0 and completed:  # lines that end in CR alone
            end = len(data)
        if end == 0:
            self._held.append(data)
            return b""
        whole = data
        if self._held or end < len(data):
            whole = b"".join([*self._held, data[:end]])
            self._held = [data[end:]] if end < len(data) else []
        return scrub_bytes(whole, self._scrub) if failed else whole

    def take_rest(self) -> bytes:
        """What no line end ever came for; scrubbed, since nobody can tell what it was going to be."""
        whole = b"".join(self._held)
        self._held = []
        return scrub_bytes(whole, self._scrub)
