"""The sums of charges against a naive recount, after any sequence of what a store is asked to do."""

import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.store.samples import a_conversation, a_generation, a_message

from chit.core.generation import Generation, Settlement, read_generation_info
from chit.core.jsontext import JsonInvalid, decode_json
from chit.core.local_token import LocalToken, Spent
from chit.core.percentiles import find_bucket
from chit.core.spending import SpendingQuery
from chit.core.usage import Usage, from_pico, read_cost, to_pico
from chit.store import charges, deletion, inserts, spending, tokens, writes
from chit.store import connection as connection_module
from chit.store.blobs import Blobs
from chit.store.connection import open_connection
from chit.store.home import Home
from chit.store.schema import STEPS
from chit.store.schema_spending import AMOUNTS, COUNTS, TOKENS, WHOLE
from chit.store.sqlite import open_store

BLOBS = Blobs(Path("unused"))
DAY = 86_400.0
COSTS = [None, *map(Decimal, ("0", "0.0000000000198", "-1.5", "0.25", "9000000.1234567890125", "9300000"))]
COUNTS_TOLD = [None, 0, 7, 2**63 - 1]
TOKEN_HASHES = [None, "editor", "agent"]
NAMES = [None, "a/one", "a/two", "x" * 300]
STATES = ["done", "done", "stopped", "cut", "failed", "unknown"]
TIMES = [0.0, 1.0, 1.7e9, 1.7e9 + 40 * DAY, -1e9, 1e300]
VERBS = ["send", "end", "end", "end", "settle", "settle", "settle", "start", "delete", "purge", "damage", "check"]
STEPS_TAKEN = st.lists(st.integers(0, 2**60), min_size=6, max_size=24)
"""Each is a step with everything in it, by `Dice`: drawn member by member, most steps would find nothing to do."""


class Dice:
    """Chooses as a number says."""

    def __init__(self, number: int) -> None:
        self._number = number

    def choose(self, pool: Sequence[Any]) -> Any:
        """The next member of it."""
        self._number, place = divmod(self._number, len(pool))
        return pool[place]

    def throw(self) -> tuple[Any, ...]:
        """A step of `Life`."""
        match verb := self.choose(VERBS):
            case "send":
                return verb, self.choose(range(3)), self.choose(TIMES), self.choose(TOKEN_HASHES)
            case "end":
                return verb, self.choose(range(5)), self.choose([None, 0, 0, 1]), self._end()
            case "settle":
                return (
                    verb,
                    self.choose(range(2)),
                    self.choose(["settled", "settled", "pending", "gave_up"]),
                    self._record(),
                )
            case "start":
                return verb, self.choose(range(5)), self.choose(range(2))
            case "delete" | "damage" | "purge":
                return verb, self.choose(range(2))
        return (verb,)

    def _end(self) -> dict[str, Any]:
        usage = Usage(
            cost=self.choose(COSTS),
            prompt_tokens=self.choose(COUNTS_TOLD),
            completion_tokens=self.choose(COUNTS_TOLD),
            upstream_cost=self.choose(COSTS),
            is_byok=self.choose([False, True]),
        )
        members = {"state": self.choose(STATES), "model": self.choose(NAMES), "provider": self.choose(NAMES)}
        return members | {"usage": usage, "time_to_first_token_ms": self.choose([None, 0, 700, 90_000])}

    def _record(self) -> dict[str, Any]:
        cost, saved = self.choose(COSTS), self.choose(COSTS)
        return {
            "total_cost": None if cost is None else str(cost),
            "cache_discount": None if saved is None else float(saved),
            "model": self.choose(NAMES),
            "provider_name": self.choose(NAMES),
            "is_byok": self.choose([False, True]),
            "upstream_inference_cost": self.choose([None, 0.5]),
            "latency": self.choose([None, 3, 1e11]),
            "native_tokens_prompt": self.choose(COUNTS_TOLD),
            "native_tokens_cached": self.choose(COUNTS_TOLD),
        }


@pytest.fixture(scope="module")
def connection() -> Iterator[apsw.Connection]:
    """A connection to a database that all examples share; each is rolled back."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.create()
        connection = open_connection(home.database)
        connection.execute("PRAGMA synchronous = OFF")
        yield connection
        connection.close()


class Life:
    """Does what steps say, as the store would."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._db = connection
        self._sent: list[tuple[Generation, Any]] = []
        self._ended: set[str] = set()
        self._conversations = [a_conversation(private=number == 1) for number in range(3)]
        for conversation in self._conversations:
            inserts.insert_conversation(connection, conversation)
        for digest in TOKEN_HASHES[1:]:
            tokens.record_token(connection, LocalToken(hash=digest or "", name=digest or ""))

    def take(self, step: tuple[Any, ...]) -> None:
        """One of them; those that make no sense now are left out."""
        verb, *given = step
        if verb in ("start", "end"):
            if given[0] < len(self._sent):
                getattr(self, f"_{verb}")(*self._sent[given[0]], *given[1:])
        else:
            getattr(self, f"_{verb}")(*given)

    def _send(self, place: int, at: float, token: str | None = None) -> None:
        conversation = self._conversations[place]
        message = a_message(conversation)
        generation = a_generation(message, None, created_at=at, origin=("cli", "web", "api")[place], token=token)
        if self._db.execute("SELECT 1 FROM conversations WHERE id = ?", (conversation.id,)).get:
            writes.record_send(self._db, BLOBS, None, [message], generation)
            self._sent.append((generation, message))

    def _start(self, generation: Generation, _message: Any, number: int) -> None:
        if generation.id not in self._ended:
            writes.record_start(self._db, generation.id, f"gen-{number}")

    def _end(self, generation: Generation, message: Any, number: int | None, members: Any) -> None:
        ended = replace(generation, generation_id=None if number is None else f"gen-{number}", **members)
        writes.record_end(self._db, BLOBS, ended, message, completion=None, now=1, due=3)
        charges.count_changed(self._db, first=[ended.id])
        self._ended.add(generation.id)

    def _settle(self, number: int, state: Any, record: dict[str, Any]) -> None:
        id = f"gen-{number}"
        found = None if state == "pending" else {"id": id, **record}
        writes.record_settlement(self._db, Settlement(generation_id=id, state=state, record=found))
        charges.count_changed(self._db, first=[id])

    def _delete(self, place: int) -> None:
        deletion.delete_conversation(self._db, self._conversations[place].id, 1.0)

    def _purge(self, later: bool) -> None:
        deletion.doom(self._db, 2.0 if later else 0.5)
        deletion.empty_generations(self._db)
        deletion.remove_conversations(self._db)

    def _check(self) -> None:
        check(self._db, {each.id: each.private for each in self._conversations})

    def _damage(self, number: int) -> None:
        """The same."""
        self._db.execute("UPDATE settlements SET record = '{' WHERE generation_id = ?", (f"gen-{number}",))


def find_day(unix_seconds: float) -> str:
    """By Python's clock."""
    return date.fromtimestamp(unix_seconds).isoformat() if 0 <= unix_seconds < 1e11 else "1970-01-01"


def read_record(text: str | None) -> Any:
    """None for one that cannot be read."""
    try:
        return None if text is None else read_generation_info(decode_json(text.encode()))
    except JsonInvalid:
        return None


def pico(cost: Decimal | None) -> int | None:
    """None beyond what a column holds."""
    found = None if cost is None else to_pico(cost)
    return found if found is not None and -(2**63) <= found < 2**63 else None


def recount(connection: apsw.Connection, private: dict[str, bool]) -> tuple[dict[Any, Counter[str]], Counter[Any]]:
    """The sums by day, model, provider, origin and kind, and the latencies, from the rows themselves."""
    rows: Any = connection.execute(
        "SELECT g.seq, g.state, g.generation_id, g.conversation, g.origin, g.requested_model, g.model, g.provider,"
        " g.reported_pico, g.prompt_tokens, g.completion_tokens, g.reasoning_tokens, g.cached_tokens, g.upstream_cost,"
        " g.is_byok, g.time_to_first_token_ms, g.created_at, s.state, s.settled_pico, s.record FROM generations g"
        " LEFT JOIN settlements s ON s.generation_id = g.generation_id WHERE g.state NOT IN ('sent', 'streaming')"
        " ORDER BY g.seq"
    )
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row[2] or row[0]].append(row)
    sums: dict[Any, Counter[str]] = defaultdict(Counter)
    latencies: Counter[Any] = Counter()
    for group in groups.values():
        (_, state, id, conversation, origin, requested, model, provider, *_) = group[0]
        tokens, (upstream, is_byok, first_ms, at, settlement, settled, record) = group[0][9:13], group[0][13:]
        info = read_record(record)
        reported = max((row[8] for row in group if row[8] is not None), default=None)
        if info is not None:
            native = (info.prompt_tokens, info.completion_tokens, info.reasoning_tokens, info.cached_tokens)
            tokens = [b if b is not None else a for a, b in zip(tokens, native, strict=True)]
            model, provider = info.model or model, info.provider or provider
        key = ((model or requested or "")[:200], (provider or "")[:200], origin, private[conversation])
        place = (find_day(at), *key)
        cost = reported if settled is None else settled
        byok = bool(is_byok or (info and info.is_byok))
        billed = info.upstream_cost if info and info.upstream_cost is not None else read_cost(upstream)
        figures: dict[str, int | None] = {
            "charges": 1,
            "known": cost is not None,
            "pending": settlement == "pending",
            "unknown": cost is None and settlement != "pending" and not (state == "failed" and id is None),
            "failed": state in ("failed", "cut", "unknown"),
            "byok": byok,
            "cost_pico": cost,
            "reported_pico": reported,
            "settled_pico": settled,
            "difference_pico": None if settled is None or reported is None else settled - reported,
            "saved_pico": pico(info.cache_discount) if info else None,
            "provider_pico": pico(billed) if byok else None,
            **dict(zip(TOKENS, tokens, strict=True)),
        }
        for name, figure in figures.items():
            sums[place][name] += int(figure or 0)
        for kind, ms in (("here", first_ms), ("recorded", info.latency_ms if info else None)):
            if ms is not None:
                latencies[kind, place[0], key[0], find_bucket(ms)] += 1
    return sums, latencies


def recount_tokens(connection: apsw.Connection) -> dict[tuple[str, str], Spent]:
    """What each token spent by day, by month and ever, from the rows themselves."""
    rows: Any = connection.execute(
        "SELECT g.seq, g.state, g.generation_id, g.created_at, g.reported_pico, s.state, s.settled_pico,"
        " (SELECT hash FROM token_calls c JOIN local_tokens t ON t.id = c.token WHERE c.generation = g.seq)"
        " FROM generations g LEFT JOIN settlements s ON s.generation_id = g.generation_id"
        " WHERE g.state NOT IN ('sent', 'streaming') ORDER BY g.seq"
    )
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row[2] or row[0]].append(row)
    found: dict[tuple[str, str], Spent] = defaultdict(Spent)
    for group in groups.values():
        token = next((row[7] for row in group if row[7] is not None), None)
        _, state, id, at, _, settlement, settled, _ = group[0]
        reported = max((row[4] for row in group if row[4] is not None), default=None)
        cost = reported if settled is None else settled
        awaits, was_refused = settlement == "pending", state == "failed" and id is None
        for period in (find_day(at), find_day(at)[:7], "") if token else ():
            place = str(token), period
            was = found[place]
            found[place] = Spent(
                cost=from_pico(to_pico(was.cost) + (cost or 0)),
                calls=was.calls + 1,
                unknown=was.unknown + (cost is None and not awaits and not was_refused),
                awaited=was.awaited + (cost is None and awaits),
            )
    return dict(found)


def check_tokens(connection: apsw.Connection) -> None:
    """What is kept is that, and so is what is told of any day."""
    found = recount_tokens(connection)
    kept: Any = connection.execute("SELECT count(*) FROM token_spending").get
    assert kept == len(found)
    for at in TIMES:
        for each in tokens.list_tokens(connection, at):
            day = find_day(at)
            wanted = [found.get((each.token.hash, period), Spent()) for period in (day, day[:7], "")]
            assert [each.day, each.month, each.total] == wanted
            assert tokens.find_token_spending(connection, each.token.hash, at) == replace(each, last_at=None)


def read_sums(connection: apsw.Connection, size: int) -> dict[Any, Counter[str]]:
    """The same as the store keeps it, by periods of that kind."""
    query = "SELECT id, model, provider, origin, private, whole FROM spending_splits"
    splits: dict[int, Any] = {
        id: (model,) if whole is None else (model, provider, origin, bool(private))
        for id, model, provider, origin, private, whole in connection.execute(query)
    }
    found = {}
    halves = ", ".join(f"{name}_high, {name}_low" for name in (*AMOUNTS, *TOKENS))
    rows: Any = connection.execute(
        f"SELECT period, split, {', '.join(COUNTS)}, {halves} FROM spending WHERE size = ?",  # noqa: S608
        (size,),
    )
    for period, split, *sums in rows:
        counts, rest = sums[: len(COUNTS)], sums[len(COUNTS) :]
        whole = [high * 2**32 + low for high, low in zip(rest[::2], rest[1::2], strict=True)]
        found[period, *splits[split]] = Counter(dict(zip((*COUNTS, *AMOUNTS, *TOKENS), (*counts, *whole), strict=True)))
    return found


def check(connection: apsw.Connection, private: dict[str, bool]) -> None:
    """The sums are those of a recount, by day, month and year, and so is what is answered."""
    while charges.count_changed(connection, 3):
        pass
    sums, latencies = recount(connection, private)
    for size in (10, 7, 4):
        wanted: dict[Any, Counter[str]] = defaultdict(Counter)
        whole: dict[Any, Counter[str]] = defaultdict(Counter)
        for (day, *split), figures in sums.items():
            for name, figure in figures.items():
                wanted[day[:size], *split][name] += figure
                whole[day[:size], split[0]][name] += figure
        assert read_sums(connection, size) == wanted
        assert read_sums(connection, size + WHOLE) == whole
    check_tokens(connection)
    answer = spending.sum_spending(connection, SpendingQuery())
    for name in (*COUNTS, *AMOUNTS, *TOKENS):
        assert getattr(answer.total, name) == sum(figures[name] for figures in sums.values())
    for kind, kept in (("here", answer.first_tokens), ("recorded", answer.latencies)):
        flat = {(model, bucket): count for model, buckets in kept.items() for bucket, count in buckets.items()}
        wanted_flat: Counter[Any] = Counter()
        for (each, _, model, bucket), count in latencies.items():
            if each == kind:
                wanted_flat[model, bucket] += count
        assert flat == wanted_flat
    assert sum(sum(models.values()) for models in answer.periods.values()) == answer.total.cost_pico


@given(STEPS_TAKEN)
@settings(max_examples=150)
def test_the_sums_are_those_of_a_recount(connection: apsw.Connection, numbers: list[int]) -> None:
    """Whatever was sent, started, ended, settled once or again, deleted, purged, met twice or damaged."""
    connection.execute("BEGIN")
    try:
        life = Life(connection)
        for place in range(3):
            life.take(("send", place, TIMES[place]))
        for number in numbers:
            life.take(Dice(number).throw())
        life.take(("check",))
    finally:
        connection.execute("ROLLBACK")


def record_run(connection: apsw.Connection, generation_id: str | None, at: float = 1.0, **members: Any) -> Generation:
    """One whole life in a conversation of its own."""
    conversation = a_conversation()
    message = a_message(conversation)
    generation = a_generation(message, None, created_at=at)
    writes.record_send(connection, BLOBS, conversation, [message], generation)
    ended = replace(generation, generation_id=generation_id, **({"state": "done"} | members))
    writes.record_end(connection, BLOBS, ended, message, completion=None, now=1, due=3)
    charges.count_changed(connection, first=[ended.id])
    return ended


def list_places(connection: apsw.Connection) -> list[tuple[str, str]]:
    """The days and models of all charges."""
    query = "SELECT day, model FROM charges c JOIN spending_splits p ON p.id = c.split ORDER BY seq"
    return list(connection.execute(query))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[apsw.Connection]:
    """A connection to an empty database."""
    home = Home(tmp_path)
    home.create()
    connection = open_connection(home.database)
    yield connection
    connection.close()


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Moves the machine to another time zone; back at the end."""

    def move(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def test_the_day_is_that_of_where_it_was_recorded(fresh: apsw.Connection, zone: Any) -> None:
    """An evening in New York stays on its day when the machine has moved to Tokyo, where it was the next one."""
    zone("America/New_York")
    evening = datetime(2026, 3, 2, 3, 0, tzinfo=UTC).timestamp()
    record_run(fresh, "gen-1", evening)
    insert = "INSERT INTO generations (id, conversation, origin, streamed, state, created_at, request)"
    fresh.execute(f"{insert} VALUES ('imported', 'c', 'cli', 0, 'done', ?, '')", (evening,))
    zone("Asia/Tokyo")
    record_run(fresh, "gen-3", evening)
    record = {"id": "gen-1", "model": "a/served", "total_cost": 1}
    writes.record_settlement(fresh, Settlement(generation_id="gen-1", state="settled", record=record))
    charges.count_changed(fresh, first=["gen-1"])
    assert list_places(fresh) == [
        ("2026-03-01", "a/served"),
        ("2026-03-01", ""),
        ("2026-03-02", "author/slug"),
    ]


@pytest.mark.parametrize("at", [1e300, -1e300, 9e15, -1.0])
def test_a_time_that_is_none_is_the_first_day(fresh: apsw.Connection, at: float) -> None:
    """A clock may tell anything."""
    record_run(fresh, "gen-1", at)
    assert list_places(fresh) == [("1970-01-01", "author/slug")]


def test_a_private_charge_stays_private(fresh: apsw.Connection) -> None:
    """A record that comes after its conversation was purged, or the first count of it, changes nothing of the kind."""
    conversation = a_conversation(private=True)
    message = a_message(conversation)
    generation = a_generation(message, None)
    writes.record_send(fresh, BLOBS, conversation, [message], generation)
    ended = replace(generation, state="done", generation_id="gen-1")
    writes.record_end(fresh, BLOBS, ended, message, completion=None, now=1, due=3)
    charges.count_changed(fresh, first=[ended.id])
    fresh.execute(
        "INSERT INTO generations (id, conversation, origin, streamed, state, reported_pico, created_at, request)"
        " VALUES ('imported', ?, 'cli', 0, 'done', 1000000000000, 1.0, '')",
        (conversation.id,),
    )
    fresh.execute("DELETE FROM conversations")
    record = {"id": "gen-1", "total_cost": 2}
    writes.record_settlement(fresh, Settlement(generation_id="gen-1", state="settled", record=record))
    charges.count_changed(fresh, first=["gen-1"])
    assert spending.sum_spending(fresh, SpendingQuery(private=True)).total.cost == 3
    assert spending.sum_spending(fresh, SpendingQuery(private=False)).total.charges == 0


def test_nothing_is_left_of_what_moved_on(fresh: apsw.Connection) -> None:
    """A record with the served model leaves no empty rows under the one that was asked for."""
    record_run(fresh, "gen-1", model="a/asked", time_to_first_token_ms=5)
    record = {"id": "gen-1", "total_cost": 2, "model": "a/served"}
    writes.record_settlement(fresh, Settlement(generation_id="gen-1", state="settled", record=record))
    charges.count_changed(fresh, first=["gen-1"])
    for table in ("spending", "latencies"):
        query = f"SELECT DISTINCT model FROM {table} JOIN spending_splits p ON p.id = split"  # noqa: S608
        assert fresh.execute(query).fetchall() == [("a/served",)]


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_an_older_file_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Generations that ended before the sums existed are in them, and those that still run come in when they end."""
    home = Home(tmp_path)
    home.create()
    with monkeypatch.context() as earlier:
        earlier.setattr(connection_module, "STEPS", STEPS[:steps])
        old = open_connection(home.database)
    old.execute("INSERT INTO conversations (id, title, origin, created_at) VALUES ('c', 'Why?', 'web', 1.0)")
    old.execute("INSERT INTO settlements (generation_id, state, settled_pico) VALUES ('gen-1', 'settled', 7)")
    insert = (
        "INSERT INTO generations (id, conversation, origin, streamed, state, generation_id, model, reported_pico,"
        " created_at, request) VALUES (?, 'c', 'web', 1, ?, ?, 'a/b', ?, 1e9, '')"
    )
    for number, (state, name, cost) in enumerate(
        [("done", "gen-1", 5), ("done", "gen-1", 6), ("cut", None, 3), ("streaming", None, None)]
    ):
        old.execute(insert, (f"g{number}", state, name, cost))
    old.close()
    connection = open_connection(home.database)
    assert charges.has_uncounted(connection)
    check(connection, {"c": False})
    assert spending.sum_spending(connection, SpendingQuery()).total.cost_pico == 7 + 3
    connection.execute("UPDATE generations SET state = 'done', reported_pico = 4 WHERE id = 'g3'")
    check(connection, {"c": False})
    assert spending.sum_spending(connection, SpendingQuery()).total.cost_pico == 7 + 3 + 4
    connection.close()


def test_settling_counts_no_more_than_a_few_others(fresh: apsw.Connection) -> None:
    """After an import nothing that is settled waits until all of it is counted."""
    for number in range(60):
        record_run(fresh, f"gen-{number}")
    fresh.execute("INSERT INTO uncounted (seq) SELECT seq FROM generations")
    writes.record_settlement(fresh, Settlement(generation_id="gen-1", state="settled", record={"id": "gen-1"}))
    charges.count_changed(fresh, first=["gen-1"])
    assert fresh.execute("SELECT count(*) FROM uncounted").get == 60 - charges.AT_ONCE


def test_a_range_is_read_from_few_rows(fresh: apsw.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """No part of an answer, long or short, narrow or not, scans a table of charges or sums."""
    asked: list[tuple[str, Any]] = []

    def note(cursor: apsw.Cursor, sql: str, bindings: Any) -> bool:
        asked.append((sql, bindings))
        return True

    usage = Usage(cost=Decimal(1))
    for number in range(3):
        record_run(fresh, f"gen-{number}", datetime(2026, 3, 1, 12).timestamp(), usage=usage)
    monkeypatch.setattr(spending, "_FEW", 2)
    fresh.exec_trace = note
    for first in (date(2020, 1, 2), date(2026, 2, 1)):
        for few, model in ((40, None), (40, "author/slug"), (0, "author/slug")):
            monkeypatch.setattr(spending, "_FEW_SPLITS", few)
            query = SpendingQuery(first=first, last=date(2026, 3, 3), model=model)
            assert len(spending.sum_spending(fresh, query).dearest) == 3
    monkeypatch.setattr(spending, "_FEW", 3)
    assert len(spending.sum_spending(fresh, SpendingQuery(first=date(2026, 3, 1))).dearest) == 3
    fresh.exec_trace = None
    plans = [
        str(row[3])
        for sql, args in asked
        if "SELECT" in sql
        for row in fresh.execute(f"EXPLAIN QUERY PLAN {sql}", args)
    ]
    assert [
        step for step in plans if step.startswith("SCAN") and step.split()[1] in ("c", "g", "spending", "latencies")
    ] == []
    for index in ("charges_by_cost", "charges_by_day", "charges_by_split"):
        assert any(index in step for step in plans), index


async def test_what_another_program_wrote_is_counted_before_it_is_told(tmp_path: Path) -> None:
    """Rows that came into the file by other ways are in the sums of the next answer; a row that went is not."""
    store = open_store(tmp_path)
    other = open_connection(Home(tmp_path).database)
    assert (await store.sum_spending(SpendingQuery())).total.charges == 0
    with other:
        record_run(other, "gen-1", usage=Usage(cost=Decimal(1)))
        other.execute("INSERT INTO uncounted (seq) SELECT seq FROM generations")
        other.execute("UPDATE generations SET reported_pico = 2 * reported_pico")
    assert (await store.sum_spending(SpendingQuery())).total.cost == 2
    other.execute("DELETE FROM generations")
    assert charges.has_uncounted(other)
    assert (await store.sum_spending(SpendingQuery())).total.charges == 0
    assert not charges.has_uncounted(other)
    other.close()
    await store.close()


@pytest.mark.parametrize("record", ["{", "[]", '{"id": 3}'])
def test_a_record_that_cannot_be_read(fresh: apsw.Connection, record: str) -> None:
    """It tells nothing, and what was settled still counts; nothing else waits for it."""
    record_run(fresh, "gen-1", model="a/one")
    writes.record_settlement(fresh, Settlement(generation_id="gen-1", state="settled", record={"total_cost": 1}))
    charges.count_changed(fresh, first=["gen-1"])
    fresh.execute("UPDATE settlements SET record = ?, settled_pico = 7", (record,))
    record_run(fresh, "gen-2", usage=Usage(cost=Decimal(1)))
    answer = spending.sum_spending(fresh, SpendingQuery())
    assert (answer.total.cost_pico, answer.models["a/one"].cost_pico) == (7 + 10**12, 7)


@pytest.mark.parametrize(
    "change", ["DELETE FROM generations WHERE id = ?", "UPDATE generations SET generation_id = 'gen-2' WHERE id = ?"]
)
def test_those_that_shared_an_id_are_counted_anew(fresh: apsw.Connection, change: str) -> None:
    """When the first of them goes, or gets another id, the next one stands for the charge."""
    first = record_run(fresh, "gen-1", model="a/one", usage=Usage(cost=Decimal(2)))
    record_run(fresh, "gen-1", model="a/two", usage=Usage(cost=Decimal(1)))
    fresh.execute("INSERT INTO settlements (generation_id) VALUES ('gen-2')")
    assert list(spending.sum_spending(fresh, SpendingQuery()).models) == ["a/one"]
    fresh.execute(change, (first.id,))
    charges.count_changed(fresh)
    assert spending.sum_spending(fresh, SpendingQuery()).models["a/two"].cost == 1


def test_a_call_is_counted_however_many_wait(fresh: apsw.Connection) -> None:
    """While an older history is still being counted, a token's calls count as they end and settle."""
    tokens.record_token(fresh, LocalToken(hash="editor", name="editor"))
    backlog = 3 * charges.AT_ONCE
    for _ in range(backlog):
        record_run(fresh, None)
    conversation = a_conversation()
    message = a_message(conversation)
    generation = a_generation(message, None, token="editor", created_at=1.0)
    writes.record_send(fresh, BLOBS, conversation, [message], generation)
    fresh.execute("INSERT INTO uncounted (seq) SELECT seq FROM generations WHERE state = 'done'")
    ended = replace(generation, generation_id="gen-1", state="done", usage=Usage(cost=Decimal("0.5")))
    writes.record_end(fresh, BLOBS, ended, message, completion=None, now=1, due=3)
    charges.count_changed(fresh, first=[ended.id])
    assert _spent(fresh) == Spent(cost=Decimal("0.5"), calls=1)
    fresh.execute("INSERT INTO uncounted (seq) SELECT seq FROM generations WHERE true ON CONFLICT DO NOTHING")
    record = {"id": "gen-1", "total_cost": 0.25}
    writes.record_settlement(fresh, Settlement(generation_id="gen-1", state="settled", record=record))
    charges.count_changed(fresh, first=["gen-1"])
    assert _spent(fresh) == Spent(cost=Decimal("0.25"), calls=1)
    assert charges.has_uncounted(fresh)


def _spent(connection: apsw.Connection) -> Spent:
    found = tokens.find_token_spending(connection, "editor", 1.0)
    assert found is not None
    return found.total
