"""What a fault names: the model, the provider, the policy, the number of tokens – ready to be put into words."""

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chit.core.fault import Fault
from chit.core.guidance_texts import MAX_READ, clean_list, clean_models, clean_text, find_inner_text

GENERAL: Mapping[str, str] = {
    "model": "the model",
    "provider": "the provider",
    "source": "OpenRouter",
    "policy": "data policy",
    "policy_note": "",
    "tool": "the tools",
    "outputs": "what was asked for",
    "reasons": "its content",
    "constraint": "the request's limits",
    "tokens": "fewer tokens",
    "size": "",
    "most": "three",
    "period": "",
    "reset": "at 00:00 UTC",
    "wait": "in a moment",
    "attestation": "confirmation",
    "status_note": "",
}
"""Words for what a failure does not name; the table of kinds is printed with them."""

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
_COUNT = r"(\d[\d,]{0,18})"
_AFFORDABLE = re.compile(rf"can only afford {_COUNT}", re.IGNORECASE)
_TOO_MANY = re.compile(rf"limit exceeded: {_COUNT} > {_COUNT}", re.IGNORECASE)
_WINDOW = re.compile(rf"maximum context length is {_COUNT}.{{0,80}}?requested about {_COUNT}", re.IGNORECASE | re.S)
_MOST_MODELS = re.compile(r"must have (\d{1,3}) items or fewer", re.IGNORECASE)
_POLICY = re.compile(r"data policy \(([^()]{1,80})\)", re.IGNORECASE)
_TOOL = re.compile(r'try disabling "([^"]{1,100})"', re.IGNORECASE)
_OUTPUTS = re.compile(r"output modalities: ([\w, ]{1,80})", re.IGNORECASE)
_NOT_A_MODEL = re.compile(r"(\S{1,200}) is not a valid model", re.IGNORECASE)
_PERIOD = re.compile(r"\b(daily|weekly|monthly)\b", re.IGNORECASE)
_CONSTRAINTS: Mapping[str, str] = {
    "geo": "your region",
    "data_region": "the data region",
    "max_price": "the price limit (max_price)",
    "context_length": "the length of the prompt",
    "require_parameters": "the parameters it requires (require_parameters)",
    "quantization": "the wanted precision (quantizations)",
    "allowed_providers": "the list of allowed providers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """A fault, read for the rules."""

    fault: Fault
    known_models: tuple[str, ...]
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
    """Values for the placeholders of templates; what is not known is left to `GENERAL`."""

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
        own = clean_text(self.fault.text)
        return self.inner_text or ("" if _HOLLOW.fullmatch(own.rstrip(".")) else own)

    def fill(self, template: str) -> str:
        """`template` with its `{placeholders}` filled in and a capital first letter, unless a name stands first."""
        return fill(template, self.names)

    def suggest_models(self) -> tuple[str, ...]:
        """OpenRouter's own suggestions, else known ids close to the one asked for; three at most of the latter."""
        offered = clean_models(self.fault.availability.get("fallback_models"))
        return offered or _find_near(self.names.get("model", ""), self.known_models)


def fill(template: str, names: Mapping[str, str] | None = None) -> str:
    """`template` with `names`, or general words for what they lack. The first letter of a general word is a capital."""
    names = names or {}
    text = template.format_map({**GENERAL, **names})
    starts_with_name = any(template.startswith(f"{{{name}}}") for name in names)
    return text if starts_with_name else text[:1].upper() + text[1:]


def read_facts(fault: Fault, known_models: Sequence[str]) -> Facts:
    """Everything the rules ask about. Never raises, whatever the body held."""
    inner = find_inner_text(fault.metadata.get("raw"))
    own_words = " ".join(fault.text[:MAX_READ].lower().split())
    kind = _type_of(fault)
    exclusions, ineligible = clean_list(fault.availability.get("excluded_by")), _ineligibilities(fault)
    return Facts(
        fault=fault,
        known_models=tuple(known_models),
        status=_status_of(fault, kind),
        type=kind,
        own_words=own_words,
        inner_text=inner,
        is_providers=inner is not None or own_words.startswith("provider returned error"),
        affordable=_count(_AFFORDABLE, fault.text),
        exclusions=exclusions,
        ineligible=ineligible,
        names=_name(fault, exclusions, ineligible, inner or ""),
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


def _name(fault: Fault, exclusions: tuple[str, ...], ineligible: tuple[str, ...], inner: str) -> dict[str, str]:
    text = fault.text[:MAX_READ]
    theirs = {
        "model": _model(fault),
        "provider": _provider(fault),
        "source": _provider(fault),
        "policy": _policy(text, exclusions, ineligible),
        "tool": _match(_TOOL, text),
        "outputs": _match(_OUTPUTS, text),
        "reasons": ", ".join(clean_list(fault.metadata.get("reasons"))),
        "constraint": ", ".join(_CONSTRAINTS.get(name, name) for name in exclusions),
        "most": _match(_MOST_MODELS, text),
        "attestation": ", ".join(clean_list(fault.metadata.get("missing_attestation_types"))),
    }
    names = {name: clean_text(value) for name, value in theirs.items() if value}
    affordable, period = _count(_AFFORDABLE, text), _match(_PERIOD, text)
    ours = {
        "policy_note": f" ({names['policy']})" if "policy" in names else None,
        "tokens": f"at most {affordable:,} tokens" if affordable else None,
        "size": _size(f"{text} {inner}"),
        "period": f"{period.lower()} " if period else None,
        "reset": _clock(fault.reset_at),
        "wait": _wait(fault.retry_after),
        "status_note": _status_note(fault),
    }
    return names | {name: value for name, value in ours.items() if value}


def _model(fault: Fault) -> str | None:
    requested = clean_list(fault.availability.get("requested_models"))
    slug = fault.metadata.get("model_slug")
    return (
        _match(_NOT_A_MODEL, fault.text[:MAX_READ])
        or fault.requested_model
        or next(iter(requested), None)
        or (slug if isinstance(slug, str) else None)
    )


def _provider(fault: Fault) -> str | None:
    affected = clean_list(fault.availability.get("affected_providers"))
    return fault.provider or ", ".join(affected) or None


def _policy(text: str, exclusions: tuple[str, ...], ineligible: tuple[str, ...]) -> str:
    """Which policy, as a phrase: from the message, else `excluded_by`, else the reasons (field guide §4.3, §4.5)."""
    phrases = {"zdr": "zero data retention", "training": "model training"}
    if named := _match(_POLICY, text):
        return phrases.get(named.lower(), named.lower())
    policies = [name.removeprefix("data_policy:") for name in exclusions if name.startswith("data_policy:")]
    policies += [re.sub(r"(-violation)?-by-\w+$", "", reason).replace("-", " ") for reason in ineligible]
    return ", ".join(dict.fromkeys(phrases.get(name, name) for name in policies))


def _size(text: str) -> str | None:
    if found := _WINDOW.search(text):
        return f" ({_number(found[2]):,} tokens where {_number(found[1]):,} fit)"
    if found := _TOO_MANY.search(text):
        return f" ({_number(found[1]):,} tokens where {_number(found[2]):,} are paid for)"
    return None


def _status_note(fault: Fault) -> str | None:
    """HTTP's status, and the body's own code where that is another."""
    shown = []
    if fault.status is not None and (fault.status >= 300 or fault.code is None):
        shown.append(f"HTTP {fault.status}")
    if fault.code is not None and str(fault.code) != str(fault.status):
        shown.append(f"code {clean_text(str(fault.code), 60)}")
    return f" ({', '.join(shown)})" if shown else None


def _clock(at: float | None) -> str | None:
    """Time of day, UTC, by arithmetic; None for what is no time."""
    if at is None or not 0 <= at < 10**11:
        return None
    minutes = int(at) % 86_400 // 60
    return f"at {minutes // 60:02}:{minutes % 60:02} UTC"


def _wait(seconds: float | None) -> str | None:
    if seconds is None or not 0 < seconds < 10**9:
        return None
    whole = -int(-seconds // 1)
    return f"in {whole} second{'' if whole == 1 else 's'}" if whole < 120 else f"in {-(-whole // 60)} minutes"


def _match(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1].strip() if found else None


def _count(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text[:MAX_READ])
    return _number(found[1]) if found else None


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))


def _find_near(wanted: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Known ids that look like `wanted`, with or without its author and variants, closest first."""
    spelled: dict[str, str] = {}
    for id in known:
        spelled.setdefault(id.lower(), id)
        spelled.setdefault(id.lower().rpartition("/")[2], id)
    close = difflib.get_close_matches(wanted.lower().partition(":")[0][:200], spelled, n=8, cutoff=0.6)
    near = dict.fromkeys(spelled[name] for name in close)
    return tuple(id for id in near if id != wanted)[:3]
