"""Types as schemas and back: everything that can be told to a model, and everything that cannot."""

import collections.abc
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, NewType, NotRequired, Optional, Required, TypedDict, Union
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from chit.core.json_schema import find_flaw
from chit.core.jsontext import decode_json
from chit.core.schema_match import find_violation
from chit.library.schemas import describe_type, strip_type
from chit.library.values import ValueInvalid, check_value, encode_result, read_value
from chit.sandbox.sample import make_sample


class Colour(Enum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    """A choice that is a number."""

    LOW = 1
    HIGH = 2


UserId = NewType("UserId", int)


@dataclass
class City:
    """A town.

    Or more than one.
    """

    name: Annotated[str, 3, "as its people call it"]
    population: int
    colours: list[Colour] = field(default_factory=list)
    level: Level = Level.LOW
    twin: "City | None" = None
    founded: date | None = None
    hidden: int = field(default=3, init=False)


@dataclass
class Plain:  # noqa: D101 - Python writes its words
    x: int
    y: float = 1.5
    z: Any = None


class Film(TypedDict):
    """As TypedDicts go."""

    title: str
    year: NotRequired[Annotated[int, "of its premiere", {"minimum": 1}]]


class Loose(TypedDict, total=False):
    """What is required is said."""

    title: Required[str]
    year: int


class Author(BaseModel):
    """As pydantic goes."""

    name: str = Field(description="in full")
    books: list["Book"] = []


class Book(BaseModel):
    """What is in a list of them."""

    title: str
    year: int | None = None


class Node(BaseModel):
    """Refers to itself."""

    value: int
    next: "Node | None" = None


Twice = TypedDict("Twice", {"a": City, "b": City, "c": Plain})  # noqa: UP013 - the other way to write one


@dataclass
class Everything:
    """One of each kind."""

    a: Sequence[int]
    b: Mapping[str, float]
    c: tuple[int, str]
    d: tuple[int, ...]
    e: set[str]
    f: frozenset[int]
    g: Literal["x", 1, True, None]
    h: UserId
    i: Decimal
    j: datetime
    k: time
    l: UUID  # noqa: E741 - one letter each
    m: object
    n: None
    o: bool
    p: Film
    q: Book
    r: Optional[int]  # noqa: UP045 - both ways
    s: Union[int, str]  # noqa: UP007 - both ways
    t: collections.abc.Set[int]
    u: typing.List  # type: ignore[type-arg]  # noqa: UP006 - a bare one
    v: dict  # type: ignore[type-arg]
    w: tuple  # type: ignore[type-arg]
    x: set  # type: ignore[type-arg]
    y: Level
    z: Loose


def _make_namesake() -> Any:
    class City(TypedDict):
        n: int

    return City


def test_a_dataclass() -> None:
    """Its fields, in their order, with what they are annotated with, defaults and the first paragraph of its words."""
    schema = describe_type(City)
    assert schema["$defs"]["City"]["description"] == "A town."
    assert schema["properties"] == {
        "name": {"type": "string", "description": "as its people call it"},
        "population": {"type": "integer"},
        "colours": {"type": "array", "items": {"type": "string", "enum": ["red", "blue"]}},
        "level": {"type": "integer", "enum": [1, 2], "default": 1},
        "twin": {"anyOf": [{"$ref": "#/$defs/City"}, {"type": "null"}]},
        "founded": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
    }
    assert schema["required"] == ["name", "population"]
    assert schema["additionalProperties"] is False


def test_a_dataclass_without_words() -> None:
    """What Python writes for it is no description, and nothing is defined twice."""
    assert describe_type(Plain) == {
        "type": "object",
        "properties": {"x": {"type": "integer"}, "y": {"type": "number", "default": 1.5}, "z": {}},
        "required": ["x"],
        "additionalProperties": False,
    }


def test_typed_dicts() -> None:
    """What is not required may be missing, and what an annotation adds to a schema is in it."""
    assert describe_type(Film)["properties"]["year"] == {
        "type": "integer",
        "description": "of its premiere",
        "minimum": 1,
    }
    assert describe_type(Film)["required"] == describe_type(Loose)["required"] == ["title"]


def test_pydantic_models() -> None:
    """Their own schemas, with their definitions among ours, alone and inside other types."""
    assert describe_type(Author)["$defs"].keys() == {"Book"}
    assert describe_type(list[Author])["items"]["properties"]["name"] == {
        "description": "in full",
        "title": "Name",
        "type": "string",
    }
    node = describe_type(Node)
    assert node["type"] == "object"
    assert node["$defs"].keys() == {"Node"}
    assert read_value(Node, {"value": 1, "next": {"value": 2}}) == Node(value=1, next=Node(value=2))
    with pytest.raises(ValueInvalid, match=r"\$ is refused by Node: "):
        read_value(Node, {"value": "x"})


def test_names_that_are_taken() -> None:
    """Two classes of one name are told apart; where that cannot be, it is said."""

    class Book(BaseModel):
        pages: int

    schema = describe_type(TUPLE[City, _make_namesake()])
    assert schema["prefixItems"] == [{"$ref": "#/$defs/City"}, {"$ref": "#/$defs/City2"}]
    shelf = type("Shelf", (BaseModel,), {"__annotations__": {"book": Book}})
    with pytest.raises(TypeError, match="two classes are called Book"):
        describe_type(tuple[Author, shelf])  # type: ignore[valid-type]


def test_everything_there_and_back() -> None:
    """Of every kind: the schema has no flaw, a sample of it fits, is read, and is written as it was."""
    schema = describe_type(Everything)
    assert find_flaw(schema) is None
    sample = make_sample(schema)
    assert find_violation(schema, sample) is None
    read = read_value(Everything, sample)
    assert isinstance(read, Everything)
    assert (read.a, read.b, read.c, read.d) == ([42], {}, (42, "sandbox"), (42,))
    assert (read.e, read.f, read.g, read.h, read.i) == ({"sandbox"}, frozenset({42}), "x", 42, Decimal("4.2"))
    assert (read.j, read.k) == (datetime.fromisoformat("2026-03-01T12:00:00+00:00"), time(12))
    assert isinstance(read.l, UUID)
    assert (read.n, read.o, read.p, read.r) == (None, True, {"title": "sandbox", "year": 42}, 42)
    assert read.q == Book(title="sandbox", year=42)
    assert (read.t, read.w, read.x, read.y) == ({42}, (None,), {None}, Level.LOW)
    written = decode_json(encode_result(read).encode())
    assert written["j"] == sample["j"]
    assert written | {"i": 4.2} == sample


def test_a_type_with_another_name() -> None:
    """What Python 3.12 calls `type Row = …` is what it stands for."""

    class TypeAliasType:
        __value__ = list[int]

    alias = TypeAliasType()
    assert describe_type(alias) == {"type": "array", "items": {"type": "integer"}}
    assert strip_type(alias) == list[int]


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (bytes, "bytes has no JSON schema; a dataclass or a TypedDict would"),
        (dict[int, str], "has no JSON schema"),
        ("City", "'City' is no type"),
        (Literal[b"x"], "not every one has a JSON form"),
        (list[complex], "complex has no JSON schema"),
        (Annotated[str, {"minLength": -1}], "makes no JSON schema: .*minLength: must be"),
    ],
)
def test_what_has_no_schema(annotation: Any, message: str) -> None:
    """It is a mistake of the programmer, and said in words."""
    with pytest.raises(TypeError, match=message):
        describe_type(annotation)


def test_where_it_has_no_schema() -> None:
    """The way to the field is told."""

    @dataclass
    class Inner:
        data: bytes

    @dataclass
    class Outer:
        inner: Inner

    with pytest.raises(TypeError, match="inner: data: bytes has no JSON schema"):
        describe_type(Outer)


def test_a_type_that_nobody_knows() -> None:
    """Annotations that are text must be known at the top level."""

    @dataclass
    class Odd:
        x: "Nowhere"  # type: ignore[name-defined]  # noqa: F821 - that is the point

    with pytest.raises(TypeError, match=r"Odd: name 'Nowhere' is not defined; a type that is written as text"):
        describe_type(Odd)


@pytest.mark.parametrize(
    ("annotation", "value", "message"),
    [
        (date, "soon", r"\$ is refused by date: Invalid isoformat"),
        (list[UUID], ["x"], r"\$\[0\] is refused by UUID"),
        (dict[str, date], {"a": "x"}, r"\$\.a is refused by date"),
        (date | None, "soon", r"\$ is refused by date"),
        (date | time, 3, r"\$ fits none of"),
        (Plain, {"x": 1, "q": 2}, None),
    ],
)
def test_what_a_type_refuses(annotation: Any, value: Any, message: str | None) -> None:
    """What fits the schema and not the type is told with its place."""
    if message is None:
        assert read_value(annotation, value) == Plain(x=1)
        return
    with pytest.raises(ValueInvalid, match=message):
        read_value(annotation, value)


def test_a_class_may_refuse() -> None:
    """What `__post_init__` raises is told as what is wrong with the value."""

    @dataclass
    class Even:
        number: int

        def __post_init__(self) -> None:
            if self.number % 2:
                raise ValueError("it is odd")

    with pytest.raises(ValueInvalid, match=r"\$\[1\] is refused by Even: it is odd"):
        read_value(list[Even], [{"number": 2}, {"number": 3}])


def test_true_is_not_one() -> None:
    """A Literal tells them apart, as JSON does."""
    assert read_value(Literal[1, True], True) is True
    assert read_value(Literal[True, 1], 1) == 1
    assert read_value(Literal[Colour.RED], "red") is Colour.RED
    assert describe_type(Literal[Colour.RED]) == {"type": "string", "enum": ["red"]}


def test_unions_are_read_as_what_they_fit() -> None:
    """The first of the types that takes the value."""
    assert read_value(int | list[City], [{"name": "A", "population": 1}]) == [City("A", 1)]
    assert read_value(date | str, "soon") == "soon"
    assert read_value(float, 3) == 3.0
    assert isinstance(read_value(float, 3), float)
    assert read_value(None, None) is None


def test_checks_that_would_take_too_long() -> None:
    """They end, and it is said."""
    deep: Any = {"$ref": "#"}
    with pytest.raises(ValueInvalid, match="too long"):
        check_value(deep, 1)


def test_what_a_tool_may_give() -> None:
    """Text as it is, everything else as JSON; what has no JSON form is refused."""
    assert encode_result("as it is") == "as it is"
    assert encode_result(None) == "null"
    assert (
        encode_result({"a": [Decimal("1.10"), Colour.RED, PurePosixPath("/x"), {1}]}) == '{"a":["1.10","red","/x",[1]]}'
    )
    assert encode_result(Author(name="A")) == '{"name":"A","books":[]}'
    assert encode_result([date(2026, 3, 1), City("A", 1).founded, 1.5, True]) == '["2026-03-01",null,1.5,true]'
    with pytest.raises(TypeError, match="a bytes has no JSON form"):
        encode_result([b"x"])
    with pytest.raises(TypeError, match="a type has no JSON form"):
        encode_result(City)


scalars: Any = st.sampled_from([str, int, float, bool, None, date, UUID, Colour, Level, Literal["a", 1]])
LIST: Any = list
DICT: Any = dict
TUPLE: Any = tuple
UNION: Any = Union
annotations: Any = st.recursive(
    scalars,
    lambda inner: st.one_of(
        inner.map(lambda each: LIST[each]),
        inner.map(lambda each: DICT[str, each]),
        inner.map(lambda each: TUPLE[each, ...]),
        st.tuples(inner, inner).map(lambda two: TUPLE[two]),
        st.tuples(inner, inner).map(lambda two: UNION[two]),
    ),
    max_leaves=6,
)


@given(annotations)
def test_every_type_of_the_grammar(annotation: Any) -> None:
    """Whatever types are put together: a schema without a flaw, a sample that fits it, is read, and is written back."""
    schema = describe_type(annotation)
    assert find_flaw(schema) is None
    sample = make_sample(schema)
    if find_violation(schema, sample) is None:  # the sandbox does not go deeper than it goes
        written = encode_result([read_value(annotation, sample)])
        assert decode_json(written.encode()) == [sample]
