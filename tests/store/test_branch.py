"""Pages of a branch: against the tree in memory, in damaged trees, and what they read."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.conversation import Conversation
from chit.core.history import Tree
from chit.core.messages import Message
from chit.store import branch, writes
from chit.store.blobs import Blobs
from chit.store.connection import open_connection
from chit.store.home import Home
from chit.store.reads import list_messages


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[apsw.Connection]:
    """A connection to a database that all examples share; each has a conversation of its own."""
    home = Home(tmp_path_factory.mktemp("home"))
    home.create()
    connection = open_connection(home.database)
    connection.execute("PRAGMA synchronous = OFF")
    yield connection
    connection.close()


def put_back(text: bytes) -> bytes:
    """Nothing was taken out."""
    return text


def grow(connection: apsw.Connection, parents: list[int | None]) -> tuple[Conversation, list[Message]]:
    """A tree of messages, each with the place of its parent; the last one has a generation."""
    conversation = a_conversation()
    messages: list[Message] = []
    for parent in parents:
        messages.append(a_message(conversation, parent_id=None if parent is None else messages[parent].id))
    generation = a_generation(messages[-1], None)
    writes.record_send(connection, Blobs(Path("unused")), conversation, messages, generation)
    return conversation, messages


@st.composite
def trees(draw: st.DrawFn) -> list[int | None]:
    """For each message its parent's place among those before it; None for a root."""
    size = draw(st.integers(1, 12))
    return [None, *(draw(st.none() | st.integers(0, place)) for place in range(size - 1))]


@given(trees(), st.data(), st.integers(1, 5))
def test_pages_put_together_are_the_path(
    connection: apsw.Connection, parents: list[int | None], data: st.DataObject, limit: int
) -> None:
    """From any leaf of any tree the pages joined are the tree's own path, and all but the first are full."""
    conversation, messages = grow(connection, parents)
    leaf = data.draw(st.sampled_from(messages)).id
    pages: list[list[Message]] = []
    before: str | None = None
    while page := branch.list_messages_page(connection, conversation.id, leaf, before, limit, put_back):
        pages.insert(0, page)
        before = page[0].id
    tree = Tree(list_messages(connection, conversation.id, put_back))
    assert [message for page in pages for message in page] == list(tree.path(leaf))
    assert [len(page) for page in pages[1:]] == [limit] * (len(pages) - 1)


def test_what_is_not_on_the_page_is_not_read(connection: apsw.Connection) -> None:
    """A message beside the branch or before the page may be unreadable: the page does not look at it."""
    conversation, messages = grow(connection, [None, 0, 1, 1, 3])
    unreadable = [messages[place].id for place in (0, 2)]
    for message_id in unreadable:
        connection.execute("UPDATE messages SET parts = 'no JSON' WHERE id = ?", (message_id,))
    page = branch.list_messages_page(connection, conversation.id, None, None, 3, put_back)
    assert [message.id for message in page] == [messages[place].id for place in (1, 3, 4)]


def test_a_circle_comes_to_an_end(connection: apsw.Connection) -> None:
    """In a damaged tree that runs in a circle each message comes once, and then there are no more."""
    conversation, messages = grow(connection, [None, 0, 1])
    connection.execute("UPDATE messages SET parent = ? WHERE id = ?", (messages[2].id, messages[0].id))
    page = branch.list_messages_page(connection, conversation.id, messages[2].id, None, 100, put_back)
    assert [message.id for message in page] == [message.id for message in messages]


def test_a_page_leaves_requests_where_they_are(connection: apsw.Connection) -> None:
    """No statement of a page asks for a request, which holds the whole branch each time."""
    conversation, _ = grow(connection, [None, 0])
    columns: set[tuple[str | None, str | None]] = set()

    def note(_: int, table: str | None, column: str | None, *__: str | None) -> int:
        columns.add((table, column))
        return apsw.SQLITE_OK

    fresh = apsw.Connection(connection.filename)
    fresh.authorizer = note
    branch.list_messages_page(fresh, conversation.id, None, None, 30, put_back)
    fresh.close()
    assert ("generations", "completion") in columns
    assert ("generations", "request") not in columns
