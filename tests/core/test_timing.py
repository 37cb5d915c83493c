"""What is measured of a reply: each moment once, whatever the pieces it came in."""

from chit.core.events import ReasoningAdded, TextAdded
from chit.core.timing import Timing

THOUGHT, TEXT = ReasoningAdded("hm"), TextAdded("yes")


def measured(*pieces: tuple[list[ReasoningAdded | TextAdded], float], end: float = 9.0) -> tuple[int | None, ...]:
    """First token, reasoning and duration of a reply that began at 1, in milliseconds."""
    timing = Timing(started_at=1.0)
    for deltas, at in pieces:
        timing.note(deltas, at)
    found = timing.measure(end)
    return found["time_to_first_token_ms"], found["reasoning_ms"], found["duration_ms"]


def test_a_reply_that_says_nothing_has_only_a_length() -> None:
    """What did not happen is unknown, not zero."""
    assert measured() == (None, None, 8000)


def test_thinking_lasts_until_the_first_word() -> None:
    """Later reasoning, between tool calls say, does not count on."""
    assert measured(([THOUGHT], 2.0), ([THOUGHT], 3.0), ([TEXT], 4.5), ([THOUGHT], 5.0)) == (1000, 2500, 8000)


def test_thinking_that_broke_off_lasts_until_the_end() -> None:
    """A stream that was cut while the model thought."""
    assert measured(([THOUGHT], 2.0), end=4.0) == (1000, 2000, 3000)


def test_a_reply_without_thoughts_thought_for_no_time_that_is_known() -> None:
    """Text alone is no reasoning of zero length."""
    assert measured(([TEXT], 2.0), ([TEXT], 3.0)) == (1000, None, 8000)


def test_both_in_one_piece() -> None:
    """What came at once took no time that could be measured."""
    assert measured(([THOUGHT, TEXT], 2.0)) == (1000, 0, 8000)
