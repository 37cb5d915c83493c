"""What a failure names, as words for templates: the model, the provider, the policy, the number of tokens."""

import re
from collections.abc import Mapping, Sequence

from chit.core.fault import Fault
from chit.core.guidance_models import find_model
from chit.core.guidance_texts import MAX_READ, clean_list, clean_models, clean_text
from chit.core.guidance_times import word_renewal, word_reset, word_wait

GENERAL: Mapping[str, str] = {
    "model": "the model",
    "provider": "the provider",
    "source": "OpenRouter",
    "policy": "data policy",
    "policy_note": "",
    "free_note": "",
    "tool_note": "",
    "outputs": "what was asked for",
    "reasons": "its content",
    "flagged_note": "",
    "patterns_note": "",
    "constraint": "a limit it sets",
    "constraint_note": "",
    "allowed_note": "",
    "serving_note": "",
    "near_note": "",
    "successor_note": "",
    "tokens": "fewer tokens",
    "size": "",
    "most": "three",
    "period": "",
    "renewal": "with its next period",
    "reset": "at 00:00 UTC",
    "wait": "in a moment",
    "attestation": "confirmation",
    "tls_note": "",
    "status_note": "",
}
"""Words for what a failure does not name; the table of kinds is printed with them."""

_COUNT = r"(\d[\d,]{0,18})"
_AFFORDABLE = re.compile(rf"can only afford {_COUNT}", re.IGNORECASE)
_TOO_MANY = re.compile(rf"limit exceeded: {_COUNT} > {_COUNT}", re.IGNORECASE)
_WINDOW = re.compile(rf"maximum context length is {_COUNT}.{{0,80}}?requested about {_COUNT}", re.IGNORECASE | re.S)
_MOST_MODELS = re.compile(r"must have (\d{1,3}) items or fewer", re.IGNORECASE)
_POLICY = re.compile(r"data policy \(([^()]{1,80})\)", re.IGNORECASE)
_TOOL = re.compile(r'try disabling "([^"]{1,100})"', re.IGNORECASE)
_OUTPUTS = re.compile(r"output modalities: ([\w, ]{1,80})", re.IGNORECASE)
_PERIOD = re.compile(r"\b(daily|weekly|monthly)\b", re.IGNORECASE)
_DISTRUST = re.compile(r"certificate verify failed: ([^(\[\]]{1,120})", re.IGNORECASE)
_POLICIES: Mapping[str, str] = {"zdr": "zero data retention", "training": "model training"}
_CONSTRAINTS: Mapping[str, str] = {
    "geo": "your region",
    "data_region": "the data region",
    "max_price": "the price limit (max_price)",
    "context_length": "the length of the prompt",
    "require_parameters": "the demand for every parameter (require_parameters)",
    "quantization": "the wanted precision (quantizations)",
    "allowed_providers": "the list of allowed providers",
}


def fill(template: str, names: Mapping[str, str] | None = None) -> str:
    """`template` with `names`, or general words for what they lack. The first letter of a general word is a capital."""
    names = names or {}
    text = template.format_map({**GENERAL, **names})
    starts_with_name = any(template.startswith(f"{{{name}}}") for name in names)
    return text if starts_with_name else text[:1].upper() + text[1:]


def find_affordable(fault: Fault) -> int | None:
    """Tokens of output the credits still cover, where the message tells (field guide §4.7)."""
    found = _AFFORDABLE.search(fault.text[:MAX_READ])
    return _number(found[1]) if found else None


def name_parts(
    fault: Fault,
    *,
    exclusions: Sequence[str],
    ineligible: Sequence[str],
    inner: str,
    suggested: Sequence[str],
    utc_offset: int,
) -> dict[str, str]:
    """Values for the placeholders of templates; what is not known is left to `GENERAL`."""
    text = fault.text[:MAX_READ]
    theirs = {
        "model": find_model(fault),
        "provider": _provider(fault),
        "source": _provider(fault),
        "policy": _policy(text, exclusions, ineligible),
        "outputs": _match(_OUTPUTS, text),
        "reasons": _join(fault.metadata.get("reasons")),
        "constraint": _constraint(fault, exclusions),
        "most": _match(_MOST_MODELS, text),
        "attestation": _join(fault.metadata.get("missing_attestation_types")),
    }
    names = {name: clean_text(value) for name, value in theirs.items() if value}
    affordable, period = find_affordable(fault), (_match(_PERIOD, text) or "").lower()
    ours = {
        "tokens": f"at most {affordable:,} tokens" if affordable else None,
        "size": _size(f"{text} {inner}"),
        "period": f"{period} " if period else None,
        "renewal": word_renewal(period, utc_offset),
        "reset": word_reset(fault.reset_at, utc_offset),
        "wait": word_wait(fault.retry_after),
        "status_note": _status_note(fault),
        "near_note": f"Did you mean {clean_text(' or '.join(suggested), 200)}? " if suggested else None,
    }
    return names | {name: value for name, value in (ours | _notes(fault, names)).items() if value}


def _notes(fault: Fault, names: Mapping[str, str]) -> dict[str, str | None]:
    """Remarks in brackets, each with the space before it, so that a sentence is whole without them."""
    text = fault.text[:MAX_READ]
    flagged = fault.metadata.get("flagged_input")
    serving = clean_list(fault.metadata.get("available_providers"))
    detail = _detail_of_constraint(fault)
    is_free = "free model" in names.get("policy", "") or ":free" in names.get("model", "")
    return {
        "policy_note": _remark(names.get("policy", "")),
        "free_note": " Free models often ask for permission to train on or publish what you send." if is_free else None,
        "tool_note": _remark(_match(_TOOL, text) or "", "here “{}”"),
        "flagged_note": _remark(flagged if isinstance(flagged, str) else "", "flagged was “{}”"),
        "patterns_note": _remark(_join(fault.metadata.get("patterns")), "“{}”"),
        "constraint_note": f" ({detail})" if detail else None,
        "allowed_note": _remark(_join(fault.metadata.get("requested_providers"))),
        "serving_note": _remark(", ".join(serving), "{} would" if len(serving) > 1 else "{} does"),
        "successor_note": _remark(", ".join(clean_models(fault.availability.get("fallback_models")))),
        "tls_note": _remark(_match(_DISTRUST, fault.text[:MAX_READ]) or ""),
    }


def _remark(words: str, form: str = "{}") -> str | None:
    cleaned = clean_text(words, 200)
    return f" ({form.format(cleaned)})" if cleaned else None


def _join(value: object) -> str:
    return ", ".join(clean_list(value))


def _provider(fault: Fault) -> str | None:
    return fault.provider or _join(fault.availability.get("affected_providers")) or None


def _policy(text: str, exclusions: Sequence[str], ineligible: Sequence[str]) -> str:
    """Which policy, as a phrase: from the message, else `excluded_by`, else the reasons (field guide §4.3, §4.5)."""
    if named := _match(_POLICY, text):
        return _POLICIES.get(named.lower(), named.lower())
    policies = [name.removeprefix("data_policy:") for name in exclusions if name.startswith("data_policy:")]
    policies += [re.sub(r"-violation-by-\w+$", "", reason).replace("-", " ") for reason in ineligible]
    return ", ".join(dict.fromkeys(_POLICIES.get(name, name) for name in policies))


def _constraint(fault: Fault, exclusions: Sequence[str]) -> str:
    """What excluded the providers: `excluded_by`, else the last word of `constraint.field` (field guide §4.3)."""
    given = fault.availability.get("constraint")
    field = given.get("field") if isinstance(given, Mapping) else None
    named = exclusions or ([field.rpartition(".")[2]] if isinstance(field, str) and field else ())
    return ", ".join(_CONSTRAINTS.get(name, name) for name in named)


def _detail_of_constraint(fault: Fault) -> str:
    given = fault.availability.get("constraint")
    detail = given.get("detail") if isinstance(given, Mapping) else None
    return clean_text(detail, 200) if isinstance(detail, str) else ""


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


def _match(pattern: re.Pattern[str], text: str) -> str | None:
    found = pattern.search(text)
    return found[1].strip() if found else None


def _number(digits: str) -> int:
    return int(digits.replace(",", ""))
