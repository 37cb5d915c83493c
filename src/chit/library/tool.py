"""Tools: functions of Python that a model may ask for, told to it by their signatures."""

import asyncio
import functools
import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, overload

from chit.core.jsontext import JsonInvalid, decode_json
from chit.library.schemas import Member, describe_members, find_hints
from chit.library.values import ValueInvalid, check_value, encode_result, read_members

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A function as a model sees it. Calling it calls the function."""

    name: str
    description: str
    function: Callable[..., Any]
    members: tuple[Member, ...]
    """Its parameters."""
    schema: Mapping[str, Any]
    """Theirs, together."""

    def __call__(self, *args: Any, **named: Any) -> Any:
        """The function itself."""
        return self.function(*args, **named)

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a request's `tools`."""
        about = {"description": self.description} if self.description else {}
        return {"type": "function", "function": {"name": self.name, **about, "parameters": dict(self.schema)}}

    async def run(self, arguments: str) -> str:
        """What the function gives for these arguments, which are JSON text, as a model reads it.

        A function that is not asynchronous runs in a thread. Raises `ValueInvalid` for arguments that do not fit, and
        whatever the function raises.
        """
        named = self._read(arguments)
        if inspect.iscoroutinefunction(self.function):
            result = await self.function(**named)
        else:
            result = await asyncio.to_thread(self._call, named)
            result = await result if inspect.isawaitable(result) else result
        return encode_result(result)

    def _call(self, named: Mapping[str, Any]) -> Any:
        try:
            return self.function(**named)
        except StopIteration as error:  # no future can hold one: whoever waits would do so for ever
            raise RuntimeError("StopIteration") from error

    def _read(self, arguments: str) -> dict[str, Any]:
        try:
            values = decode_json(arguments.encode("utf-8", "replace")) if arguments.strip() else {}
        except JsonInvalid as error:
            raise ValueInvalid(f"the arguments are not JSON: {error}") from error
        check_value(self.schema, values)
        return read_members(self.members, values)


@overload
def tool(function: Callable[..., Any], /, *, name: str | None = None, description: str | None = None) -> Tool: ...


@overload
def tool(
    function: None = None, /, *, name: str | None = None, description: str | None = None
) -> Callable[[Callable[..., Any]], Tool]: ...


def tool(
    function: Callable[..., Any] | None = None, /, *, name: str | None = None, description: str | None = None
) -> Tool | Callable[[Callable[..., Any]], Tool]:
    """A function as a tool, under another name or with other words than its docstring; also as a decorator.

    Every parameter needs a type; `Annotated[str, "what it is"]` tells more of it. Raises `TypeError` for a function
    that cannot be told to a model.
    """
    if function is None:
        return lambda decorated: make_tool(decorated, name=name, description=description)
    return make_tool(function, name=name, description=description)


def make_tool(function: Callable[..., Any], *, name: str | None = None, description: str | None = None) -> Tool:
    """See `tool`. One that is a tool already stays what it is."""
    if isinstance(function, Tool):
        return function
    called = name or str(getattr(function, "__name__", ""))
    if not _NAME.fullmatch(called):
        raise TypeError(f"{called or function!r} is no name for a tool: give it one, chit.tool(function, name=…)")
    plain: Any = function
    bound: set[str] = set()
    while isinstance(plain, functools.partial):
        bound.update(plain.keywords)
        plain = plain.func
    about = inspect.getdoc(plain) if description is None else description
    try:
        members = _list_members(function, plain, bound)
        schema = describe_members(members)
    except (TypeError, ValueError) as error:  # the latter where a signature is not to be had
        raise TypeError(f"{called}() cannot be a tool: {error}") from error
    return Tool(name=called, description=about or "", function=function, members=members, schema=schema)


def _list_members(function: Callable[..., Any], plain: Any, bound: Collection[str]) -> tuple[Member, ...]:
    """`plain` is what has the annotations; what is `bound` to a value is none of the model's business."""
    hints = find_hints(plain if inspect.isroutine(plain) else type(plain).__call__)
    members = []
    for each in inspect.signature(function).parameters.values():
        if each.name in bound:
            continue
        if each.kind not in _BY_NAME:
            raise TypeError(f"{each} cannot be given by name")
        if each.name not in hints:
            raise TypeError(f"its parameter {each.name} has no type")
        is_required = each.default is inspect.Parameter.empty
        default = None if is_required else each.default
        members.append(Member(name=each.name, annotation=hints[each.name], is_required=is_required, default=default))
    return tuple(members)
