"""The model a failure is about, and the models to have instead."""

import difflib
import re
from collections.abc import Sequence

from chit.core.fault import Fault
from chit.core.guidance_texts import MAX_READ, clean_list, clean_models, clean_text

_NOT_A_MODEL = re.compile(r"(\S{1,200}) is not a valid model", re.IGNORECASE)


def find_model(fault: Fault) -> str | None:
    """The id the failure names, else the one that was asked for."""
    named = _NOT_A_MODEL.search(fault.text[:MAX_READ])
    requested = clean_list(fault.availability.get("requested_models"))
    slug = fault.metadata.get("model_slug")
    found = (
        (named[1] if named else None)
        or fault.requested_model
        or next(iter(requested), None)
        or (slug if isinstance(slug, str) else None)
    )
    return clean_text(found) if found else None


def suggest_models(fault: Fault, wanted: str | None, known: Sequence[str]) -> tuple[str, ...]:
    """OpenRouter's own suggestions, else known ids close to `wanted`; three at most of the latter."""
    return clean_models(fault.availability.get("fallback_models")) or _find_near(wanted or "", known)


def _find_near(wanted: str, known: Sequence[str]) -> tuple[str, ...]:
    """Known ids that look like `wanted`, with or without its author and variants, closest first."""
    spelled: dict[str, str] = {}
    for id in known:
        spelled.setdefault(id.lower(), id)
        spelled.setdefault(id.lower().rpartition("/")[2], id)
    close = difflib.get_close_matches(wanted.lower().partition(":")[0][:200], spelled, n=8, cutoff=0.6)
    near = dict.fromkeys(spelled[name] for name in close)
    return tuple(id for id in near if id != wanted)[:3]
