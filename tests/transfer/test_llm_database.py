"""llm's databases, of each version that there was, as conversations of ours."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import apsw
import pytest
from tests.dossiers import same
from tests.transfer.llm_databases import PNG, LlmDatabase

from chit.core.attachments import read_content
from chit.core.dossier import Dossier
from chit.core.dossier_json import encode_dossier
from chit.core.dossier_reading import decode_dossier
from chit.core.imported import imported_id
from chit.core.messages import (
    MediaPart,
    Message,
    ReasoningPart,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.errors import InputError
from chit.transfer import llm_database, llm_rows
from chit.transfer.llm_database import open_llm_database


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    """Closes what was opened."""
    with ExitStack() as stack:
        yield stack


def read(path: Path) -> dict[str, Dossier]:
    """All conversations by title, each of which our own export can hold."""
    with ExitStack() as closing:
        source = open_llm_database(path, closing, Event())
        found = [outcome for _, outcome in source.outcomes]
        assert len(found) == source.total
    for dossier in found:
        assert isinstance(dossier, Dossier), dossier
        assert decode_dossier(encode_dossier(dossier, same)) == dossier
    return {each.conversation.title: each for each in found if isinstance(each, Dossier) and each.conversation}


def told(dossier: Dossier) -> list[tuple[str, str]]:
    """Who says what."""
    return [(message.source, message.text) for message in dossier.messages]


def line(dossier: Dossier) -> bool:
    """Whether each message follows the one before."""
    parents = [None, *(message.id for message in dossier.messages[:-1])]
    return [message.parent_id for message in dossier.messages] == parents


def test_0_13(tmp_path: Path) -> None:
    """Responses one after the other, by their ids; the system prompt is told where it changes."""
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    made.add("conversations", id="c", name="Talk", model="gpt-4")
    made.add_response("2", system="Be brief", options_json='{"temperature":0}', duration_ms=5)
    made.add_response("1", system="Be brief", options_json="{}", datetime_utc="2025-01-01T00:00:00+00:00")
    made.add_response("3", system="Be long")
    made.add_response("4", response="", model=None)
    made.add_response("5", conversation=None, prompt="Alone\nin the world")
    talk, alone = read(made.close()).values()
    assert told(talk) == [
        *(("system", "Be brief"), ("user", "ask 1"), ("actor", "answer 1"), ("user", "ask 2"), ("actor", "answer 2")),
        *(("system", "Be long"), ("user", "ask 3"), ("actor", "answer 3"), ("user", "ask 4"), ("actor", "")),
    ]
    assert line(talk)
    assert talk.conversation is not None
    assert (talk.conversation.title, talk.conversation.origin) == ("Talk", "import")
    assert talk.conversation.created_at == talk.messages[0].created_at == 1735689600.0
    assert talk.messages[4].extra == {
        "llm": {"id": "2", "model": "gpt-4o", "duration_ms": 5, "options": '{"temperature":0}'}
    }
    assert talk.messages[3].extra == {"llm": {"id": "2"}}
    assert talk.messages[9].extra == {"llm": {"id": "4"}}
    assert told(alone) == [("user", "Alone\nin the world"), ("actor", "answer 5")]
    assert alone.generations == ()


def test_0_28(tmp_path: Path) -> None:
    """Attachments, fragments, and tools, whose calls and results belong together."""
    made = LlmDatabase(tmp_path / "logs.db", "0.28")
    made.add("fragments", id=1, content="A long novel")
    made.add("fragments", id=2, content="You are a critic")
    made.add("prompt_fragments", response_id="1", fragment_id=1, order=0)
    made.add("system_fragments", response_id="1", fragment_id=2, order=0)
    attachments: dict[str, dict[str, Any]] = {
        "png": {"type": "image/png", "content": PNG, "path": "/home/me/cat.png"},
        "txt": {"type": "text/plain", "content": b"notes"},
        "bin": {"type": "application/zip", "content": b"PK\0\0\xff"},
        "odd": {"content": b"\0"},
        "web": {"type": "image/png", "url": "https://a.example/x.png"},
        "file": {"type": "image/png", "path": "/etc/passwd"},
        "none": {"url": "file:///etc/passwd"},
    }
    for order, (id, values) in enumerate(attachments.items()):
        made.add("attachments", id=id, **values)
        made.add("prompt_attachments", response_id="1", attachment_id=id, order=order)
    made.add_response(
        "1", system="Be brief", resolved_model="gpt-4o-2024", input_tokens=3, output_tokens=4, token_details='{"a":1}'
    )
    made.add("tool_calls", response_id="1", name="double", arguments='{"a": 2}', tool_call_id="call_1")
    made.add("tool_calls", response_id="1", name="half")
    made.add("tool_results", response_id="2", name="double", output="4", tool_call_id="call_1")
    made.add("tool_results", response_id="2", name="half", output="", exception="Error: odd")
    made.add_response("2", prompt=" ")
    made.add("tool_calls", response_id="2", name="open", arguments="{}", tool_call_id="call_2")
    (talk,) = read(made.close()).values()
    system, ask, answer, result, other, last = talk.messages
    assert line(talk)
    assert system.text == "You are a critic\nBe brief"
    assert [type(part) for part in ask.parts[:3]] == [TextFilePart, MediaPart, TextFilePart]
    picture = ask.parts[1]
    assert isinstance(picture, MediaPart)
    assert (picture.name, read_content(picture)) == ("cat.png", PNG)
    assert ask.parts[2] == TextFilePart("attachment.txt", "notes")
    assert ask.parts[3:] == (
        TextPart("[A file of a kind that Chit does not know: application/zip]"),
        TextPart("[A file of a kind that Chit does not know: unknown]"),
        MediaPart({"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}),
        TextPart("[A file that is not in the database: passwd]"),
        TextPart("[A file that is not in the database: without a name]"),
        TextPart("ask 1"),
    )
    assert answer.parts[1:] == (ToolCallPart("call_1", "double", '{"a": 2}'), ToolCallPart("half", "half", "{}"))
    assert answer.extra["llm"] == {
        **{"id": "1", "model": "gpt-4o-2024", "input_tokens": 3, "output_tokens": 4, "token_details": '{"a":1}'},
    }
    assert (result.source, result.parts, other.parts) == (
        *("client", (ToolResultPart("call_1", "4"),)),
        (ToolResultPart("half", "Error: odd"),),
    )
    assert last.parts == (TextPart("answer 2"), ToolCallPart("call_2", "open", "{}"))
    assert [each.options.visible_to_engine for each in talk.messages] == [True] * 6


def test_a_call_that_is_answered_later(tmp_path: Path) -> None:
    """What was imported while it was open is no other message afterwards, so that a later import goes on from it."""
    made = LlmDatabase(tmp_path / "logs.db", "0.28")
    made.add_response("1")
    made.add("tool_calls", response_id="1", name="look", arguments="{}", tool_call_id="call_1")
    (before,) = read(made.path).values()
    made.add_response("2", prompt=" ")
    made.add("tool_results", response_id="2", name="look", output="4", tool_call_id="call_1")
    (after,) = read(made.close()).values()
    assert after.messages[: len(before.messages)] == before.messages
    assert [each.source for each in after.messages] == ["user", "actor", "client", "actor"]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_before_0_5(tmp_path: Path, version: str) -> None:
    """One table, in which what belongs together names its first row."""
    made = LlmDatabase(tmp_path / "logs.db", version)
    table, at = ("log", "timestamp") if version == "0.4" else ("logs", "datetime_utc")
    rows: list[dict[str, Any]] = [{}, {"chat_id": 1}, {}] if version == "0.5" else [{}, {}, {}]
    for number, row in enumerate(rows, 1):
        made.add(table, prompt=f"ask {number}", response="yes", model="gpt-3.5", **{at: "2023-05-01 10:00:00"}, **row)
    talks = read(made.close())
    assert [len(each.messages) for each in talks.values()] == ([4, 2] if version == "0.5" else [2, 2, 2])
    assert talks["ask 1"].messages[1].extra["llm"]["model"] == "gpt-3.5"
    assert talks["ask 1"].messages[0].created_at == 1682935200.0


def add_thread(made: LlmDatabase) -> None:
    """A thread with two branches, of which the first is its tip, and tools."""
    made.add("fragments", id=1, content="novel")
    made.add("attachments", id="png", type="image/png", content=PNG)
    made.add_message("s", None, "system", "Be brief")
    made.add_message(
        "q",
        "s",
        "user",
        {"type": "text", "text_ref": [{"literal": "the "}, {"fragment": 1}, 5, {}]},
        {"type": "attachment", "attachment": {"id": "png"}},
        {"type": "attachment"},
    )
    call = {"type": "tool_call", "name": "double", "arguments": {"a": 2}, "tool_call_id": "call_1"}
    bare = {"type": "tool_call", "name": "half", "arguments": "odd"}
    made.add_message(
        "a", "q", "assistant", {"type": "reasoning", "text": "hm"}, {"type": "reasoning"}, "so", call, bare
    )
    result = {"type": "tool_result", "name": "double", "output": "4", "tool_call_id": "call_1"}
    failed = {"type": "tool_result", "name": "half", "output": "", "exception": "odd"}
    made.add_message("r", "a", "tool", result, failed)
    made.add_message("b", "r", "assistant", "It is 4.", "", {"type": "news"})
    made.add_message("r2", "a", "user", "Forget it")
    made.add_message("b2", "r2", "assistant", "Done.")
    made.add("threads", id="c", name="Thread", tip_message_hash="b")
    made.add_turn("1", "q", "a", input_tokens=3)
    made.add_turn("2", "r", "b", resolved_model="gpt-5-1", datetime_utc="2026-01-02T00:00:00")
    made.add_turn("3", "r2", "b2", datetime_utc="2026-01-03T00:00:00")


def test_0_36(tmp_path: Path) -> None:
    """The tree that turns made, its tip last, with what each part holds."""
    made = LlmDatabase(tmp_path / "logs.db", "0.36")
    add_thread(made)
    made.add("threads", id="empty", name="Empty", tip_message_hash=None)
    (talk,) = read(made.close()).values()
    by_text = {message.text: message for message in talk.messages}
    assert talk.conversation is not None
    assert (talk.conversation.title, talk.conversation.created_at) == ("Thread", 1767225600.0)
    assert talk.messages[-1].text == "It is 4."
    ask, answer = by_text["the novel"], by_text["so"]
    assert isinstance(ask.parts[1], MediaPart)
    assert len(ask.parts) == 2
    assert answer.parts == (
        *(ReasoningPart("hm"), TextPart("so")),
        *(ToolCallPart("call_1", "double", '{"a":2}'), ToolCallPart("half", "half", "{}")),
    )
    results = [message for message in talk.messages if message.source == "client"]
    assert [each.parts for each in results] == [(ToolResultPart("call_1", "4"),), (ToolResultPart("half", "odd"),)]
    assert [each.parent_id for each in results] == [answer.id, results[0].id]
    assert by_text["It is 4."].parent_id == results[1].id
    assert by_text["Forget it"].parent_id == answer.id
    assert answer.extra["llm"] == {"id": "a", "model": "gpt-5", "input_tokens": 3}
    assert by_text["It is 4."].extra["llm"]["model"] == "gpt-5-1"
    assert by_text["Done."].created_at == 1767398400.0
    assert all(each.options.visible_to_engine for each in talk.messages)


def test_threads_share_messages(tmp_path: Path) -> None:
    """A fork is a conversation of its own, with copies of what it shares."""
    made = LlmDatabase(tmp_path / "logs.db", "0.36")
    add_thread(made)
    made.add_message("f", "q", "assistant", "Forked")
    made.add("threads", id="fork", name="Fork", tip_message_hash="f", forked_from="c")
    made.add_turn("4", "q", "f", thread="fork")
    talks = read(made.close())
    assert told(talks["Fork"]) == [("system", "Be brief"), ("user", "the novel"), ("actor", "Forked")]
    ids = [{message.id for message in talk.messages} for talk in talks.values()]
    assert ids[0].isdisjoint(ids[1])


def upgrade(tmp_path: Path, first: str, *, reasoning: str | None = None) -> list[Message]:
    """What was logged by an earlier llm and went on with a later one, whose chain begins with `first`."""
    made = LlmDatabase(tmp_path / "logs.db", "0.36")
    made.add("conversations", id="c", name="Talk")
    made.add_response("1", reasoning=reasoning)
    made.add_response("turned")
    made.add_message("q", None, "user", first)
    made.add_message("a", "q", "assistant", "answer 1")
    made.add_message("q2", "a", "user", "Go on")
    made.add_message("a2", "q2", "assistant", "Gladly")
    made.add("threads", id="c", name="Talk", tip_message_hash="a2")
    made.add_turn("turned", "q2", "a2")
    (talk,) = read(made.close()).values()
    return list(talk.messages)


def test_an_upgrade_in_between(tmp_path: Path) -> None:
    """What both shapes tell is there once, by the names that it had before; thoughts do not make a difference."""
    messages = upgrade(tmp_path, "ask 1", reasoning="hm")
    assert [message.text for message in messages] == ["ask 1", "answer 1", "Go on", "Gladly"]
    assert messages[0].id == imported_id("llm", "c", "1", "0")
    assert messages[2].parent_id == messages[1].id
    assert messages[1].reasoning == "hm"


def test_an_upgrade_after_tools(tmp_path: Path) -> None:
    """Calls and results are the same however their arguments are laid out."""
    made = LlmDatabase(tmp_path / "logs.db", "0.36")
    made.add_response("1", response="")
    made.add("tool_calls", response_id="1", name="double", arguments='{"a": 2}', tool_call_id="call_1")
    made.add("tool_results", response_id="2", name="double", output="4", tool_call_id="call_1")
    made.add_response("2", prompt=" ")
    made.add_message("q", None, "user", "ask 1")
    call = {"type": "tool_call", "name": "double", "arguments": {"a": 2}, "tool_call_id": "call_1"}
    made.add_message("a", "q", "assistant", call)
    made.add_message("r", "a", "tool", {"type": "tool_result", "output": "4", "tool_call_id": "call_1"})
    made.add_message("b", "r", "assistant", "answer 2")
    made.add_message("c", "b", "user", "Thanks")
    made.add_turn("3", "c", "c")
    (talk,) = read(made.close()).values()
    assert [message.source for message in talk.messages] == ["user", "actor", "client", "actor", "user"]
    assert line(talk)


def test_an_upgrade_that_contradicts(tmp_path: Path) -> None:
    """Then both stand beside each other."""
    messages = upgrade(tmp_path, "something else")
    assert [message.text for message in messages] == [
        "ask 1",
        "answer 1",
        "something else",
        "answer 1",
        "Go on",
        "Gladly",
    ]
    assert messages[2].parent_id is None


def outcomes(path: Path) -> list[str]:
    """Of each conversation why it is refused."""
    with ExitStack() as closing:
        return [f"{name}: {outcome}" for name, outcome in open_llm_database(path, closing, Event()).outcomes]


def test_broken_threads(tmp_path: Path) -> None:
    """Messages that are missing or go round in a circle refuse their thread, and no other."""
    made = LlmDatabase(tmp_path / "logs.db", "0.36")
    made.add_message("x", "y", "user", "a")
    made.add_message("y", "x", "user", "b")
    made.add_turn("1", "x", "y", thread="circle")
    made.add_turn("2", None, "gone", thread="gap")
    made.add_turn("3", None, "x", thread=None)  # type: ignore[arg-type]
    made.add("turns", id="4", thread_id="none")
    assert sorted(outcomes(made.close())) == [
        "conversation circle: its messages go round in a circle",
        "conversation gap: a message in it is missing",
        "conversation none: it holds no messages",
    ]


def test_a_thread_whose_tip_others_follow(tmp_path: Path) -> None:
    """It stays where it is; a thread without a row of its own has no tip, and no name."""
    made = LlmDatabase(tmp_path / "logs.db", "0.36")
    made.add_message("q", None, "user", "Why?")
    made.add_message("a", "q", "assistant", "So.")
    made.add("threads", id="c", name="", tip_message_hash="q")
    made.add_turn("1", "q", "a")
    made.add_turn("2", "q", "a", thread="d")
    made.connection.execute("UPDATE parts SET payload = '[1' WHERE message_hash = 'a'")
    found = [each for each in (read(made.close()))["Why?"].messages]
    assert [message.text for message in found] == ["Why?", "So."]


def test_what_takes_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation beyond the limit is refused, and so is one with a value beyond it; the others are read."""
    monkeypatch.setattr(llm_rows, "MOST_DOCUMENT", 10_000)
    monkeypatch.setattr(llm_database, "MOST_DOCUMENT", 20_000)
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    made.add_response("1", conversation="large", prompt="x" * 15_000)
    made.add_response("2", conversation="huge", prompt="x" * 30_000)
    made.add_response("3", conversation="small")
    large, huge, small = outcomes(made.close())
    assert large == "conversation large: it is larger than 0 MiB"
    assert huge.startswith("conversation huge: ")
    assert small.startswith("“ask 3”: Dossier")


def refuse(path: Path) -> str:
    """Why nothing of it is imported."""
    with pytest.raises(InputError) as refused:
        outcomes(path)
    return str(refused.value)


def test_what_is_no_database_of_llm(tmp_path: Path) -> None:
    """Another program's, one that is damaged, and one whose tables are none."""
    other = tmp_path / "other.db"
    apsw.Connection(str(other)).execute("CREATE TABLE t (x); CREATE VIRTUAL TABLE responses USING fts5 (id)")
    assert "another program" in refuse(other)
    junk = tmp_path / "junk.db"
    junk.write_bytes(b"SQLite format 3\0" + os.urandom(4096))
    assert "damaged" in refuse(junk)
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    for number in range(200):
        made.add_response(f"{number:03}", conversation=f"c{number:03}", prompt="x" * 3000)
    with open(made.close(), "r+b") as file:
        file.seek(200_000)
        file.write(b"\xff" * 100_000)
    assert "damaged" in refuse(made.path)


def test_a_database_that_breaks_in_the_middle(tmp_path: Path) -> None:
    """It is said so; what came before is good."""
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    made.add_response("1")
    with ExitStack() as closing:
        source = open_llm_database(made.close(), closing, Event())
    with pytest.raises(InputError, match="damaged"):
        next(source.outcomes)


def test_views_and_triggers_are_not_run(tmp_path: Path) -> None:
    """Attack: a view in the place of a table is none of them."""
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    made.add_response("1")
    made.connection.execute("CREATE VIEW attachments AS SELECT randomblob(1000000000) AS content")
    made.connection.execute("CREATE VIEW threads AS SELECT 1 AS id")
    assert list(read(made.close())) == ["ask 1"]


def test_a_database_that_is_being_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said so, instead of waiting for ever."""
    monkeypatch.setattr(llm_database, "_BUSY_MILLISECONDS", 1)
    made = LlmDatabase(tmp_path / "logs.db", "0.13")
    made.connection.execute("BEGIN EXCLUSIVE")
    assert "another program" in refuse(made.path)
    made.close()


def test_a_log_that_is_read_is_not_changed(tmp_path: Path) -> None:
    """Not a byte of it."""
    made = LlmDatabase(tmp_path / "logs.db", "0.36")
    add_thread(made)
    before = made.close().read_bytes()
    read(made.path)
    assert made.path.read_bytes() == before
    assert os.listdir(tmp_path) == ["logs.db"]
