"""One value changed in TOML, and nothing else."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chit.prefs_text import TextUnchangeable, write_set, write_toml, write_unset

FRAGMENTS = [
    "theme = 'light' # why\n",
    "# a comment\n",
    "\n",
    "low_balance = 1e1\r\n",
    "x = [1, # one\n 2]\n",
    "y = '''\n[no]\n'''\n",
    "z.q = 2020-01-01\n",
    "[section]\n",
    "[[list]]\n",
    "[parameters] # table\n",
    "[parameters.provider]\n",
    "[[parameters.tools]]\n",
    "sort = 'price'\n",
    "parameters.temperature = 1\n",
    "parameters.provider.sort = 'x' # so\n",
    "parameters = {temperature = 1, provider = {sort = 'p'}} # inline\n",
    "provider = {sort = 'p'} # q\n",
]
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
scalars = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)
ways = st.sampled_from(
    ["theme", "new", "parameters", "parameters.temperature", "parameters.provider.sort"]
) | st.builds("parameters.{}".format, st.from_regex(r"[a-z]{1,5}", fullmatch=True))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Valid TOML with comments, tables, dotted names, inline tables and values of several lines."""
    text = ""
    for fragment in draw(st.lists(st.sampled_from(FRAGMENTS), max_size=8)):
        try:
            tomllib.loads(text + fragment)
        except tomllib.TOMLDecodeError:
            continue
        text += fragment
    return text.rstrip("\r\n") if draw(st.booleans()) else text


def look_up(found: Any, way: list[str]) -> Any:
    """The value at a way; a KeyError if there is none."""
    for name in way:
        if not isinstance(found, Mapping):
            raise KeyError(name)
        found = found[name]
    return found


def comments(text: str) -> int:
    """How many comments there are; none of our values holds a #."""
    return text.count("#")


@given(values)
@example({"a\x7f": "\x00\x1f\x7f\x85\u2028\\\"'", "": {}, "b.c": [[], {}]})
def test_every_value_survives_toml(value: Any) -> None:
    """What is written in one line of TOML is read back as it was."""
    text = f"value = {write_toml(value)}"
    assert "\n" not in text
    assert tomllib.loads(text) == {"value": value}


@pytest.mark.parametrize(
    ("value", "text"), [(None, '""'), (Decimal("10.00"), "10.00"), (Decimal("1E+3"), "1000"), (True, "true"), (3, "3")]
)
def test_typed_values_are_written_plainly(value: Any, text: str) -> None:
    """No model is an empty text, money keeps its decimals, and a boolean is no number."""
    assert write_toml(value) == text


@given(
    documents(), ways, scalars | st.dictionaries(st.sampled_from(["temperature", "seed"]), st.integers(), min_size=1)
)
def test_a_value_set_is_the_only_change(text: str, way: str, value: Any) -> None:
    """After setting, the value is there, all others are as they were, and so is each comment outside of it."""
    before = tomllib.loads(text)
    names = way.split(".")
    try:
        changed = write_set(text, names, value)
    except TextUnchangeable:
        return
    after = tomllib.loads(changed)
    assert look_up(after, names) == value
    assert {name: inner for name, inner in after.items() if name != names[0]} == {
        name: inner for name, inner in before.items() if name != names[0]
    }
    if not isinstance(before.get(names[0]), Mapping) and not isinstance(value, str):
        assert comments(changed) == comments(text)


@given(documents(), ways)
def test_a_value_unset_is_the_only_change(text: str, way: str) -> None:
    """After unsetting, the value is gone and all others are as they were; None tells that there was no such value."""
    before = tomllib.loads(text)
    names = way.split(".")
    try:
        changed = write_unset(text, names)
    except TextUnchangeable:
        return
    if changed is None:
        with pytest.raises(KeyError):
            look_up(before, names)
        return
    after = tomllib.loads(changed)
    with pytest.raises(KeyError):
        look_up(after, names)
    assert {name: inner for name, inner in after.items() if name != names[0]} == {
        name: inner for name, inner in before.items() if name != names[0]
    }


SAMPLE = """\
# My preferences
theme = "light"  # bright room

# The rest
model = "a/b"

# For every request
[parameters]
temperature = 0.2  # calm

# Where to
[parameters.provider]
sort = "price"
"""


@pytest.mark.parametrize(
    ("way", "value", "old", "new"),
    [
        ("theme", "dark", 'theme = "light"', 'theme = "dark"'),
        ("settle", "manual", 'model = "a/b"\n', 'model = "a/b"\nsettle = "manual"\n'),
        ("parameters.temperature", 1, "temperature = 0.2", "temperature = 1"),
        ("parameters.provider.sort", "latency", '"price"', '"latency"'),
        ("parameters.provider.zdr", True, 'sort = "price"\n', 'sort = "price"\nzdr = true\n'),
        ("section", {"a": 1}, '"price"\n', '"price"\n\n[section]\na = 1\n'),
    ],
)
def test_every_other_character_stays(way: str, value: Any, old: str, new: str) -> None:
    """In a file as people write them, a change is the one that a careful person would make."""
    assert write_set(SAMPLE, way.split("."), value) == SAMPLE.replace(old, new)


@pytest.mark.parametrize(
    ("text", "way", "value", "changed"),
    [
        ("", "theme", "dark", 'theme = "dark"\n'),
        ("", "parameters.seed", 1, "[parameters]\nseed = 1\n"),
        ("", "parameters.provider.sort", "price", '[parameters]\nprovider = {sort = "price"}\n'),
        ("", "parameters", {}, "[parameters]\n"),
        ("a = 1", "theme", "dark", 'a = 1\ntheme = "dark"\n'),
        ("a = 1\r\n", "theme", "dark", 'a = 1\r\ntheme = "dark"\r\n'),
        ("a = 1\n", "parameters.seed", 1, "a = 1\n\n[parameters]\nseed = 1\n"),
        ("# about t\n[t]\n", "theme", "dark", 'theme = "dark"\n\n# about t\n[t]\n'),
        ("x = [\n[1],\n]\n\n[t]\n", "theme", "dark", 'x = [\n[1],\n]\ntheme = "dark"\n\n[t]\n'),
        ("[parameters]\na = 1 # one\nb = [ # two\n 2]\n", "parameters", {"b": [2]}, "[parameters]\nb = [ # two\n 2]\n"),
        ("theme = 2020-01-01\n", "theme", "dark", 'theme = "dark"\n'),
        ("x = 1\n", "x", True, "x = true\n"),
    ],
)
def test_new_values_find_their_place(text: str, way: str, value: Any, changed: str) -> None:
    """A value goes before the tables and their comments, a table to the end, and the line ends stay as they are."""
    assert write_set(text, way.split("."), value) == changed


@pytest.mark.parametrize(
    ("text", "way", "problem"),
    [
        ("a = 1\n", "a.b.c", "a has no members"),
        ("parameters.a = 1\n[parameters.provider]\n", "parameters", "too intricately"),
        ("a = 1\n[[b.c]]\n[d]\n[[b.c]]\n", "b.c", "too intricately"),
        (
            "[[b.c]]\nb.p.s = 'x'\n[d.b]\n[b.p.q]\n[b.p]\nx = [1, # one\n 2]\n",
            "b",
            "too intricately",
        ),
    ],
)
def test_what_cannot_be_changed_is_told(text: str, way: str, problem: str) -> None:
    """Where the edit would change something else, or breaks, it is refused."""
    value: Any = {"a": 2, "p": {"s": "z", "q": {"k": [1]}}} if way == "b" else {}
    with pytest.raises(TextUnchangeable, match=problem):
        write_set(text, way.split("."), value)


@pytest.mark.parametrize(
    ("way", "gone"),
    [
        ("theme", 'theme = "light"  # bright room\n'),
        ("parameters.temperature", "temperature = 0.2  # calm\n"),
        ("parameters.provider", '[parameters.provider]\nsort = "price"\n'),
    ],
)
def test_only_the_line_goes(way: str, gone: str) -> None:
    """A value is unset together with the comment on its line, and nothing else is."""
    assert write_unset(SAMPLE, way.split(".")) == SAMPLE.replace(gone, "")


@pytest.mark.parametrize("way", ["nothing", "theme.x", "parameters.x", "parameters.temperature.x", "a.b.c"])
def test_what_is_not_there_is_not_unset(way: str) -> None:
    """A name that is not set, at any level, gives None."""
    assert write_unset(SAMPLE, way.split(".")) is None
