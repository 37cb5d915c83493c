"""What can be searched: kept in step with every message, what its reply came to, and every title."""

from collections.abc import Callable
from typing import Any

import apsw

from chit.core.facets import EVERY, facets_of, size_of, write_facet
from chit.core.generation import Generation
from chit.core.jsontext import decode_json
from chit.core.messages import Message
from chit.core.searchable import searchable
from chit.core.surrogates import join_surrogates
from chit.store.last_words import keep_words
from chit.store.rows import pico_of
from chit.store.schema_search import NAME, TITLE_WORDS, WORDS

_WORDS = WORDS.format(text="chit_words(:text)", which="m.seq = :seq")
_WORDS_AGAIN = WORDS.format(text="chit_text(m.parts)", which="m.seq = :seq")
_TITLE_WORDS = TITLE_WORDS.format(which="id = ?")
_NAMES = [NAME.format(name=name, which=f"id = ? AND {name} IS NOT NULL") for name in ("requested_model", "model")]
_FAILED = ("failed", "cut", "unknown")
_NUMBER = "SELECT id FROM model_names WHERE name = ?"
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
    found: Any = connection.execute(_WORDS, {"seq": seq, "text": text.encode("utf-8", "replace").decode()})
    keep_words(connection, "messages", found.fetchall())


def index_new(connection: apsw.Connection, seq: int, message: Message) -> None:
    """As `index_message`, for a message that no model has written or is writing: all of its facets are at hand."""
    if is_searchable(message):
        facets = facets_of(source=message.source, created_at=message.created_at)
        _insert(connection, seq, message.text, facets)


def index_reply(connection: apsw.Connection, seq: int, message: Message, generation: Generation) -> None:
    """As `index_message`, for a reply that has just ended and whose cost is not settled."""
    if is_searchable(message):
        names = dict.fromkeys(filter(None, (generation.requested_model, generation.model)))
        facets = facets_of(
            source=message.source,
            created_at=message.created_at,
            models=sorted(number_model(connection, name) for name in names),
            pico=pico_of(generation.usage.cost),
            has_error=generation.state in _FAILED or generation.error is not None,
        )
        _insert(connection, seq, message.text, facets)


def is_searchable(message: Message) -> bool:
    """Whether it is for people."""
    return message.source != "client" and message.options.visible_to_user


def number_model(connection: apsw.Connection, name: str) -> int:
    """The number under which a model is known; it gets one if it has none."""
    name = join_surrogates(name)
    number = connection.execute(_NUMBER, (name,)).get
    if number is None:
        connection.execute("INSERT INTO model_names (name) VALUES (?)", (name,))
        number = connection.last_insert_rowid()
    assert isinstance(number, int)  # noqa: S101 - the column is one
    return number


def _insert(connection: apsw.Connection, seq: int, text: str, facets: str) -> None:
    words = searchable(text.encode("utf-8", "replace").decode())
    keep_words(connection, "messages", [(seq, f"{words}\n{facets}")])


def index_models(connection: apsw.Connection, row_id: str) -> None:
    """Number the models of a generation, before its message is indexed."""
    for statement in _NAMES:
        connection.execute(statement, (row_id,))


def index_settled(connection: apsw.Connection, generation_id: str, pico: int) -> None:
    """Once a cost is settled: nearly always it is the one that was reported, and there is nothing to do."""
    written: list[Any] = connection.execute(_WRITTEN, (generation_id,)).fetchall()
    for seq, reported in written:
        if reported is None or size_of(reported) != size_of(pico):
            found: Any = connection.execute(_WORDS_AGAIN, {"seq": seq})
            keep_words(connection, "messages", found.fetchall())


def index_new_title(connection: apsw.Connection, seq: int, title: str) -> None:
    """As `index_title`, for a conversation that has just been stored."""
    keep_words(connection, "conversations", [(seq, f"{searchable(title)}\n{write_facet(EVERY)}")])


def index_title(connection: apsw.Connection, conversation_id: str) -> None:
    """Make a conversation findable by its title, in the place of the one before."""
    found: Any = connection.execute(_TITLE_WORDS, (conversation_id,))
    keep_words(connection, "conversations", found.fetchall())


def read_text(parts: str) -> str:
    """The words of a message, from its parts as they are stored."""
    texts = (part.get("text", "") for part in decode_json(parts.encode()) if part.get("type") == "text")
    return searchable("".join(texts))


def _write_facets(source: Any, created_at: float, models: str, pico: int | None, has_error: int) -> str:
    numbers = decode_json(models.encode())
    return facets_of(source=source, created_at=created_at, models=numbers, pico=pico, has_error=bool(has_error))
