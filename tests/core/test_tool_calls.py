"""Tool calls in pieces, as providers really number and repeat them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.events import ToolCallAdded
from chit.core.tool_calls import add_tool_call


def piece(index: int | None = 0, call_id: str | None = None, **function: Any) -> dict[str, Any]:
    """One piece of a call, with what was given only."""
    given = {"index": index, "id": call_id, "function": function or None}
    return {name: value for name, value in given.items() if value is not None}


def call(index: int, call_id: str, name: str, arguments: str) -> dict[str, Any]:
    """A whole call."""
    function = {"name": name, "arguments": arguments}
    return {"index": index, "type": "function", "id": call_id, "function": function}


def fold(*pieces: dict[str, Any]) -> tuple[list[Any], list[ToolCallAdded]]:
    """The calls, and what was told while they grew."""
    calls: list[Any] = []
    return calls, [add_tool_call(calls, one) for one in pieces]


@given(st.lists(st.lists(st.text(max_size=5), max_size=4), min_size=1, max_size=3), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_interleaved_calls_come_out_whole(arguments: list[list[str]], shuffle: Any) -> None:
    """Calls whose pieces are mixed in any way come out whole, and so do those put together from what was told."""
    order = [index for index, texts in enumerate(arguments) for _ in texts]
    shuffle.shuffle(order)
    pieces = [piece(index, f"c{index}", name="f", arguments="") for index in range(len(arguments))]
    waiting = [iter(texts) for texts in arguments]
    pieces += [piece(index, arguments=next(waiting[index])) for index in order]
    calls, told = fold(*pieces)
    whole = ["".join(texts) for texts in arguments]
    assert calls == [call(index, f"c{index}", "f", text) for index, text in enumerate(whole)]
    for index, text in enumerate(whole):
        assert "".join(one.name for one in told if one.index == index) == "f"
        assert "".join(one.arguments for one in told if one.index == index) == text


def test_a_new_id_at_a_taken_index_begins_another_call() -> None:
    """Providers that number every parallel call 0 lose no call, and further pieces go to the latest."""
    calls, told = fold(
        piece(0, "a", name="f", arguments="{}"),
        piece(0, "b", name="g", arguments="["),
        piece(0, arguments="]"),
    )
    assert calls == [call(0, "a", "f", "{}"), call(0, "b", "g", "[]")]
    assert [one.index for one in told] == [0, 1, 1]


def test_a_repeated_name_is_said_once() -> None:
    """A provider that repeats the name, and the id, with every piece makes one call of one name."""
    calls, told = fold(piece(0, "a", name="find", arguments="{"), piece(0, "a", name="find", arguments="}"))
    assert calls == [call(0, "a", "find", "{}")]
    assert [one.name for one in told] == ["find", ""]


def test_a_name_in_pieces_is_joined() -> None:
    """The name grows, and what is told are its pieces."""
    calls, told = fold(piece(0, "a", name="fi"), piece(0, name="nd"))
    assert calls[0]["function"] == {"name": "find"}
    assert [one.name for one in told] == ["fi", "nd"]


def test_pieces_without_index_are_told_apart_by_id() -> None:
    """No index and no id goes on with the last call; a known id finds its call; a new id begins one."""
    calls, _ = fold(
        piece(None, "a", name="f", arguments="1"),
        piece(None, arguments="2"),
        piece(None, "b", name="g", arguments="3"),
        piece(None, "a", arguments="4"),
    )
    assert calls == [call(0, "a", "f", "124"), call(1, "b", "g", "3")]


def test_a_late_id_belongs_to_its_call() -> None:
    """An id that comes after the name does not begin another call."""
    calls, _ = fold(piece(0, name="f", arguments="{"), piece(0, "a", arguments="}"))
    assert calls == [call(0, "a", "f", "{}")]


def test_unknown_members_are_kept() -> None:
    """What a provider adds to a call or to its function stays, the last value that is not null winning."""
    calls, _ = fold(
        piece(0, "a", name="f", arguments="{}", sig="x") | {"extra_content": {"google": 1}, "type": "custom"},
        piece(0, arguments=None, sig=None, name=None) | {"extra_content": None},
    )
    function = {"name": "f", "arguments": "{}", "sig": "x"}
    assert calls == [{"index": 0, "type": "custom", "id": "a", "extra_content": {"google": 1}, "function": function}]


@pytest.mark.parametrize(
    ("first", "second", "function"),
    [
        ({"arguments": {"a": 1}}, {"arguments": "{}"}, {"arguments": "{}"}),
        ({"arguments": "{}"}, {"arguments": {"a": 1}}, {"arguments": {"a": 1}}),
        ({"name": 5}, {"name": "f"}, {"name": "f"}),
    ],
)
def test_odd_types_do_not_break(first: Any, second: Any, function: Any) -> None:
    """Arguments as an object and a name that is no text are kept until something better comes."""
    calls, told = fold(piece(0, "a", **first), piece(0, **second))
    assert calls[0]["function"] == function
    assert all(isinstance(one.name, str) and isinstance(one.arguments, str) for one in told)


def test_a_piece_without_a_function_tells_nothing() -> None:
    """A call of which only the id is known exists, and says neither name nor arguments."""
    assert fold(piece(3, "a")) == ([{"index": 3, "type": "function", "id": "a"}], [ToolCallAdded(0, "", "")])
