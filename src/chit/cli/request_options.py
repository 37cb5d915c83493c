"""Options of a question that stand for request parameters."""

from pathlib import Path
from typing import Any

from chit.errors import InputError

EFFORTS = ("max", "xhigh", "high", "medium", "low", "minimal", "none")


def read_reasoning(text: str) -> dict[str, Any]:
    """`reasoning` from an effort or a number of tokens. Raises `InputError`."""
    if text.isascii() and text.isdecimal() and len(text) < 10:
        return {"reasoning": {"max_tokens": int(text)}}
    if text.lower() not in EFFORTS:
        raise InputError(
            f"--reasoning takes a number of tokens or one of {', '.join(EFFORTS)}, not {text}",
            hint="Another word goes as -p reasoning.effort=WORD.",
        )
    return {"reasoning": {"effort": text.lower()}}


def read_routing(providers: str | None, ignored: str | None, sort: str | None) -> dict[str, Any]:
    """`provider`: only these, in this order; never those; the best by price, throughput or latency first."""
    routing: dict[str, Any] = {}
    if only := _list_names(providers):
        routing["only"] = only
        if len(only) > 1:
            routing["order"] = only
    if ignore := _list_names(ignored):
        routing["ignore"] = ignore
    if sort:
        routing["sort"] = sort
    return {"provider": routing} if routing else {}


def search_the_web() -> dict[str, Any]:
    """`tools`: OpenRouter's own search."""
    from chit.core.parameter_fields import WEB_SEARCH

    return {"tools": [{"type": WEB_SEARCH}]}


def read_schema(name: str) -> tuple[Any, dict[str, Any]]:
    """The JSON schema in a file, and the `response_format` that asks for it. Raises `InputError`."""
    from chit.core.json_format import clean_name, write_json_format
    from chit.core.json_schema import find_flaw, is_closed
    from chit.core.located_json import TextInvalid, read_object

    try:
        schema = read_object(Path(name).read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, TextInvalid) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"the schema {name} cannot be used: {reason}", hint='It should look like {"type": "object", …}.'
        ) from error
    if flaw := find_flaw(schema):
        raise InputError(f"the schema {name} cannot be used: {flaw}", hint="JSON Schema, draft 2020-12.")
    described = write_json_format(clean_name(Path(name).stem), schema, is_strict=is_closed(schema))
    return schema, {"response_format": described}


def unite(*parts: dict[str, Any]) -> dict[str, Any]:
    """Parameters together: lists are joined, the members of objects too; later ones win."""
    united: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            before = united.get(name)
            if isinstance(before, dict) and isinstance(value, dict):
                united[name] = unite(before, value)
            elif name == "tools" and isinstance(before, list) and isinstance(value, list):
                united[name] = before + value
            else:
                united[name] = value
    return united


def _list_names(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]
