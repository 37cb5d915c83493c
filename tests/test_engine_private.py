"""Private conversations and rewritten messages, by the engine's verbs and over the sandbox."""

import asyncio
import json
import sys
from pathlib import Path

import apsw
import pytest
from tests.upstream import collect, opened, until

from chit.app import App
from chit.core.messages import Message, TextPart
from chit.errors import InputError, NotFound
from chit.running import Running
from chit.sandbox.server import Sandbox

MARK = "zanzibarwards"
CHILD = """
import asyncio, sys
from pathlib import Path
from chit.core.events import TextAdded
from chit.core.messages import TextPart
from tests.upstream import opened

async def main(base_url, home, said):
    async with opened(base_url, Path(home)) as app:
        running = await app.engine.send(
            [TextPart(said)], system=said, parameters={"model": "sandbox/stall", "user": said}, private=True
        )
        async for _, seen in running.watch():
            if isinstance(seen, TextAdded):
                print(running.message.conversation_id, seen.text, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


def find_on_disk(home: Path, mark: str) -> list[str]:
    """The files that hold it."""
    return [str(path) for path in home.rglob("*") if path.is_file() and mark.encode() in path.read_bytes()]


async def ask(app: App, text: str, model: str = "sandbox/echo", **members: object) -> Running:
    """One question to its end."""
    running = await app.engine.send([TextPart(text)], parameters={"model": model}, **members)  # type: ignore[arg-type]
    await collect(running)
    await running.wait()
    return running


async def told_of(app: App, running: Running) -> list[tuple[str, str]]:
    """Role and content of what a request told the model."""
    body = json.loads((await app.store.get_generation(running.generation.id)).request)
    return [(each["role"], each["content"]) for each in body["messages"]]


async def test_everything_works_in_private(tmp_path: Path) -> None:
    """Going on, asking again, continuing, rewriting and settling; and no word of it ever reaches the disk."""
    async with Sandbox(pace=0, settle_after=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        first = await ask(app, f"One {MARK}", private=True)
        conversation = first.message.conversation_id
        second = await ask(app, f"Two {MARK}", conversation_id=conversation)
        assert await told_of(app, second) == [
            ("user", f"One {MARK}"),
            ("assistant", f"One {MARK}"),
            ("user", f"Two {MARK}"),
        ]
        again = await app.engine.regenerate(second.message.id, changes={"model": "sandbox/cut"})
        await again.wait()
        more = await app.engine.continue_reply(again.message.id, changes={"model": "sandbox/echo"})
        await more.wait()
        amended = await app.engine.amend(first.message.id, f"Mine {MARK}")
        third = await ask(app, "Three", conversation_id=conversation, parent_id=amended.id)
        assert (await told_of(app, third))[:2] == [("user", f"One {MARK}"), ("assistant", f"Mine {MARK}")]
        (job,) = await app.settler.settle_now([first.generation.generation_id or ""])
        assert job.state == "settled"
        assert (await app.store.get_message(first.message.id)).text == f"One {MARK}"
        assert find_on_disk(tmp_path, MARK) == []
        cost = await app.store.sum_conversation(conversation)
    assert find_on_disk(tmp_path, MARK) == []
    async with opened(sandbox.base_url, tmp_path) as app:
        assert cost is not None
        assert await app.store.sum_conversation(conversation) == cost
        assert await app.store.list_conversations(None, 9) == []
        for verb in (app.engine.regenerate(first.message.id), app.engine.amend(first.message.id, "x")):
            with pytest.raises(NotFound) as caught:
                await verb
            assert caught.value.kind == "was_private"
        with pytest.raises(NotFound):
            await app.engine.send([TextPart("And?")], conversation_id=conversation)


async def test_a_killed_process_leaves_no_words(tmp_path: Path) -> None:
    """After SIGKILL in mid-stream the database, its log and the blobs hold the id and no word; its cost is settled."""
    async with Sandbox(pace=0, settle_after=0) as sandbox:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            CHILD,
            sandbox.base_url,
            str(tmp_path),
            MARK,
            cwd=Path(__file__).parent.parent,
            stdout=asyncio.subprocess.PIPE,
        )
        assert child.stdout is not None
        said = (await child.stdout.readline()).decode()
        conversation, _, shown = said.strip().partition(" ")
        child.kill()
        await child.wait()
        assert shown
        assert find_on_disk(tmp_path, MARK) == find_on_disk(tmp_path, shown) == []
        async with opened(sandbox.base_url, tmp_path) as app:
            reader = apsw.Connection(str(tmp_path / "chit.db"), flags=apsw.SQLITE_OPEN_READONLY)
            row = await app.store.get_generation(reader.execute("SELECT id FROM generations").get)
            assert (row.state, row.owner, row.request, row.conversation_id) == ("cut", None, b"", conversation)
            await until(lambda: sandbox.ledger.generations[0].state == "cancelled")
            (job,) = await app.settler.settle_now([row.generation_id or ""])
            assert job.state == "settled"
            assert await app.store.sum_conversation(conversation) is not None
    assert find_on_disk(tmp_path, MARK) == []


async def test_instructions_are_rewritten(tmp_path: Path) -> None:
    """Beside the old ones, without asking anybody; the next question goes on from them alone."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        first = await ask(app, "One", system="Be brief")
        instructions, question, _ = await app.store.list_messages(first.message.conversation_id)
        asked = len(sandbox.ledger.requests)
        amended = await app.engine.amend(instructions.id, "Be long")
        assert len(sandbox.ledger.requests) == asked
        stored = await app.store.get_message(amended.id)
        assert (stored.source, stored.parent_id, stored.text) == ("system", None, "Be long")
        assert stored.extra["OpenRouter"]["edited"] == {"from": instructions.id}
        assert await app.store.list_versions([amended.id]) == {amended.id: [instructions.id, amended.id]}
        second = await ask(app, "Two", conversation_id=first.message.conversation_id)
        assert await told_of(app, second) == [("system", "Be long"), ("user", "Two")]
        assert (await app.store.get_message(question.id)).text == "One"


async def test_what_cannot_be_rewritten(tmp_path: Path) -> None:
    """A person's own words, nothing, a reply that still comes in, and what is deleted or was never there."""
    async with Sandbox(pace=0) as sandbox, opened(sandbox.base_url, tmp_path) as app:
        done = await ask(app, "One")
        running = await app.engine.send([TextPart("Two")], parameters={"model": "sandbox/stall"})
        for message_id, text in (
            (done.message.parent_id or "", "x"),
            (done.message.id, " "),
            (running.message.id, "x"),
        ):
            with pytest.raises(InputError) as caught:
                await app.engine.amend(message_id, text)
            assert caught.value.hint
        await running.stop()
        await app.store.delete_conversation(done.message.conversation_id, now=1.0)
        for message_id in (done.message.id, "nothing"):
            with pytest.raises(NotFound):
                await app.engine.amend(message_id, "x")
        messages: list[Message] = await app.store.list_messages(done.message.conversation_id)
        assert len(messages) == 2
