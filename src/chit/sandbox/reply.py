"""A canned reply: any status, headers and bytes, queued for the next completions."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One raw reply to `POST`s, given instead of anything the sandbox would say; it is never billed."""

    status: int = 200
    """0 sends nothing, not even a status line: the connection closes, or hangs."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | str = b""
    content_type: str = "application/json"
    times: int = 1
    """How many requests get it."""
    cut_at: int | None = None
    """Bytes of the body after which the connection is closed."""
    hang: bool = False
    """After what was sent, silence until the caller leaves."""

    @property
    def sent(self) -> bytes:
        """The bytes of the body that are sent."""
        raw = self.body.encode() if isinstance(self.body, str) else self.body
        return raw if self.cut_at is None else raw[: self.cut_at]

    @classmethod
    def from_dict(cls, value: Any) -> "Reply":
        """A reply from JSON; `body_base64` may stand for `body`. `ValueError` says what cannot be understood."""
        if not isinstance(value, dict):
            raise ValueError("a reply must be a JSON object")
        members = dict(value)
        if "body_base64" in members:
            members["body"] = base64.b64decode(members.pop("body_base64"), validate=True)
        unknown = members.keys() - {member.name for member in fields(cls)}
        if unknown:
            raise ValueError(f"no such member: {', '.join(sorted(unknown))}")
        return cls(**members)
