"""Answers of OpenRouter that are at hand whole, word for word."""

from collections.abc import Mapping
from dataclasses import dataclass

from chit.core.fault import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """As it was received."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(Whole):
    """One with a bad status; keys in it are hidden."""

    fault: Fault
