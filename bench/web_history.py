"""Wall times of long histories: until a conversation of 500 long messages stands, or a list of 10,000 conversations."""

import asyncio
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.measure import CANARY, Row, milliseconds
from bench.replies import make_reply
from bench.tab import Tab
from bench.upstream import MODEL

if TYPE_CHECKING:
    from chit.store.protocol import Store

LONG_CONVERSATIONS = 5
EXCHANGES = 250
"""Of each long conversation: a question and a reply."""
_TOKENS = 1_000
"""Of each long message."""
_KINDS = ("prose", "code", "tables")
_OPENS_WITHIN = 0.3
_LISTS_WITHIN = 0.2
_AT_ONCE = 200

_OPEN = """async (title) => {
  const { go } = await import("/static/router.js");
  await go("/");
  const link = [...document.querySelectorAll(".list li > a")]
    .find((each) => each.querySelector(".title").textContent === title);
  await benchPainted();
  const started = performance.now();
  link.click();
  await benchUntil(() => document.querySelector("#main .messages .block"));
  await benchPainted();
  return performance.now() - started;
}"""
_OLDER = """async () => {
  const main = document.getElementById("main");
  const count = () => main.querySelectorAll(".message").length;
  const times = [];
  for (let before = count(); before < 500; before = count()) {
    const started = performance.now();
    main.scrollTop = 0;
    await benchUntil(() => count() > before);
    await benchPainted();
    times.push(performance.now() - started);
    await new Promise((done) => setTimeout(done, 50));
  }
  return times;
}"""
_LIST = """async () => {
  const { load } = await import("/static/sidebar.js");
  const started = performance.now();
  await load();
  await benchPainted();
  return performance.now() - started;
}"""


async def measure_history(tab: Tab, *, conversations: int, quick: bool) -> list[Row]:
    """The first opening of each long conversation, then others; the list before and after."""
    lists = [await tab.ask(_LIST) / 1000 for _ in range(5 if quick else 21)]
    first = [await tab.ask(_OPEN, _title(number)) / 1000 for number in range(LONG_CONVERSATIONS)]
    again = [await tab.ask(_OPEN, _title(0)) / 1000 for _ in range(5 if quick else 21)]
    older = [each / 1000 for each in await tab.ask(_OLDER)]
    what = "500 long messages"
    return [
        Row(what=f"{what}: opened for the first time", figure="", wall=milliseconds(median(first))),
        _row(f"{what}: opened again, p50", median(again), _OPENS_WITHIN),
        _row(f"{what}: opened again, longest", max(again), _OPENS_WITHIN),
        Row(what=f"{what}: 30 older ones, each first time", figure="", wall=milliseconds(median(older))),
        _row(f"list of {conversations:,} conversations, p50", median(lists), _LISTS_WITHIN),
        _row(f"list of {conversations:,} conversations, longest", max(lists), _LISTS_WITHIN),
    ]


def _row(what: str, seconds: float, goal: float) -> Row:
    return Row(
        what=what, figure="", wall=milliseconds(seconds), ratio=seconds / goal, against=milliseconds(goal), goal=1.0
    )


def _title(number: int) -> str:
    return f"Long conversation {number}"


async def fill_history(home: Path, *, conversations: int, exchanges: int = EXCHANGES) -> None:
    """Short conversations, then the long ones, every cost settled."""
    from chit.app import open_app
    from chit.core.secret import Secret
    from chit.prefs import UserPrefs

    key = Secret(CANARY)
    async with open_app(UserPrefs(home=home), key=lambda: key, settling=False) as app:
        for first in range(0, conversations, _AT_ONCE):
            numbers = range(first, min(first + _AT_ONCE, conversations))
            await asyncio.gather(*(_add(app.store, f"Question {number}", "Why?", ["So."]) for number in numbers))
        replies = [make_reply(kind, _TOKENS) for kind in _KINDS]
        for number in range(LONG_CONVERSATIONS):
            question = make_reply("prose", _TOKENS // 2)
            await _add(app.store, _title(number), question, [replies[n % len(replies)] for n in range(exchanges)])


async def _add(store: "Store", title: str, question: str, replies: list[str]) -> None:
    from chit.core.conversation import Conversation
    from chit.core.messages import Message, TextPart
    from chit.store.ids import new_id

    conversation: Conversation | None = Conversation(id=new_id(), title=title, origin="web")
    members: dict[str, Any] = {"conversation_id": conversation.id if conversation else ""}
    parent = None
    for reply in replies:
        asked = Message(id=new_id(), source="user", parts=(TextPart(question),), parent_id=parent, **members)
        answer = Message(id=new_id(), source="actor", parent_id=asked.id, **members)
        await _record(store, conversation, asked, answer, reply)
        conversation, parent = None, answer.id


async def _record(store: "Store", conversation: Any, asked: Any, answer: Any, reply: str) -> None:
    """One exchange as it is recorded when it happens, and its settlement."""
    from decimal import Decimal

    from chit.core.generation import Generation, Settlement
    from chit.core.messages import TextPart
    from chit.core.usage import Usage
    from chit.store.ids import new_id

    generation = Generation(
        id=new_id(),
        message_id=answer.id,
        conversation_id=answer.conversation_id,
        origin="web",
        owner=store.owner,
        request=b'{"model":"bench/steady","messages":[]}',
        streamed=True,
        requested_model=MODEL,
        created_at=1.0,
    )
    await store.record_send(conversation=conversation, messages=[asked, answer], generation=generation)
    generation_id = f"gen-{generation.id}"
    running = replace(generation, generation_id=generation_id, state="streaming")
    await store.record_start(running, generation_id)
    ended = replace(running, state="done", owner=None, usage=Usage(cost=Decimal("0.0000198")))
    await store.record_end(ended, replace(answer, parts=(TextPart(reply),)), now=2.0)
    record = {"id": generation_id, "model": MODEL, "provider_name": "Steady", "total_cost": 0.0000198}
    await store.record_settlement(Settlement(generation_id=generation_id, state="settled", ended_at=2.0, record=record))
