"""What the commands of a chat do, over a sandbox."""

import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.upstream import opened

from chit.app import App
from chit.cli.chat_commands import read_input
from chit.cli.chat_prompt import Left
from chit.cli.chat_state import ChatState, Turns
from chit.cli.chat_verbs import ChatVerbs, list_files, read_number
from chit.core.attachments import make_attachment
from chit.core.conversation import Conversation
from chit.core.media_kind import PDF
from chit.errors import InputError
from chit.places import Place
from chit.prefs import UserPrefs
from chit.running import Running
from chit.sandbox.server import Sandbox


@dataclass
class Room:
    """A chat without a terminal."""

    app: App
    box: Sandbox
    turns: Turns
    keys: list[str] = field(default_factory=list)
    replies: list[Running] = field(default_factory=list)

    @property
    def state(self) -> ChatState:
        """Where it stands."""
        return self.turns.state

    @property
    def body(self) -> Any:
        """The last request."""
        return self.box.ledger.requests[-1].body

    @property
    def said(self) -> list[str]:
        """The words of its messages."""
        return [each["content"] for each in self.body["messages"]]

    async def show(self, running: Running) -> None:
        """To its end."""
        await running.wait()
        self.replies.append(running)

    async def do(self, text: str) -> str:
        """As it was typed; what the next prompt begins with."""
        command, rest = read_input(text)
        if command is not None:
            return await ChatVerbs(self.app, self.turns, self.show, lambda text: text).obey(command, rest)
        await self.show(await self.turns.ask(rest))
        return ""


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    """A new chat with a model that echoes."""
    async with Sandbox(pace=0, settle_after=0) as box, opened(box.base_url, tmp_path / "home") as app:
        prefs = UserPrefs(home=tmp_path, model="sandbox/echo", parameters={"top_p": 0.5})
        room: Room

        async def find_key() -> None:
            room.keys.append("found")

        room = Room(app=app, box=box, turns=Turns(app, prefs, ChatState(), find_key))
        yield room


async def test_the_model_can_be_chosen(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    """For what follows; several are fallbacks, and the account's default is a choice, too."""
    await room.do("/model")
    await room.do("Hi")
    assert room.body["model"] == "sandbox/echo"
    await room.do("/model sandbox/echo,sandbox/long")
    await room.do("Hi")
    assert room.body["models"] == ["sandbox/echo", "sandbox/long"]
    await room.do("/model default")
    await room.do("Hi")
    assert not {"model", "models"} & set(room.body)
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "model: sandbox/echo",
        "model: sandbox/echo, sandbox/long",
        "model: your account's default",
    ]
    assert told.err == ""
    assert len(room.keys) == 3


async def test_going_on_where_nobody_was_asked(room: Room) -> None:
    """The model stays as it is."""
    conversation = Conversation(id="1", title="", origin="cli")
    room.state.take_up(Place(conversation=conversation, path=(), model=None))
    assert (room.state.conversation_id, room.state.leaf_id, room.state.model) == ("1", None, None)


async def test_a_model_that_is_not_known_is_remarked_upon(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    """Once there is a catalogue; variants and presets are left to who types them."""
    await room.app.catalogue.list_models()
    for id in ("xyzzy", "openai/gpt-5-mini:nitro, ,@preset/mine", "default"):
        await room.do(f"/model {id}")
    assert capsys.readouterr().err.startswith("chit: xyzzy is not among the models that are known; it is asked for")


async def test_instructions(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    """They go along with the next question and hold from there."""
    await room.do("/system")
    await room.do("/system Be brief.")
    await room.do("/system")
    await room.do("One")
    assert room.said == ["Be brief.", "One"]
    await room.do("/system")
    await room.do("/system Be long.")
    await room.do("Two")
    assert room.said == ["Be brief.", "One", "One", "Be long.", "Two"]
    assert capsys.readouterr().out.splitlines() == [
        "There are no instructions.",
        "These instructions go along with the next question.",
        "Be brief.",
        "Be brief.",
        "These instructions go along with the next question.",
    ]


async def test_parameters_belong_to_the_conversation(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    """They are kept with it, whether they are set before or after its beginning; null does without a default."""
    await room.do("/set")
    await room.do("/set seed=1 top_p=null")
    await room.do("One")
    assert (room.body["seed"], "top_p" in room.body) == (1, False)
    await room.do("/set seed=2 'stop=[\"a b\"]' top_p=")
    await room.do("Two")
    assert (room.body["seed"], room.body["stop"], room.body["top_p"]) == (2, ["a b"], 0.5)
    assert room.state.conversation_id
    kept = await room.app.store.get_conversation(room.state.conversation_id)
    assert kept.parameters == {"seed": 2, "stop": ["a b"]}
    assert capsys.readouterr().out.splitlines()[:3] == [
        "Nothing is set: your preferences hold.",
        "seed=1",
        "top_p=null",
    ]
    with pytest.raises(InputError, match="cannot be taken apart"):
        await room.do("/set 'seed=1")


async def test_files(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Added until they are sent; none of them with one word; one name may have blanks in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "my notes.md").write_text("words")
    (tmp_path / "b.md").write_text("more")
    await room.do("/attach ~/my notes.md")
    await room.do(f"/attach '{tmp_path}/my notes.md' ~/b.md")
    assert [each.name for each in room.state.files] == ["my notes.md", "my notes.md", "b.md"]
    await room.do("/attach")
    with pytest.raises(InputError, match="cannot be read"):
        await room.do(f"/attach {tmp_path}/none")
    assert len(room.state.files) == 3
    await room.do("/attach none")
    assert room.state.files == []
    await room.do("/attach ~/b.md")
    await room.do("What?")
    assert [each["type"] for each in room.body["messages"][-1]["content"]] == ["text", "text"]
    await room.do("And?")
    assert room.said[-1] == "And?"


def test_files_are_listed() -> None:
    """What each is called and is, and its size."""
    pdf = make_attachment(b"%PDF-" + bytes(4091), PDF, "")
    assert list_files([make_attachment(b"words", None, "a\x1b.md"), pdf]) == [
        "a.md · text · 5 bytes",
        "document-2.pdf · PDF · 4 KiB",
    ]


async def test_a_reply_again(room: Room) -> None:
    """Beside the first, with what was set since; another model stays."""
    with pytest.raises(InputError, match="there is no reply yet"):
        await room.do("/retry")
    await room.do("/set seed=1")
    await room.do("Hi")
    await room.do("/set seed= top_k=3")
    await room.do("/retry temperature=1")
    assert (room.body.get("seed"), room.body["top_k"], room.body["temperature"]) == (None, 3, 1)
    await room.do("/retry model=sandbox/structured")
    assert (room.body["model"], room.state.model) == ("sandbox/structured", "sandbox/structured")
    await room.do("/model sandbox/echo")
    await room.do("/retry")
    assert room.body["model"] == "sandbox/echo"
    assert room.state.leaf_id == room.replies[-1].message.id
    assert len({each.message.parent_id for each in room.replies}) == 1


async def test_a_reply_goes_on(room: Room) -> None:
    """Where it broke off; what it said is sent with it."""
    with pytest.raises(InputError, match="there is no reply yet"):
        await room.do("/continue")
    await room.do("/set max_tokens=3")
    await room.do("/model sandbox/long")
    await room.do("Hi")
    await room.do("/continue")
    assert [each["role"] for each in room.body["messages"]] == ["user", "assistant"]
    assert room.state.leaf_id == room.replies[-1].message.id


async def test_a_question_is_rewritten(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    """Beside the first one, with its files; the other branch stays, and one can go back to it."""
    with pytest.raises(InputError, match="there is no question to rewrite"):
        await room.do("/edit")
    room.state.files = [make_attachment(b"words", None, "a.md")]
    await room.do("One")
    await room.do("Two")
    assert await room.do("/edit 1") == "One"
    assert [each.name for each in room.state.files] == ["a.md"]
    await room.do("First")
    assert len(room.body["messages"]) == 1
    assert await room.do("/edit") == "First"
    with pytest.raises(InputError, match="there is no question 2"):
        await room.do("/edit 2")
    capsys.readouterr()
    await room.do("/branch")
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("  1  … ") or first.startswith("  1  One")
    assert first.partition(" · ")[2].startswith("2 questions · ")
    assert second.partition(" · ")[2].startswith("1 question · ")
    assert second.endswith(" · here")
    await room.do("/branch 1")
    assert "you\nTwo\n\nmodel\nTwo\n" in capsys.readouterr().out
    assert room.state.rewriting is None
    await room.do("Three")
    assert [each if isinstance(each, str) else each[0]["text"] for each in room.said] == [
        "One",
        "One",
        "Two",
        "Two",
        "Three",
    ]
    with pytest.raises(InputError, match="there is no branch 3"):
        await room.do("/branch 3")


@pytest.mark.parametrize("typed", ["//quit", "///a", "/etc/hosts is what?"])
async def test_a_question_with_a_slash_is_rewritten(room: Room, typed: str) -> None:
    """As it was typed, so that it is sent again and not obeyed."""
    await room.do(typed)
    assert await room.do("/edit") == typed


async def test_files_go_with_the_question_that_is_not_rewritten(room: Room) -> None:
    """On another branch the next question has none of them; without rewriting, what was attached stays."""
    room.state.files = [make_attachment(b"words", None, "a.md")]
    await room.do("One")
    await room.do("/edit 1")
    await room.do("/branch 1")
    assert (room.state.rewriting, room.state.files) == (None, [])
    await room.do("Two")
    assert room.said[-1] == "Two"
    room.state.files = [make_attachment(b"words", None, "b.md")]
    await room.do("/branch 1")
    assert [each.name for each in room.state.files] == ["b.md"]


async def test_branches_on_a_narrow_window(
    room: Room, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is said of a branch stands on a line of its own where it does not fit beside its name."""
    monkeypatch.setattr("chit.cli.chat_verbs.find_width", lambda: 30)
    await room.do("One")
    capsys.readouterr()
    await room.do("/branch")
    name, about = capsys.readouterr().out.splitlines()
    assert name == "  1  One One"
    assert about.startswith("     1 question · ")
    assert about.endswith(" · here")


async def test_branches_of_nothing(room: Room) -> None:
    """They begin with the first question."""
    with pytest.raises(InputError, match="nothing was asked yet"):
        await room.do("/branch")


@pytest.mark.parametrize("text", ["0", "4", "-1", "x", "1" * 9, "٣"])
def test_numbers_that_lead_nowhere(text: str) -> None:
    """They say how far one may count."""
    with pytest.raises(InputError, match=f"there is no branch {text}"):
        read_number(text, 3, "branch")
    assert read_number("3", 3, "branch") == 3


async def test_costs(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the conversation, and the last receipt."""
    await room.do("/cost")
    await room.do("One")
    await room.do("/cost")
    await room.do("Two")
    await room.app.settler.settle_now([each.generation_id for each in await room.app.store.list_pending()])
    await room.do("/cost")
    told = capsys.readouterr().out
    assert told.startswith("Nothing was asked yet.\nthis conversation: $0.0000")
    assert " · 1 reply · 1 pending\n\nsandbox/echo\nserved by " in told
    assert " · 2 replies\n\nsandbox/echo\nserved by " in told
    room.state.leaf_id = None
    await room.do("/cost")
    assert "served by" not in capsys.readouterr().out


async def test_a_conversation_is_saved(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As Markdown or JSON by its name; never over something else."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="there is nothing to save yet"):
        await room.do("/save a.md")
    await room.do("Why is the sky blue?")
    await room.do("/save")
    await room.do("/save a.md")
    await room.do("/save a.json")
    (name,) = (each for each in os.listdir(tmp_path) if each.startswith("why-is-the-sky-blue-"))
    assert capsys.readouterr().out.splitlines() == [f"Saved as {name}", "Saved as a.md", "Saved as a.json"]
    assert "# Why is the sky blue" in (tmp_path / "a.md").read_text()
    assert json.loads((tmp_path / "a.json").read_text())
    with pytest.raises(InputError, match="is there already") as caught:
        await room.do("/save a.md")
    assert caught.value.hint == "Choose another name: /save FILE"
    room.state.private = True
    with pytest.raises(InputError, match="is private"):
        await room.do("/save b.md")


@pytest.mark.parametrize(
    ("typed", "name"),
    [("'my file.JSON'", "my file.JSON"), ("my\\ file.json", "my file.json"), ("~/my file.json", "my file.json")],
)
async def test_a_file_to_save_to_is_named_as_in_a_shell(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, name: str
) -> None:
    """Quotation is none of its name, blanks may be; how its ending is written plays no part."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    await room.do("One")
    await room.do(f"/save {typed}")
    assert json.loads((tmp_path / name).read_text())
    with pytest.raises(InputError, match="cannot be taken apart"):
        await room.do("/save 'a.md")


async def test_help_and_leaving(
    room: Room, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a wide window and a narrow one, with every command."""
    await room.do("/help")
    wide = capsys.readouterr().out
    assert wide.count("\n/") + 1 == 13
    monkeypatch.setattr("chit.cli.chat_verbs.find_width", lambda: 39)
    await room.do("/help")
    narrow = capsys.readouterr().out
    assert max(map(len, narrow.splitlines())) <= 39
    assert sorted(narrow.split()) == sorted(wide.split())
    await room.do("/stop")
    assert capsys.readouterr().out == "No reply is coming in.\n"
    with pytest.raises(Left) as caught:
        await room.do("/quit")
    assert caught.value.code == 0
