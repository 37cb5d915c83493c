"""Structured output: the format that is asked for, and replies as values of a type."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypedDict

import pytest
from pydantic import BaseModel
from tests.library.conftest import move_in
from tests.upstream import DONE, Exchange, Upstream, text_chunk

import chit
from chit.core.schema_match import find_violation
from chit.library.shape import close_schema, make_shape
from chit.sandbox.server import Sandbox


@dataclass
class City:
    """A town."""

    name: str
    population: int
    twin: "City | None" = None
    note: str = "none"


class Film(TypedDict):
    """A film."""

    title: str


class Book(BaseModel):
    """A book."""

    title: str
    pages: int = 1


async def test_values_of_a_type(app: chit.App, box: Sandbox) -> None:
    """Dataclasses, TypedDicts, pydantic models, lists of them and single choices."""
    city = await app.send("Which?", returns=City)
    assert isinstance(city.value, City)
    assert (city.value.name, city.value.population) == ("sandbox", 42)
    assert city.text.startswith("{")
    assert city.chit is not None
    assert (await app.send("Which?", returns=Film)).value == {"title": "sandbox"}
    assert (await app.send("Which?", returns=Book)).value == Book(title="sandbox", pages=42)
    assert (await app.send("Which?", returns=list[Book])).value == [Book(title="sandbox", pages=42)]
    choice: Any = Literal["yes", "no"]
    assert (await app.send("Well?", returns=choice)).value == "yes"
    reply = app.stream("Which?", returns=Film)
    assert "".join([text async for text in reply.texts()]) == (await reply).text
    assert box.ledger.requests[-1].body["response_format"]["json_schema"]["name"] == "Film"


async def test_a_value_after_tools(app: chit.App, box: Sandbox) -> None:
    """The format is asked for with every step; a type is not what a conversation goes on with."""
    await app.send("Hi", model="openai/gpt-5-mini", tools=[close_schema_tool], returns=int)
    assert {"tools", "response_format"} <= box.ledger.requests[-1].body.keys()
    (summary,) = await app.list_conversations()
    await app.send("And now?", after=summary)
    assert not {"tools", "response_format"} & box.ledger.requests[-1].body.keys()


def close_schema_tool(x: int) -> int:
    """Some tool."""
    raise AssertionError(x)


def test_the_format_is_strict_where_it_can_be() -> None:
    """Every member required and no defaults, as strict mode wants it; the reply is checked by what the type says."""
    assert make_shape(City).as_format() == {
        "type": "json_schema",
        "json_schema": {
            "name": "City",
            "strict": True,
            "schema": {
                "type": "object",
                "description": "A town.",
                "properties": {
                    "name": {"type": "string"},
                    "population": {"type": "integer"},
                    "twin": {"anyOf": [{"$ref": "#/$defs/City"}, {"type": "null"}]},
                    "note": {"type": "string"},
                },
                "required": ["name", "population", "twin", "note"],
                "additionalProperties": False,
                "$defs": {
                    "City": {
                        "type": "object",
                        "description": "A town.",
                        "properties": {
                            "name": {"type": "string"},
                            "population": {"type": "integer"},
                            "twin": {"anyOf": [{"$ref": "#/$defs/City"}, {"type": "null"}]},
                            "note": {"type": "string"},
                        },
                        "required": ["name", "population", "twin", "note"],
                        "additionalProperties": False,
                    }
                },
            },
        },
    }
    assert make_shape(City).read('{"name": "A", "population": 1}', "stop") == City("A", 1)


def test_what_is_no_object_is_wrapped() -> None:
    """Models want an object at the root; definitions stay where references lead."""
    shape = make_shape(list[City])
    assert shape.schema["properties"] == {"value": {"type": "array", "items": {"$ref": "#/$defs/City"}}}
    assert shape.read('```json\n{"value": [{"name": "A", "population": 1}]}\n```', "stop") == [City("A", 1)]
    assert make_shape(int).schema.keys() == {"type", "properties", "required", "additionalProperties"}
    odd: Any = int | None
    assert make_shape(odd).name == "int_None"
    named: Any = type("Ü", (Book,), {})
    assert make_shape(named).name == "reply"


@pytest.mark.parametrize(
    "kind", [dict[str, int], tuple[int, str], Any, dict, list[dict[str, Any]], Literal["a"] | dict[str, str]]
)
def test_the_format_is_not_strict_where_that_would_say_less(kind: Any) -> None:
    """Members that nobody can list, or a list of different things, are asked for without strictness."""
    described = make_shape(kind).as_format()["json_schema"]
    assert "strict" not in described
    assert described["schema"] == make_shape(kind).schema


def test_a_closed_schema_is_narrower() -> None:
    """What fits it fits the schema that it was made of."""
    schema = make_shape(City).schema
    closed = close_schema(schema)
    value = {"name": "A", "population": 1, "twin": None, "note": "x"}
    assert find_violation(closed, value) is find_violation(schema, value) is None
    assert find_violation(closed, {"name": "A", "population": 1}) is not None


@pytest.mark.parametrize(
    ("text", "finish_reason", "reason"),
    [
        ("", "stop", "it says nothing"),
        ('{"name": "A', "length", "cut at the token limit"),
        ("Paris, of course.", "stop", "this is not JSON: "),
        ('{"name": "A", "population": "many"}', "stop", r"\$\.population is of type string, not integer"),
    ],
)
def test_what_is_no_value(text: str, finish_reason: str, reason: str) -> None:
    """The error says why, and carries the text."""
    with pytest.raises(chit.OutputInvalid, match=f"the reply is no City: {reason}") as refused:
        make_shape(City).read(text, finish_reason)
    assert refused.value.text == text
    assert refused.value.kind == "schema_mismatch"
    assert refused.value.hint


def test_what_fits_the_schema_and_is_no_value() -> None:
    """A text of a format is only read by the type itself."""
    with pytest.raises(chit.OutputInvalid, match=r"the reply is no date: .* is refused by date"):
        make_shape(date).read('{"value": "2026-13-45"}', "stop")


async def test_a_reply_of_another_type(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is kept, and the error names it."""

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream()
        await exchange.chunk(text_chunk("Paris, of course.", finish="stop") + DONE)
        await exchange.chunk(b"")

    async with Upstream(answer) as upstream:
        move_in(home, upstream.base_url, monkeypatch)
        monkeypatch.setenv("CHIT_SETTLE", "manual")
        async with chit.open() as app:
            with pytest.raises(chit.OutputInvalid) as refused:
                await app.send("Which?", returns=City)
            assert (await app.get_message(refused.value.message_id or "")).text == refused.value.text


async def test_a_type_without_a_schema(app: chit.App) -> None:
    """Nothing is sent."""
    with pytest.raises(TypeError, match="bytes has no JSON schema"):
        await app.send("Hi", returns=bytes)
    assert await app.list_conversations() == []
