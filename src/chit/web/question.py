"""What a page sends when a person asks: the words, and everything that stands beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chit.core.defaults import model_parameters
from chit.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One message to send."""

    text: str
    model: str | None = None
    """What the person chose: several with commas, "" for the account's default, None for the preferred one."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Of this question only."""
    own: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that a new conversation begins with and keeps."""
    system: str | None = None
    """Instructions that a new conversation begins with."""
    conversation_id: str | None = None
    """None begins a new conversation."""
    private: bool = False
    """Whether a new conversation is to be private."""
    parent_id: str | None = None
    """The message that it follows: None the newest one, "" none, so that it begins the conversation anew."""
    draft: str = ""
    """Where its files are staged, if there are any."""


def read_question(body: Mapping[str, Any], conversation_id: str | None) -> Question:
    """From `{"text", "model"?, "parameters"?, "private"?, "parent"?, "own"?, "attachments"?}`. Raises `InputError`.

    `parent` null means before everything: the question begins the conversation anew. `own` is for a new conversation:
    `{"parameters"?, "system"?}`. `attachments` names the draft whose files go along.
    """
    text, model, draft = body.get("text"), body.get("model"), body.get("attachments")
    if not isinstance(text, str):
        raise InputError("the message is empty", hint="Write something first.")
    parent = body.get("parent", False)
    own = read_member(body, "own") if conversation_id is None else {}
    system = own.get("system")
    return Question(
        text=text,
        model=model if isinstance(model, str) else None,
        parameters=read_member(body, "parameters"),
        own=read_member(own, "parameters"),
        system=system if isinstance(system, str) and system.strip() else None,
        conversation_id=conversation_id,
        private=body.get("private") is True,
        draft=draft if isinstance(draft, str) else "",
        parent_id="" if parent is None else parent if isinstance(parent, str) else None,
    )


def read_model(body: Mapping[str, Any]) -> dict[str, Any]:
    """What `{"model"?}`, as the model field has it, changes in a request that was sent before."""
    model = body.get("model")
    return {"model": None, "models": None, **model_parameters(model)} if isinstance(model, str) else {}


def read_member(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object of that name, empty where there is none. Raises `InputError`."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InputError(f"{name} must be an object", hint='It looks like {"temperature": 0.2}.')
    return value
