"""What a model makes of an attachment, from the catalogue: said before sending, never a reason not to send."""

from collections.abc import Mapping, Sequence
from typing import Any

_NAMES = {"image": "pictures", "audio": "sound", "video": "video"}
_PARSER = "at $2 per 1,000 pages"
"""OpenRouter's own reading of PDFs, for models that do not do it themselves (field guide §2.8, `file-parser`)."""


def advise(modality: str | None, chosen: Sequence[str], models: Sequence[Mapping[str, Any]]) -> str:
    """A line about what must take such input; empty where there is nothing to say, or nothing known.

    `chosen` are the ids that will be asked, none for the account's default; `models` OpenRouter's records (§7.2).
    """
    if modality is None:
        return ""
    taken = {id: _find_inputs(id, models) for id in chosen}
    if modality == "file":
        return _advise_pdf(taken)
    deaf = [id for id, inputs in taken.items() if inputs is not None and modality not in inputs]
    if not deaf:
        return ""
    rest = "it will refuse this" if len(deaf) == 1 else "they will refuse this"
    return (
        f"{' and '.join(deaf)} take{'s' if len(deaf) == 1 else ''} no {_NAMES[modality]}: {rest}. Pick another model."
    )


def _advise_pdf(taken: Mapping[str, Sequence[str] | None]) -> str:
    """Every model gets a PDF, but not every one for nothing."""
    if not taken or None in taken.values():
        return f"A model that reads no PDFs gets this through OpenRouter's parser, {_PARSER}."
    blind = [id for id, inputs in taken.items() if "file" not in (inputs or ())]
    if not blind:
        return ""
    reads = "reads" if len(blind) == 1 else "read"
    return f"{' and '.join(blind)} {reads} no PDFs: OpenRouter's parser does it, {_PARSER}."


def _find_inputs(id: str, models: Sequence[Mapping[str, Any]]) -> Sequence[str] | None:
    """Of that model, or of the one that it is a variant of; None where it is not known."""
    for name in (id, id.partition(":")[0]):
        for model in models:
            architecture = model.get("architecture")
            if model.get("id") == name and isinstance(architecture, Mapping):
                inputs = architecture.get("input_modalities")
                return inputs if isinstance(inputs, list) else None
    return None
