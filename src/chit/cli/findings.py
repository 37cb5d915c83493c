"""What `chit doctor` found, one sentence each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from chit.cli.exits import DONE, exit_code
from chit.errors import ChitError

Topic = Literal[
    "versions",
    "preferences",
    "home",
    "database",
    "settlement",
    "backups",
    "key",
    "vault",
    "base_url",
    "connection",
    "balance",
    "proxies",
    "not_protected",
]
Verdict = Literal["ok", "note", "warn", "bad"]
"""As it should be; to be known; works, and should be looked at; does not work."""
Hide = Callable[[str], str]
"""Takes out of a text what is nobody else's business: see `discretion`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. Its members are an interface: added to, never renamed."""

    topic: Topic
    verdict: Verdict
    text: str
    """One line, safe to show to anybody."""
    hint: str = ""
    """What to do."""
    exit_code: int = DONE
    """Of the command, where this is the first bad one."""

    def as_dict(self) -> dict[str, Any]:
        """Its JSON form."""
        return {
            "topic": self.topic,
            "verdict": self.verdict,
            "text": self.text,
            "hint": self.hint,
            "exit_code": self.exit_code,
        }


def find_failure(topic: Topic, error: ChitError, hide: Hide) -> Finding:
    """The bad finding that an error of our own is; its words are ours, with paths and addresses in them."""
    text = hide(error.message).removesuffix(".")
    return Finding(topic=topic, verdict="bad", text=text, hint=hide(error.hint), exit_code=exit_code(error))


def find_exit_code(findings: Sequence[Finding]) -> int:
    """That of the first bad one, else 0."""
    return next((each.exit_code for each in findings if each.verdict == "bad"), DONE)
