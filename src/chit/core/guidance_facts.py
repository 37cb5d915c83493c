"""What a fault says, read once for the rules: its type, its status, its words, and what it names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chit.core.fault import Fault
from chit.core.guidance_models import find_model, suggest_models
from chit.core.guidance_names import fill, find_affordable, name_parts
from chit.core.guidance_texts import MAX_READ, clean_list, clean_text, find_inner_text

_TYPE_STATUS: Mapping[str, int] = {
    "invalid_request": 400,
    "invalid_prompt": 400,
    "authentication": 401,
    "payment_required": 402,
    "permission_denied": 403,
    "not_found": 404,
    "precondition_failed": 412,
    "payload_too_large": 413,
    "unprocessable": 422,
    "rate_limit_exceeded": 429,
    "server": 500,
    "provider_unavailable": 502,
    "provider_overloaded": 503,
    "timeout": 504,
}
"""The types that say no more than a status does (field guide §4.2)."""

_HOLLOW = re.compile(r"provider returned error|internal server error|error|unknown error", re.IGNORECASE)
_FAILING_CODE = re.compile(r"[45]\d\d", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A fault, read for the rules."""

    fault: Fault
    suggested: tuple[str, ...]
    """Models to have instead: OpenRouter's own suggestions, else known ids that look like the one asked for."""
    status: int | None
    """HTTP's, or what `error_type` or the body's code stand for where HTTP said 200."""
    type: str | None
    own_words: str
    """OpenRouter's message, lower case; for wording families only."""
    inner_text: str | None
    """What the provider said, if it can be read."""
    is_providers: bool
    """The provider refused or failed, and OpenRouter passes that on."""
    affordable: int | None
    """Tokens of output the credits still cover."""
    exclusions: tuple[str, ...]
    """`availability.excluded_by`."""
    ineligible: tuple[str, ...]
    """`metadata.ineligibility_reasons[].reason`."""
    names: Mapping[str, str]
    """Values for the placeholders of templates; what is not known is left to general words."""

    @property
    def words(self) -> str:
        """OpenRouter's and the provider's message, lower case."""
        return f"{self.own_words} {(self.inner_text or '').lower()}"

    @property
    def step(self) -> str | None:
        """The routing step that left no provider (field guide §4.5)."""
        step = self.fault.metadata.get("failed_routing_step")
        return step if isinstance(step, str) else None

    @property
    def detail(self) -> str:
        """What is worth quoting: the provider's words, else OpenRouter's, else nothing."""
        own = clean_text(self.fault.text) if self.fault.cause == "reply" else ""
        return self.inner_text or ("" if _HOLLOW.fullmatch(own.rstrip(".")) else own)

    def fill(self, template: str) -> str:
        """`template` with its `{placeholders}` filled in and a capital first letter, unless a name stands first."""
        return fill(template, self.names)


def read_facts(fault: Fault, *, known_models: Sequence[str] = (), utc_offset: int = 0) -> Facts:
    """Everything the rules ask about. Never raises, whatever the body held."""
    inner = find_inner_text(fault.metadata.get("raw"))
    own_words = " ".join(fault.text[:MAX_READ].lower().split())
    kind = _type_of(fault)
    exclusions, ineligible = clean_list(fault.availability.get("excluded_by")), _ineligibilities(fault)
    suggested = suggest_models(fault, find_model(fault), known_models)
    return Facts(
        fault=fault,
        suggested=suggested,
        status=_status_of(fault, kind),
        type=kind,
        own_words=own_words,
        inner_text=inner,
        is_providers=inner is not None or own_words.startswith("provider returned error"),
        affordable=find_affordable(fault),
        exclusions=exclusions,
        ineligible=ineligible,
        names=name_parts(
            fault,
            exclusions=exclusions,
            ineligible=ineligible,
            inner=inner or "",
            suggested=suggested,
            utc_offset=utc_offset,
        ),
    )


def _type_of(fault: Fault) -> str | None:
    if fault.error_type is not None:
        return fault.error_type
    return fault.code if isinstance(fault.code, str) and not fault.code.isdecimal() else None


def _status_of(fault: Fault, kind: str | None) -> int | None:
    if kind is not None and kind in _TYPE_STATUS:
        return _TYPE_STATUS[kind]
    if fault.status is not None and fault.status >= 300:
        return fault.status
    code = str(fault.code)
    return int(code) if _FAILING_CODE.fullmatch(code) else fault.status


def _ineligibilities(fault: Fault) -> tuple[str, ...]:
    given = fault.metadata.get("ineligibility_reasons")
    items = given if isinstance(given, list) else []
    return clean_list([item.get("reason") for item in items if isinstance(item, Mapping)])
