"""Search against looking at every message: the same is found, whatever is asked."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.store.said import Said, ask, look_through

from chit.core.search import read_query
from chit.core.search_page import SearchPage
from chit.core.usage import PICO
from chit.store import search as search_module
from chit.store.connection import open_connection
from chit.store.last_words import index_waiting
from chit.store.search import search
from chit.store.sqlite import open_store

MIDNIGHT = datetime(2026, 3, 1).timestamp()
DAY = 86_400.0
TEXTS = (
    "the apple and the pie",
    "The Äpple",
    "apple pie, apple-pie & foo_bar",
    "x = foo.bar(1)  # apple",
    "今天天气很好 apple",
    "天 今 気",
    "c is a language",
    "",
)
MODELS = ("anthropic/claude-haiku-4.5", "openai/gpt-5.1", "@preset/Über", "a/b:free")
COSTS = (None, "0", "0.01", "0.0100000000004", "0.012", "0.3", "-1", "12345678", "99999999999")
FRAGMENTS = [
    *(
        "apple",
        "app",
        "pie",
        "THE",
        "äpple",
        "foo_bar",
        "foo.b",
        "foo-",
        "今天",
        "天气",
        "c",
        "z",
        "a/b",
        "1",
        "language",
    ),
    *(
        " ",
        " ",
        " ",
        '"',
        "-",
        "*",
        "^",
        ":",
        "(",
        ")",
        "NEAR(",
        " OR ",
        " NOT ",
        "'",
        ";--",
        "\0",
        "\ud800",
        "\U000f0001",
    ),
    *(
        "model:",
        "model:claude ",
        "model:gpt ",
        'model:"haiku anthropic" ',
        "model:ÜBER ",
        "model:% ",
        "from:me ",
        "from:model ",
    ),
    *("after:2026-03-01 ", "before:2026-03-01 ", "after:2026-03 before:2026-03-03 ", "before:1990 ", "after:2090 "),
    *(
        "cost:>0.01 ",
        "cost:0.01 ",
        "cost:<0.02 ",
        "cost:<=0 ",
        "cost:>9000000 ",
        "has:error ",
        "in:title ",
        "-apple ",
        '-"the pie" ',
    ),
]


class History:
    """It does not change. No dataclass: Hypothesis would print all of it."""

    def __init__(self, connection: apsw.Connection, said: Sequence[Said]) -> None:
        self.connection = connection
        self.said = said


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """A connection to a history in which everything differs, and what was said in it, the oldest first."""
    folder = tmp_path_factory.mktemp("history")

    async def make() -> list[Said]:
        store = open_store(folder)
        said: list[Said] = []
        number = 0
        conversation = None
        for question in TEXTS:
            for answer in TEXTS:
                number += 1
                made = await ask(
                    store,
                    question,
                    answer,
                    conversation=conversation,
                    state=("done", "failed", "stopped", "cut", "unknown")[number % 5],
                    cost=COSTS[number % len(COSTS)],
                    settled=COSTS[number % 4] if number % 3 == 0 else None,
                    created_at=MIDNIGHT + (number - 30) * DAY / 7,
                    model=MODELS[number % 4] if number % 2 else None,
                    requested_model=MODELS[number % 3],
                )
                said += made
                conversation = made[0].conversation if number % 5 else None
        await store.close()
        return said

    said = asyncio.run(make())
    connection = open_connection(folder / "chit.db")
    index_waiting(connection)
    return History(connection, said)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=7).map("".join) | st.text(max_size=30))
@example("")
@example("apple")
@example("-apple")
@example("in:title the ")
@example("cost:>0.01 from:me ")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400, deadline=None)
def test_any_query_finds_what_looking_finds(history: History, text: str) -> None:
    """Attack case 40: no text is an error of SQL or of the index, and each finds what a look at all messages finds."""
    connection, said = history.connection, history.said
    query = read_query(text)
    page = search(connection, query, None, len(said))
    expected = look_through(said, query)
    assert page.is_idle == (expected is None)
    found = page.titles if query.in_title else page.messages
    assert [each.id for each in found] == (expected or [])
    assert page.is_complete


def test_pico_that_no_column_holds(history: History) -> None:
    """A bound beyond every cost is one."""
    connection = history.connection
    query = read_query("cost:>9999999")
    assert query.cost_from is not None
    assert query.cost_from > 2**63 // PICO
    assert search(connection, query, None, 10).messages == ()


@contextmanager
def stopping(connection: apsw.Connection, statement: str) -> Iterator[None]:
    """Interrupt as soon as a statement with these words runs."""
    seen: list[str] = []

    def note(_cursor: apsw.Cursor, sql: str, _bindings: object) -> bool:
        seen.append(sql)
        return True

    connection.exec_trace = note
    connection.set_progress_handler(lambda: bool(seen) and statement in seen[-1], 1)
    try:
        yield
    finally:
        connection.exec_trace = None
        connection.set_progress_handler(None)


@pytest.mark.parametrize("statement", ["FROM model_names", "FROM message_text"])
def test_an_interrupted_search_says_so(history: History, statement: str) -> None:
    """Wherever it is interrupted, it ends with what it has."""
    connection = history.connection
    with stopping(connection, statement):
        page = search(connection, read_query("model:claude apple"), None, 10)
    assert page == SearchPage(is_complete=False)
    assert search(connection, read_query("model:claude apple"), None, 10).is_complete


def test_what_was_found_in_time_is_shown(history: History) -> None:
    """When the time runs out half-way the newest are there, and the next page goes on after them."""
    connection, said = history.connection, history.said
    steps = iter(range(10**9))
    connection.set_progress_handler(lambda: next(steps) > 1_500, 1)
    page = search(connection, read_query("the "), None, len(said))
    connection.set_progress_handler(None)
    assert not page.is_complete
    assert 0 < len(page.messages) < len(said)
    assert page.more == page.messages[-1].seq
    rest = search(connection, read_query("the "), page.more, len(said))
    expected = look_through(said, read_query("the "))
    assert [each.id for each in (*page.messages, *rest.messages)] == expected


def test_titles_without_time(history: History) -> None:
    """The messages that were found are shown where there was no time left for titles."""
    connection = history.connection
    with stopping(connection, "FROM conversation_titles"):
        page = search(connection, read_query("apple"), None, 5)
    assert (len(page.messages), page.titles, page.is_complete) == (5, (), False)


def test_very_many_models(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a filter fits too many models to ask the index for each, the same is found."""
    connection, said = history.connection, history.said
    monkeypatch.setattr(search_module, "_MOST_MODELS", 1)
    query = read_query("model:a apple")
    found = [each.id for each in search(connection, query, None, len(said)).messages]
    assert found == look_through(said, query)
    assert found


def test_nothing_is_sorted(history: History) -> None:
    """The index gives the newest first by itself: a page never waits for all that fits."""
    connection = history.connection
    plans: list[str] = []

    def note(_cursor: apsw.Cursor, sql: str, bindings: object) -> bool:
        if not sql.startswith("EXPLAIN") and "MATCH" in sql:
            other = open_connection(Path(connection.filename))
            plans.extend(row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {sql}", bindings))  # type: ignore[arg-type]
            other.close()
        return True

    connection.exec_trace = note
    search(connection, read_query("apple model:claude cost:>0 after:2026"), None, 5)
    connection.exec_trace = None
    assert len(plans) > 4
    assert [plan for plan in plans if "TEMP B-TREE" in plan or plan.startswith("SCAN m")] == []
