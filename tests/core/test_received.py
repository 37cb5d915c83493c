"""What of a stream's bytes may be stored when: everything, once, in order, and no key of an error in halves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.received import ReceivedLines
from chit.core.scrub import Scrubber
from chit.core.secret import Secret

KEY = "sk-or-v1-" + "c0ffee00" * 8
SCRUB = Scrubber([Secret(KEY)]).scrub


@given(st.lists(st.tuples(st.binary(max_size=8) | st.sampled_from([b"\n", b"a\nb"]), st.booleans())))
def test_nothing_is_lost_or_changed(pieces: list[tuple[bytes, bool]]) -> None:
    """However the bytes of a good stream are cut, what is handed on and the rest are those bytes."""
    lines = ReceivedLines(SCRUB)
    taken = [lines.take(piece, completed=completed, failed=False) for piece, completed in pieces]
    assert b"".join([*taken, lines.take_rest()]) == b"".join(piece for piece, _ in pieces)


def test_an_unfinished_line_waits() -> None:
    """Whole lines are handed on at once, and the rest with the line end that completes it."""
    lines = ReceivedLines(SCRUB)
    assert lines.take(b"data: 1\nda", completed=False, failed=False) == b"data: 1\n"
    assert lines.take(b"ta: 2", completed=False, failed=False) == b""
    assert lines.take(b"\n\n", completed=True, failed=False) == b"data: 2\n\n"


def test_what_is_shown_never_waits() -> None:
    """An event that ended in CR alone is handed on although there is no line feed."""
    assert ReceivedLines(SCRUB).take(b"data: 1\r\r", completed=True, failed=False) == b"data: 1\r\r"


@pytest.mark.parametrize("cut", range(0, 90, 7))
def test_a_key_in_an_error_is_hidden_at_every_cut(cut: int) -> None:
    """An error's line is scrubbed whole, in whatever pieces it came, and other bytes around it stay as they were."""
    lines = ReceivedLines(SCRUB)
    whole = b'data: {"error": "' + KEY.encode() + b'", "x": "\xff\xc3\xa9"}\n\n'
    taken = lines.take(whole[:cut], completed=False, failed=False)
    taken += lines.take(whole[cut:], completed=False, failed=True)
    assert lines.take_rest() == b""
    assert taken == 'data: {"error": "sk-or-…ee00", "x": "'.encode() + b'\xff\xc3\xa9"}\n\n'


def test_the_rest_is_scrubbed() -> None:
    """A line that never ended may have been going to be an error."""
    lines = ReceivedLines(SCRUB)
    assert lines.take(KEY.encode(), completed=False, failed=False) == b""
    assert lines.take_rest() == "sk-or-…ee00".encode()
