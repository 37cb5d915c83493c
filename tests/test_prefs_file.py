"""Reading `prefs.toml`: what is wrong in it, and on which line."""

import tomllib
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.errors import InputError
from chit.prefs_file import MOST_SEARCHED_LINES, check_toml, decode_toml, find_line, read_prefs_file

PATH = Path("/home/person/prefs.toml")
KEY = "sk-or-v1-" + "0ddba115" * 8


def problem(text: str) -> InputError:
    """The error of a text."""
    with pytest.raises(InputError) as caught:
        check_toml(text, PATH)
    return caught.value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('theme = "dark"\n\n# why\ntheme2 = 1\nlow_balance = "10"\n', "line 5: low_balance must be US dollars"),
        ('base_url = "http://x.test"\n', "line 1: base_url cannot be used: the base URL 'http://x.test' would"),
        ("parameters = 3\n", "line 1: parameters must be a table"),
        ("[parameters]\na = 1\nb = [\n  1,\n  2020-01-01,\n]\n", "line 3: parameters.b must not be a date"),
        ("[parameters]\na = 1\n[parameters.x]\ny = [{z = inf}]\n", "line 4: parameters.x.y.z must be a finite"),
        ("x = '''\ntheme = 3\n'''\ntheme = 4\n", "line 4: theme must be light, dark or system"),
        ("x = 1\r\ntheme = 4\r\n", "line 2: theme must be"),
        ("[parameters]\nstream = true\n", "line 2: parameters.stream has no default"),
    ],
)
def test_a_wrong_value_is_placed(text: str, message: str) -> None:
    """File, line and preference are named, after values of several lines and inside of tables and lists too."""
    error = problem(text)
    assert error.message.startswith(f"{PATH}, {message}")
    assert error.hint


def test_a_long_file_is_not_searched() -> None:
    """In a file of many lines a wrong value is named without its line."""
    assert problem("#\n" * MOST_SEARCHED_LINES + "theme = 3\n").message.startswith(f"{PATH}: theme must be")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb =\n", 2),
        ("a = 1\nb = [\n1,\n", 3),
        ("a = 1\n\nb = '''\n\n", 3),
        ("a = 1\na = 2\n", 2),
        ("[a]\n[a]\n", 2),
        ("a = " + "[" * 100_000, 1),
        ("a = " + "9" * 5_000, 1),
    ],
)
def test_broken_toml_is_placed(text: str, line: int) -> None:
    """The line is told also at the end of the document, and for what no parser follows."""
    assert problem(text).message.startswith(f"{PATH}, line {line}: not valid TOML: ")


def test_broken_toml_does_not_show_a_key() -> None:
    """A key where a name should be is not repeated by the parser's words."""
    error = problem(f"x = {{{KEY} = 1, {KEY} = 2}}\n")
    assert error.message == f"{PATH}, line 1: not valid TOML: a key in the wrong place"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'model = "{KEY}"\n', "line 1: model looks like a secret"),
        ('theme = "dark"\nopenrouter_api_key = "hunter2"\n', "line 2: openrouter_api_key looks like a secret"),
        (f'[parameters]\nseed = 1\nstop = ["{KEY}"]\n', "line 3: parameters.stop looks like a secret"),
        ('[section]\npassword = "hunter2"\n', "line 2: section.password looks like a secret"),
        (f"{KEY} = 1\n", "there is an API key where a name should be"),
    ],
)
def test_a_secret_is_refused_and_not_repeated(text: str, message: str) -> None:
    """A secret by look or by name is placed wherever it stands, and the error says where keys belong."""
    error = problem(text)
    assert message in error.message
    assert "chit key set" in error.hint
    assert KEY not in error.message + error.hint
    assert "hunter2" not in error.message + error.hint


def test_bytes_that_are_no_text_are_placed() -> None:
    """The line that is not UTF-8 is named, and a byte order mark is no part of the text."""
    with pytest.raises(InputError, match="line 2 is not UTF-8"):
        decode_toml(b'a = 1\nb = "\xff"\n', PATH)
    assert decode_toml(b"\xef\xbb\xbfa = 1", PATH) == "a = 1"


def test_no_file_says_nothing(tmp_path: Path) -> None:
    """A file that is not there has no values and no warnings."""
    content = read_prefs_file(tmp_path / "prefs.toml")
    assert (content.values, content.warnings) == ({}, ())


def test_a_way_that_is_no_way_has_no_line() -> None:
    """Where the way is hidden, because a name is a key, there is no line to tell."""
    assert find_line("a = 1\n", ()) is None


fillers = st.lists(
    st.sampled_from(["# theme = 3\n", "\n", "x{0} = 1\n", "x{0} = [\n 1,\n]\n", "x{0} = '''\ntheme = 3\n'''\n"])
)


@given(fillers, fillers)
def test_the_line_is_right_among_others(before: list[str], after: list[str]) -> None:
    """Whatever stands before and after, the line that is told is the one on which the statement begins."""
    lines = [text.format(number) for number, text in enumerate(before)]
    rest = [text.format(number + len(before)) for number, text in enumerate(after)]
    text = "".join([*lines, "theme = 'light'\n", *rest])
    assert tomllib.loads(text)["theme"] == "light"
    assert find_line(text, ("theme",)) == "".join(lines).count("\n") + 1


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but an InputError comes of any text."""
    with suppress(InputError):
        check_toml(text, PATH)
