"""Every model that a request names: to answer it, or to be asked on the way (field guide §2.4, §2.8, §2.9)."""

from collections.abc import Iterator, Mapping
from typing import Any

from chit.core.generation import read_text

_NAMING = frozenset({"model", "models", "fallbacks", "analysis_models", "allowed_models", "pin_model"})
_PRESET = "@preset/"
_SERVER_TOOL = "openrouter:"


def list_models(request: Mapping[str, Any]) -> list[str]:
    """Ids, in the order in which they are tried; a preset as `@preset/slug`."""
    named = [*_named_in({name: value for name, value in request.items() if name in ("model", "models", "fallbacks")})]
    if preset := read_text(request.get("preset")):
        named.append(_PRESET + preset)
    plugins, tools = request.get("plugins"), request.get("tools")
    for plugin in plugins if isinstance(plugins, list) else []:
        named += _named_in(plugin)
    for tool in tools if isinstance(tools, list) else []:
        if isinstance(tool, Mapping) and str(tool.get("type")).startswith(_SERVER_TOOL):
            named += _named_in(tool)
    return list(dict.fromkeys(named))


def _named_in(value: Any, *, is_naming: bool = False) -> Iterator[str]:
    """The texts that stand, at any depth, under a name by which models are named."""
    if isinstance(value, str):
        if is_naming and value:
            yield value
    elif isinstance(value, Mapping):
        for name, inside in value.items():
            if name == "preset" and isinstance(inside, str):
                yield _PRESET + inside
            else:
                yield from _named_in(inside, is_naming=name in _NAMING)
    elif isinstance(value, list):
        for inside in value:
            yield from _named_in(inside, is_naming=is_naming)
