"""What can be searched: kept in step with every message, what its reply came to, and every title."""

from collections.abc import Callable
from typing import Any

import apsw

from chit.core.facets import facets_of, size_of
from chit.core.jsontext import decode_json
from chit.core.searchable import searchable
from chit.store.schema_search import INDEX, INDEX_TITLE, NAME

_INDEX_MESSAGE = INDEX.format(text="chit_words(:text)", which="m.seq = :seq")
_INDEX_AGAIN = INDEX.format(text="chit_text(m.parts)", which="m.seq = :seq")
_INDEX_TITLE = INDEX_TITLE.format(which="id = ?")
_NAMES = [NAME.format(name=name, which=f"id = ? AND {name} IS NOT NULL") for name in ("requested_model", "model")]
_WRITTEN = """
    SELECT m.seq, g.reported_pico FROM generations g JOIN messages m ON m.id = g.message WHERE g.generation_id = ?
"""


def add_functions(connection: apsw.Connection) -> None:
    """What the statements of the index call: every connection that writes has them."""
    functions: tuple[tuple[str, Callable[..., str], int], ...] = (
        ("chit_words", searchable, 1),
        ("chit_text", read_text, 1),
        ("chit_facets", _write_facets, 5),
    )
    for name, function, count in functions:
        connection.create_scalar_function(name, function, count, deterministic=True, flags=apsw.SQLITE_DIRECTONLY)


def index_message(connection: apsw.Connection, seq: int, text: str) -> None:
    """Make a message that is stored findable, in the place of what it was before; its generation must be stored, too.

    One that nobody sees, or that is still being written, is not found.
    """
    connection.execute(_INDEX_MESSAGE, {"seq": seq, "text": text.encode("utf-8", "replace").decode()})


def index_models(connection: apsw.Connection, row_id: str) -> None:
    """Number the models of a generation, before its message is indexed."""
    for statement in _NAMES:
        connection.execute(statement, (row_id,))


def index_settled(connection: apsw.Connection, generation_id: str, pico: int) -> None:
    """Once a cost is settled: nearly always it is the one that was reported, and there is nothing to do."""
    written: list[Any] = connection.execute(_WRITTEN, (generation_id,)).fetchall()
    for seq, reported in written:
        if reported is None or size_of(reported) != size_of(pico):
            connection.execute(_INDEX_AGAIN, {"seq": seq})


def index_title(connection: apsw.Connection, conversation_id: str) -> None:
    """Make a conversation findable by its title, in the place of the one before."""
    connection.execute(_INDEX_TITLE, (conversation_id,))


def read_text(parts: str) -> str:
    """The words of a message, from its parts as they are stored."""
    texts = (part.get("text", "") for part in decode_json(parts.encode()) if part.get("type") == "text")
    return searchable("".join(texts))


def _write_facets(source: Any, created_at: float, models: str, pico: int | None, has_error: int) -> str:
    numbers = decode_json(models.encode())
    return facets_of(source=source, created_at=created_at, models=numbers, pico=pico, has_error=bool(has_error))
