"""A conversation of a ChatGPT export: its tree with all branches, the one that was open last as the newest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chit.core.chatgpt_content import FindFile, has_media, read_call, read_content, read_plain, read_sources
from chit.core.conversation import Conversation
from chit.core.dossier import Dossier
from chit.core.imported import clean, imported_id, read_time, read_title
from chit.core.members import MOST_TEXT, DossierInvalid
from chit.core.messages import MediaPart, Message, Options, Part, ReasoningPart, Source, ToolCallPart, ToolResultPart

PROGRAM = "ChatGPT"
_SOURCES: Mapping[str, Source] = {"system": "system", "user": "user", "assistant": "actor", "tool": "client"}


def is_chatgpt(value: Mapping[str, Any]) -> bool:
    """Whether an object looks like a conversation of such an export."""
    return isinstance(value.get("mapping"), Mapping)


def read_chatgpt(value: Mapping[str, Any], find_file: FindFile) -> Dossier:
    """From the JSON object of one conversation. Raises `DossierInvalid`, with its title where it has one."""
    try:
        return _read(value, find_file)
    except DossierInvalid as error:
        title = value.get("title")
        name = f"“{' '.join(title.split())[:60]}”: " if isinstance(title, str) and title.strip() else ""
        raise DossierInvalid(f"{name}{error}") from None


def _read(value: Mapping[str, Any], find_file: FindFile) -> Dossier:
    key = next((each for name in ("conversation_id", "id") if isinstance(each := value.get(name), str) and each), None)
    mapping = value.get("mapping")
    if key is None or not isinstance(mapping, Mapping):
        raise DossierInvalid("it is no conversation of ChatGPT")
    begun = read_time(value.get("create_time"), 0.0)
    ended = read_time(value.get("update_time"), begun)
    nodes = _order(mapping, value.get("current_node"))
    messages = tuple(_Reading(key, mapping, begun, find_file).read(nodes))
    pinned = read_time(value.get("pinned_time"), 0.0)
    conversation = Conversation(
        id=imported_id(PROGRAM, key),
        title=read_title(value.get("title"), messages),
        origin="import",
        pinned_at=pinned or None,
        archived_at=ended if value.get("is_archived") is True else None,
        created_at=begun,
    )
    return Dossier(id=conversation.id, conversation=conversation, messages=messages)


def _order(mapping: Mapping[str, Any], current: Any) -> list[str]:
    """The ids of all nodes, parents before children, and the one that was shown last at the end if it can be there.

    Raises `DossierInvalid`.
    """
    children: dict[str | None, list[str]] = {}
    for id in mapping:
        children.setdefault(_find_parent(mapping, id), []).append(id)
    ordered: list[str] = []
    waiting = list(reversed(children.get(None, [])))
    while waiting:
        ordered.append(id := waiting.pop())
        waiting += reversed(children.get(id, []))
    if len(ordered) != len(mapping):
        raise DossierInvalid("its messages go round in a circle")
    if isinstance(current, str) and current in mapping and current not in children:
        ordered.remove(current)
        ordered.append(current)
    return ordered


def _find_parent(mapping: Mapping[str, Any], id: str) -> str | None:
    node = mapping[id]
    if not isinstance(node, Mapping):
        raise DossierInvalid("a message in it is not an object")
    parent = node.get("parent")
    return parent if isinstance(parent, str) and parent in mapping else None


@dataclass(slots=True)
class _Trail:
    """What is known where a node follows."""

    parent: str | None = None
    """The message of ours that comes before."""
    at: float = 0.0
    call: str = ""
    """The newest call to a tool."""
    thoughts: tuple[Part, ...] = ()
    """Of nodes that hold nothing else, for the reply that comes of them."""


@dataclass(slots=True)
class _Reading:
    key: str
    mapping: Mapping[str, Any]
    begun: float
    find_file: FindFile
    trails: dict[str | None, _Trail] = field(default_factory=dict)
    """By node."""

    def read(self, ordered: list[str]) -> Iterator[Message]:
        only = self._find_only_children()
        self.trails[None] = _Trail(at=self.begun)
        for id in ordered:
            trail = self.trails[_find_parent(self.mapping, id)]
            told = self.mapping[id].get("message")
            message = self._read_message(id, told, trail) if isinstance(told, Mapping) else None
            if message is None:
                self.trails[id] = trail
            elif only.get(id) == "actor" and all(isinstance(part, ReasoningPart) for part in message.parts):
                self.trails[id] = _Trail(trail.parent, message.created_at, trail.call, message.parts)
            else:
                call = next((part.id for part in message.parts if isinstance(part, ToolCallPart)), trail.call)
                self.trails[id] = _Trail(message.id, message.created_at, call)
                yield message

    def _find_only_children(self) -> dict[str, Source]:
        """Of the nodes that one node follows, who that is from."""
        found: dict[str, list[Source]] = {}
        for id, node in self.mapping.items():
            parent, told = _find_parent(self.mapping, id), node.get("message")
            if parent is not None:
                found.setdefault(parent, []).append(_find_source(told if isinstance(told, Mapping) else {}))
        return {id: sources[0] for id, sources in found.items() if len(sources) == 1}

    def _read_message(self, id: str, told: Mapping[str, Any], trail: _Trail) -> Message | None:
        """None for what says nothing."""
        source, metadata, content = _find_source(told), _object(told, "metadata"), _object(told, "content")
        recipient = told.get("recipient")
        is_call = source == "actor" and isinstance(recipient, str) and recipient not in ("", "all")
        parts: list[Part]
        if is_call:
            parts = [ToolCallPart(id, clean(str(recipient)), read_call(content))]
        else:
            parts = read_content(content, metadata, self.find_file)
        if source == "actor":
            parts = [*trail.thoughts, *parts, *read_sources(metadata)]
        if source == "client" and has_media(parts):  # a picture that was made
            source, parts = "actor", [part for part in parts if isinstance(part, MediaPart)]
            is_call = True
        elif source == "client" and parts:
            parts = [ToolResultPart(trail.call, read_plain(parts))]
        if not parts:
            return None
        return Message(
            id=imported_id(PROGRAM, self.key, id),
            conversation_id=imported_id(PROGRAM, self.key),
            parent_id=trail.parent,
            source=source,
            parts=tuple(parts),
            options=_find_options(source, told, metadata, is_of_tool=is_call or source == "client"),
            extra={PROGRAM: _keep(id, source, metadata)},
            created_at=read_time(told.get("create_time"), trail.at),
        )


def _find_source(told: Mapping[str, Any]) -> Source:
    return _SOURCES.get(str(_object(told, "author").get("role")), "client")


def _find_options(source: Source, told: Mapping[str, Any], metadata: Mapping[str, Any], *, is_of_tool: bool) -> Options:
    """Tools that another model had are not told to the next one, nor what ChatGPT left out itself."""
    is_hidden = metadata.get("is_visually_hidden_from_conversation") is True
    is_own = source == "user" or metadata.get("is_user_system_message") is True
    weight = told.get("weight")
    return Options(
        visible_to_user=not is_hidden or is_own,
        visible_to_engine=not is_of_tool and weight != 0 and (not is_hidden or is_own),
    )


def _keep(id: str, source: Source, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of it beside."""
    model = metadata.get("model_slug")
    is_told = source == "actor" and isinstance(model, str) and 0 < len(model) <= MOST_TEXT
    return {"id": clean(id), **({"model": clean(str(model))} if is_told else {})}


def _object(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    inner = value.get(name)
    return inner if isinstance(inner, Mapping) else {}
