"""Context compression as a choice: OpenRouter's plugin that cuts what does not fit from the middle.

Field guide §10.5.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

PLUGIN = "context-compression"
Choice = Literal["default", "on", "off"]
"""`default`: OpenRouter's own, which is on for endpoints of at most 8,192 tokens only."""
CHOICES: tuple[Choice, ...] = get_args(Choice)


def read_compression(parameters: Mapping[str, Any]) -> Choice:
    """What the parameters of a request say."""
    for plugin in _list_plugins(parameters):
        if _is_ours(plugin):
            return "off" if plugin.get("enabled") is False else "on"
    return "default"


def choose_compression(parameters: Mapping[str, Any], choice: Choice) -> dict[str, Any]:
    """The parameters with that choice; other plugins stay."""
    plugins = [plugin for plugin in _list_plugins(parameters) if not _is_ours(plugin)]
    if choice != "default":
        plugins.append({"id": PLUGIN, "enabled": choice == "on"})
    rest = {name: value for name, value in parameters.items() if name != "plugins"}
    return {**rest, "plugins": plugins} if plugins else rest


def find_compression(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Of the parameters only that choice, as a change of a request; empty where nothing was chosen."""
    ours = [plugin for plugin in _list_plugins(parameters) if _is_ours(plugin)]
    return {"plugins": ours} if ours else {}


def _list_plugins(parameters: Mapping[str, Any]) -> Sequence[Any]:
    plugins = parameters.get("plugins")
    return plugins if isinstance(plugins, list) else ()


def _is_ours(plugin: Any) -> bool:
    return isinstance(plugin, Mapping) and plugin.get("id") == PLUGIN
