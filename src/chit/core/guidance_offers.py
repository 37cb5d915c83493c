"""What a person can do about a failure, as data: each offer becomes an `Action` where the facts allow it.

The `changes` of `retry_with` are a JSON Merge Patch (RFC 7396) of the request: null removes a member, an object is
merged member by member, anything else replaces what is there. Beyond it, `plugins` are united by their `id`
(`revision.revise_request`): the plugins of the request are not known here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chit import about
from chit.core.guidance_facts import Facts
from chit.core.guidance_texts import clean_models
from chit.errors import Action, ActionKind

Changes = Callable[[Facts], Mapping[str, Any] | None]

_ROUTER = "openrouter/auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A possible action. Without `url`, `changes` and `suggests` it always applies."""

    kind: ActionKind
    label: str
    url: str | None = None
    changes: Changes | None = None
    """The request's changes; None where they would change nothing."""
    suggests: bool = False
    """Carries model ids, as many as are known; none is fine."""

    def make(self, facts: Facts) -> Action | None:
        """The action for one failure, or None where it does not apply."""
        changes = self.changes(facts) if self.changes else None
        if self.changes and changes is None:
            return None
        models = facts.suggested if self.suggests else ()
        return Action(kind=self.kind, label=self.label, url=self.url, changes=changes, models=models)


def _always(**changes: Any) -> Changes:
    return lambda facts: changes


def _afford(facts: Facts) -> Mapping[str, Any] | None:
    """A cap that can be paid; `max_tokens` is the word of the message itself (field guide §4.7)."""
    return {"max_tokens": facts.affordable} if facts.affordable else None


def _drop_free(facts: Facts) -> Mapping[str, Any] | None:
    """The paid variant of a model asked for as `:free`, other variants kept (field guide §2.9)."""
    model = facts.names.get("model", "")
    head, *variants = model.split(":")
    if "free" not in variants:
        return None
    return {"model": ":".join([head, *(variant for variant in variants if variant != "free")])}


def _drop_fallbacks(facts: Facts) -> Mapping[str, Any] | None:
    """The first choice alone; the request may have named it in `models` only."""
    model = facts.fault.requested_model
    return {"model": model, "models": None} if model else None


def _fall_back(facts: Facts) -> Mapping[str, Any] | None:
    """Models that answer where the wanted one fails (field guide §2.9): those OpenRouter names, else the paid variant
    of a free one, else whatever its router picks.
    """
    model = facts.fault.requested_model
    if not model or model == _ROUTER:
        return None
    paid = _drop_free(facts)
    named = [id for id in clean_models(facts.fault.availability.get("fallback_models")) if id != model]
    return {"model": model, "models": named[:2] or [paid["model"] if paid else _ROUTER]}


def _loosen(facts: Facts) -> Mapping[str, Any] | None:
    """Without those limits of the request that excluded providers (field guide §4.3, `excluded_by`)."""
    members = {
        "max_price": ("max_price",),
        "require_parameters": ("require_parameters",),
        "quantization": ("quantizations",),
        "allowed_providers": ("only", "ignore"),
    }
    named = [member for name in facts.exclusions for member in members.get(name, ())]
    return {"provider": dict.fromkeys(named)} if named else None


def _page(label: str, url: str) -> Offer:
    return Offer(kind="open_link", label=label, url=url)


RETRY = Offer(kind="retry", label="Try again")
UNLOCK = Offer(kind="unlock", label="Unlock")
ADD_KEY = Offer(kind="add_key", label="Add a key")
OTHER_KEY = Offer(kind="add_key", label="Use another key")
SWITCH_MODEL = Offer(kind="switch_model", label="Choose another model", suggests=True)

AFFORD = Offer(kind="retry_with", label="Ask for a shorter answer", changes=_afford)
COMPRESS = Offer(
    kind="retry_with",
    label="Let OpenRouter cut the middle",
    changes=_always(plugins=[{"id": "context-compression"}]),
)
DROP_FREE = Offer(kind="retry_with", label="Use the paid model", changes=_drop_free)
DROP_FALLBACKS = Offer(kind="retry_with", label="Send without fallback models", changes=_drop_fallbacks)
FALL_BACK = Offer(kind="retry_with", label="Send with a fallback model", changes=_fall_back)
DROP_TOOLS = Offer(
    kind="retry_with",
    label="Send without tools",
    changes=_always(tools=None, tool_choice=None, parallel_tool_calls=None),
)
DROP_LIMIT = Offer(
    kind="retry_with",
    label="Send without a limit on the answer",
    changes=_always(max_tokens=None, max_completion_tokens=None),
)
DROP_OUTPUTS = Offer(kind="retry_with", label="Ask for text only", changes=_always(modalities=None))
DROP_FORMAT = Offer(kind="retry_with", label="Send without a response format", changes=_always(response_format=None))
DROP_REQUIRED = Offer(
    kind="retry_with",
    label="Allow providers that ignore a parameter",
    changes=_always(provider={"require_parameters": None}),
)
DROP_PROVIDERS = Offer(
    kind="retry_with",
    label="Allow every provider",
    changes=_always(provider={"only": None, "ignore": None, "allow_fallbacks": None}),
)
LOOSEN = Offer(kind="retry_with", label="Send without that limit", changes=_loosen)

CREDITS = _page("Add credits", about.CREDITS_PAGE)
KEYS = _page("Open key settings", about.KEYS_PAGE)
MANAGEMENT_KEYS = _page("Open management keys", about.MANAGEMENT_KEYS_PAGE)
MODELS = _page("Browse models", about.MODELS_PAGE)
PREFERENCES = _page("Open preferences", about.PREFERENCES_PAGE)
PRIVACY = _page("Open privacy settings", about.PRIVACY_PAGE)
INTEGRATIONS = _page("Add a provider key", about.INTEGRATIONS_PAGE)
STATUS = _page("See OpenRouter's status", about.STATUS_PAGE)
ACTIVITY = _page("See what was billed", about.ACTIVITY_PAGE)
