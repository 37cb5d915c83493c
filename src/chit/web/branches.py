"""Versions of a message: what stands beside it, what each is called, and the way there."""

from collections.abc import Sequence
from dataclasses import dataclass

from chit.core.amendment import is_edited
from chit.core.generation import RUNNING, Generation
from chit.core.imported import find_imported_model
from chit.core.messages import Message
from chit.core.versions import Version, name_versions
from chit.store.protocol import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedVersion:
    """One of them, as a menu shows it."""

    name: str
    href: str
    """The page that shows it, with what came of it last."""
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Where a message stands among its versions."""

    position: int
    """From 1, the oldest."""
    versions: Sequence[NamedVersion]
    """All of them, oldest first."""

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.versions)

    @property
    def name(self) -> str:
        """Of the version that is shown."""
        return self.versions[self.position - 1].name

    @property
    def previous(self) -> NamedVersion | None:
        """None for the first."""
        return self.versions[self.position - 2] if self.position > 1 else None

    @property
    def next(self) -> NamedVersion | None:
        """None for the last."""
        return self.versions[self.position] if self.position < self.count else None


async def find_branches(messages: Sequence[Message], store: Store) -> dict[str, Branch]:
    """By message; one that has no other version is left out. Raises `StoreError`."""
    versions = await store.list_versions([message.id for message in messages])
    if not versions:
        return {}
    every = list({id for beside in versions.values() for id in beside})
    found, generations = await store.find_messages(every), await store.find_generations(every)
    return {
        id: _place(id, [found[each] for each in beside], [generations.get(each) for each in beside])
        for id, beside in versions.items()
    }


def _place(message_id: str, versions: Sequence[Message], generations: Sequence[Generation | None]) -> Branch:
    names = name_versions([_describe(*each) for each in zip(versions, generations, strict=True)])
    named = [
        NamedVersion(
            name=name,
            href=f"/c/{message.conversation_id}?leaf={message.id}",
            is_current=message.id == message_id,
        )
        for message, name in zip(versions, names, strict=True)
    ]
    return Branch(position=[each.is_current for each in named].index(True) + 1, versions=named)


def _describe(message: Message, generation: Generation | None) -> Version:
    is_coming = generation is not None and generation.state in RUNNING
    return Version(
        text="still coming in" if is_coming and not message.text else message.text,
        model=(generation.requested_model or generation.model) if generation else find_imported_model(message),
        edited=is_edited(message),
    )
