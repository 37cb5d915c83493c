"""What is measured here of one reply: its first token, how long it thought, how long it took."""

from collections.abc import Sequence
from dataclasses import dataclass

from chit.core.events import Delta, ReasoningAdded


@dataclass(slots=True, kw_only=True)
class Timing:
    """Moments on a clock that only goes forward, in seconds; the caller reads it."""

    started_at: float
    first_token_at: float | None = None
    thinking_since: float | None = None
    thought_until: float | None = None

    def note(self, deltas: Sequence[Delta], now: float) -> None:
        """These have just come; `deltas` is not empty."""
        if self.first_token_at is None:
            self.first_token_at = now
        if self.thought_until is None:
            if self.thinking_since is None and isinstance(deltas[0], ReasoningAdded):
                self.thinking_since = now
            if not isinstance(deltas[-1], ReasoningAdded):
                self.thought_until = now

    def measure(self, now: float) -> dict[str, int | None]:
        """What the row of its generation has of it, in milliseconds, since it ended `now`."""
        first, thinking = self.first_token_at, self.thinking_since
        return {
            "time_to_first_token_ms": None if first is None else _milliseconds(first - self.started_at),
            "reasoning_ms": None if thinking is None else _milliseconds((self.thought_until or now) - thinking),
            "duration_ms": _milliseconds(now - self.started_at),
        }


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
