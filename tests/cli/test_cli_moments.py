"""When something was."""

import pytest

from chit.cli.moments import tell_when

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (NOW - 5, "just now"),
        (NOW + 5, "just now"),
        (NOW - 7200, "2 h ago"),
        (NOW - 29 * 86_400, "29 days ago"),
        (NOW - 60 * 86_400, "2026-11-16"),
        (-1e300, "–"),
    ],
)
def test_when(at: float, told: str) -> None:
    """In words for a month, then by its day; a clock that was set back is now."""
    assert tell_when(at, NOW) == told
