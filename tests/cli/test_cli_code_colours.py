"""Colours in code that comes in."""

import re

from hypothesis import given
from hypothesis import strategies as st

from chit.cli.code_colours import WINDOW, CodeColours
from chit.render.palette import COLOURED

CODE = 'def f():\n    """One\n    two."""\n\n    return 1  # three\n'
KEYWORD, STRING, COMMENT = "\x1b[35m", "\x1b[32m", "\x1b[2m"


def plain(text: str) -> str:
    """Without its colours."""
    return re.sub("\x1b\\[[0-9;]*m", "", text)


def test_lines_have_colours_of_their_own() -> None:
    """No colour runs over the end of a line, and what began before is known."""
    colours = CodeColours("python title=x")
    shown = [colours.colour(f"{line}\n") for line in CODE.splitlines()]
    assert shown[0].startswith(KEYWORD)
    assert shown[2].startswith(STRING)
    assert COMMENT in shown[4]
    assert [plain(each) for each in shown] == CODE.splitlines(keepends=True)
    assert all(each.count("\x1b[0m") * 2 == each.count("\x1b") for each in shown)
    assert plain(CodeColours("python").colour(CODE)) == CODE


def test_what_has_no_colours_stays_plain() -> None:
    """Languages that are not known, and none."""
    for info in ("", "klingon", "  "):
        assert CodeColours(info).colour(CODE) == CODE


def test_long_code_is_read_from_near_its_end() -> None:
    """So that a line takes as long at the end of a long block as at its beginning."""
    colours = CodeColours("python")
    for _ in range(3):
        colours.colour("x = 1\n" * (WINDOW // 10))
    assert len(colours._seen) <= WINDOW * 2
    assert KEYWORD in colours.colour("return\n")


def test_every_class_has_a_colour() -> None:
    """Those of the pages, all of them."""
    from chit.cli.code_colours import _SHADES

    assert _SHADES.keys() == COLOURED


@given(st.lists(st.text(alphabet="def x'\"#()\\:=1\t", max_size=12), max_size=12))
def test_the_text_stays(lines: list[str]) -> None:
    """To the last space."""
    colours = CodeColours("python")
    code = [f"{line}\n" for line in lines]
    assert plain("".join(map(colours.colour, code))) == "".join(code)
