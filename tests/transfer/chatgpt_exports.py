"""ChatGPT exports for tests, in the shapes that were met from 2023 to 2026."""

import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from tests.transfer.zips import make_zip

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))


def text(*parts: Any) -> dict[str, Any]:
    """The content of a message."""
    kind = "text" if all(isinstance(part, str) for part in parts) else "multimodal_text"
    return {"content_type": kind, "parts": list(parts)}


def picture(pointer: str) -> dict[str, Any]:
    """One in a message."""
    return {"content_type": "image_asset_pointer", "asset_pointer": pointer, "width": 1, "height": 1}


def node(id: str, parent: str | None, role: str, content: Mapping[str, Any] | str, **more: Any) -> dict[str, Any]:
    """One of a mapping; `more` are members of its message."""
    message = {
        "id": id,
        "author": {"role": role, "name": None, "metadata": {}},
        "create_time": 1_700_000_000.5,
        "update_time": None,
        "content": text(content) if isinstance(content, str) else content,
        "status": "finished_successfully",
        "end_turn": True,
        "weight": 1.0,
        "metadata": {"model_slug": "gpt-4o"} if role == "assistant" else {},
        "recipient": "all",
    }
    return {"id": id, "message": message | more, "parent": parent, "children": []}


def root() -> dict[str, Any]:
    """Where a tree begins: a node that says nothing."""
    return {"id": "root", "message": None, "parent": None, "children": []}


def conversation(*nodes: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """Of these nodes, without any of a question and its answer."""
    made = nodes or (root(), node("ask", "root", "user", "Why?"), node("answer", "ask", "assistant", "Because."))
    mapping = {str(each["id"]): dict(each) for each in made}
    for each in mapping.values():
        if each["parent"] in mapping:
            mapping[each["parent"]]["children"].append(each["id"])
    id = str(members.get("id", "c-1"))
    return {
        "title": "A title",
        "create_time": 1_700_000_000.0,
        "update_time": 1_700_000_100.0,
        "mapping": mapping,
        "current_node": made[-1]["id"],
        "conversation_id": id,
        "is_archived": False,
        "id": id,
    } | members


def write_list(conversations: Iterable[Mapping[str, Any]]) -> bytes:
    """As `conversations.json` has them."""
    return json.dumps(list(conversations)).encode()


def write_export(conversations: Iterable[Mapping[str, Any]], **files: bytes) -> bytes:
    """The zip, with what else there is in it."""
    entries: list[tuple[Any, bytes]] = [("chat.html", b"<html>"), ("user.json", b"{}")]
    return make_zip([*entries, ("conversations.json", write_list(conversations)), *files.items()])


def many(count: int, turns: int, words: int = 60) -> Iterable[dict[str, Any]]:
    """So many conversations of so many questions, the newest first."""
    for number in reversed(range(count)):
        nodes = [root()]
        for turn in range(turns):
            for role in ("user", "assistant"):
                said = " ".join(f"{role}{number * 7 % 1000 + place}" for place in range(words))
                id = str(uuid.UUID(int=(number * turns + turn) * 2 + (role == "user")))
                nodes.append(node(id, str(nodes[-1]["id"]), role, said))
        at = 1_600_000_000.0 + number * 1000
        yield conversation(*nodes, id=f"c-{number}", title=f"Talk {number}", create_time=at, update_time=at + 60)
