"""Which headers go on: from a caller to OpenRouter, and back from there."""

from collections.abc import Iterable, Mapping

from multidict import CIMultiDictProxy

_ONWARDS = frozenset({"http-referer", "x-title", "x-session-id", "anthropic-beta", "anthropic-version"})
_ONWARDS_BEGINNINGS = ("x-openrouter-", "x-anthropic-")
_BACK = frozenset({"content-type", "retry-after", "retry-after-ms", "request-id", "x-request-id", "x-generation-id"})
_BACK_BEGINNINGS = ("x-openrouter-", "x-ratelimit-", "ratelimit", "anthropic-", "openai-")
_TITLE, _OLD_TITLE = "x-openrouter-title", "x-title"


def pass_onwards(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """What OpenRouter knows (field guide §1.2). Keys, hosts and whatever else a caller names stay here."""
    passed = _choose(headers.items(), _ONWARDS, _ONWARDS_BEGINNINGS)
    if _OLD_TITLE in passed:
        passed.setdefault(_TITLE, passed[_OLD_TITLE])  # else ours would stand beside it
    return passed


def pass_back(headers: Mapping[str, str]) -> dict[str, str]:
    """What says something of the reply, and nothing of the connection it came on."""
    return _choose(headers.items(), _BACK, _BACK_BEGINNINGS)


def _choose(items: Iterable[tuple[str, str]], names: frozenset[str], beginnings: tuple[str, ...]) -> dict[str, str]:
    lower = ((name.lower(), text) for name, text in items)
    return {name: text for name, text in lower if name in names or name.startswith(beginnings)}
