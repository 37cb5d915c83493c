"""What there is to say of a reply that was asked for as JSON: whether it is JSON, and whether it fits its schema."""

from dataclasses import dataclass
from typing import Any, Literal

from chit.core.json_layout import unwrap
from chit.core.json_schema import find_flaw, list_unapplied
from chit.core.jsontext import JsonInvalid, decode_json
from chit.core.schema_match import Undecided, find_violation
from chit.core.sentence import sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonVerdict:
    """Of one reply."""

    kind: Literal["fits", "breaks", ""]
    """Empty where nothing is known to be wrong, and nothing was checked."""
    told: str
    """What is wrong, or was not checked, as the rest of a sentence; empty where there is nothing to say."""
    shown: str
    """The reply without the fence that some models put around JSON all the same."""
    is_json: bool
    value: Any = None
    """What it says, if it is JSON."""

    @property
    def text(self) -> str:
        """A sentence or two; empty where there is nothing to say."""
        match self.kind:
            case "fits":
                return f"Matches the schema.{f' {sentence(self.told)}' if self.told else ''}"
            case "breaks" if self.is_json:
                return sentence(f"Does not match the schema: {self.told}")
            case _:
                return sentence(f"{self.told[:1].upper()}{self.told[1:]}") if self.told else ""


def judge_json(text: str, schema: Any, finish_reason: str | None) -> JsonVerdict:
    """By a schema, or None for any JSON; `finish_reason` says how the reply ended."""
    shown = unwrap(text)
    try:
        value = decode_json(shown.encode("utf-8", "replace"))
    except JsonInvalid as error:
        told = _say_why_not(str(error), text, finish_reason)
        return JsonVerdict(kind="breaks", told=told, shown=shown, is_json=False)
    kind, told = _judge(schema, value)
    return JsonVerdict(kind=kind, told=told, shown=shown, is_json=True, value=value)


def _judge(schema: Any, value: Any) -> tuple[Literal["fits", "breaks", ""], str]:
    if schema is None:
        return "", ""
    if flaw := find_flaw(schema):
        return "", f"Not checked: the schema has a flaw. {flaw}"
    try:
        violation = find_violation(schema, value)
    except Undecided:
        return "", "Not checked: it would take too long"
    if violation:
        return "breaks", str(violation)
    left = list_unapplied(schema)
    return "fits", f"Not checked here: {', '.join(left)}" if left else ""


def _say_why_not(error: str, text: str, finish_reason: str | None) -> str:
    if not text.strip():
        return "it says nothing"
    if finish_reason == "length":
        return "cut at the token limit: the JSON is not whole"
    if finish_reason is None:
        return "the reply broke off: the JSON is not whole"
    return f"this is not JSON: {error}"
