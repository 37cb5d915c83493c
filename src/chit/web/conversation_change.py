"""What a page may change of a conversation: its title, and where it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chit.errors import InputError
from chit.store.protocol import Store

_MOST_TITLE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationChange:
    """None leaves it as it is."""

    title: str | None
    pinned: bool | None
    archived: bool | None

    @property
    def moves_back(self) -> bool:
        """Whether it goes to where it was last used in the list, from above it or from out of it."""
        return self.pinned is False or self.archived is False

    async def apply(self, store: Store, conversation_id: str, *, now: float) -> bool:
        """False if there is no such conversation, or it was deleted. Raises `StoreError`."""
        done = True
        if self.title is not None:
            done = await store.rename_conversation(conversation_id, self.title)
        if self.pinned is not None:
            done = await store.pin_conversation(conversation_id, now if self.pinned else None) and done
        if self.archived is not None:
            done = await store.archive_conversation(conversation_id, now if self.archived else None) and done
        return done


def read_change(body: Mapping[str, Any]) -> ConversationChange:
    """From `{"title"?, "pinned"?, "archived"?}`. Raises `InputError`."""
    if "title" not in body and "pinned" not in body and "archived" not in body:
        raise InputError("there is nothing to change", hint="Give a title, or say whether it is pinned or archived.")
    title = body.get("title")
    if "title" in body and (not isinstance(title, str) or not title.strip()):
        raise InputError("the title is empty", hint="Write one.")
    return ConversationChange(
        title=title.strip()[:_MOST_TITLE] if isinstance(title, str) else None,
        pinned=_read_flag(body, "pinned"),
        archived=_read_flag(body, "archived"),
    )


def _read_flag(body: Mapping[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise InputError(f"{name} must be true or false", hint=f'It looks like {{"{name}": true}}.')
    return value
