"""Messages as the pages show them: stored ones with their blocks from the cache, running ones as far as they came."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from chit.core.generation import RUNNING, Generation
from chit.core.json_format import find_json_format
from chit.core.jsontext import decode_json, encode_json
from chit.core.messages import Message, ToolResultPart
from chit.core.revision import continues
from chit.errors import StoreError
from chit.render.json_reply import render_json
from chit.render.markdown import RENDER_VERSION, render_all
from chit.store.protocol import Store
from chit.web import pages
from chit.web.branches import Branch, find_branches
from chit.web.live_reply import Snapshot
from chit.web.slip import write_slip

LONG_TEXT = 20_000
"""Characters from which a text is rendered in a thread: hostile ones take a second or two."""


async def write_articles(
    messages: Sequence[Message],
    store: Store,
    *,
    live: Mapping[str, Snapshot],
    is_sandbox: bool,
    context: Markup | None = None,
) -> list[Markup]:
    """One article for each message that is shown, in order; `context` stands in the last. Raises `StoreError`."""
    shown = _fold_results(messages)
    ids = [message.id for message in shown if message.source == "actor"]
    generations = await store.find_generations(ids)
    kept = await store.find_rendered([id for id in ids if id not in live], RENDER_VERSION)
    branches = await find_branches(shown, store)
    articles = []
    for message in shown:
        branch = branches.get(message.id)
        if message.source == "system":
            articles.append(pages.render("message_system", message=message, branch=branch))
        elif message.source == "user":
            articles.append(write_question(message, branch))
        elif message.id in live:
            articles.append(write_running(live[message.id], branch))
        else:
            blocks = await find_blocks(message, store, kept.get(message.id))
            generation = generations.get(message.id)
            own = context if message is shown[-1] else None
            articles.append(write_reply(message, generation, blocks, branch, is_sandbox=is_sandbox, context=own))
    return articles


def point_to(message_id: str | None, articles: Sequence[Markup]) -> list[Markup]:
    """The same, with the heading of that message's article as the place where reading begins."""
    name, heading = f'data-message="{message_id}"', '<h2 class="unseen"'
    return [
        pages.trust(str(article).replace(heading, f'{heading} id="here" tabindex="-1"', 1))
        if name in str(article).partition(">")[0]
        else article
        for article in articles
    ]


def write_question(message: Message, branch: Branch | None) -> Markup:
    """A person's message."""
    return pages.render("message_user", message=message, branch=branch)


def write_running(snapshot: Snapshot, branch: Branch | None = None) -> Markup:
    """A reply that is still coming in."""
    return pages.render(
        "message_actor",
        message=snapshot.message,
        state="streaming",
        blocks=[pages.trust(block) for block in snapshot.blocks],
        reasoning_ms=None,
        status=snapshot.status,
        error=None,
        slip=None,
        continues=continues(snapshot.message),
        branch=branch,
    )


def write_reply(
    message: Message,
    generation: Generation | None,
    blocks: Sequence[str],
    branch: Branch | None = None,
    *,
    is_sandbox: bool,
    context: Markup | None = None,
) -> Markup:
    """A reply that has ended, or that another process still receives; `context` is what stands under the last one."""
    state = generation.state if generation else "done"
    refused = generation is not None and generation.generation_id is None and state == "failed"
    has_slip = generation is not None and state not in RUNNING and not refused
    return pages.render(
        "message_actor",
        message=message,
        state=state,
        blocks=[pages.trust(block) for block in blocks],
        reasoning_ms=generation.reasoning_ms if generation else None,
        status="",
        error=generation.error if generation else None,
        slip=write_slip(generation, is_sandbox=is_sandbox) if generation and has_slip else None,
        continues=continues(message),
        branch=branch,
        context=context,
    )


async def find_blocks(message: Message, store: Store, kept: str | None) -> list[str]:
    """The reply's text as blocks: those that were kept, else rendered now and kept for the next time.

    No text is not kept: it may be that of a reply whose end is recorded just now.
    """
    if kept is not None:
        return [str(block) for block in decode_json(kept.encode())]
    if not (text := message.text):
        return []
    generation = await store.find_generation(message.id)
    format = find_json_format(generation.request) if generation and not continues(message) else None
    if generation and format:
        blocks = await asyncio.to_thread(render_json, text, format, generation.finish_reason)
    else:
        blocks = await asyncio.to_thread(render_all, text) if len(text) > LONG_TEXT else render_all(text)
    await keep_blocks(message.id, blocks, store)
    return blocks


async def keep_blocks(message_id: str, blocks: Sequence[str], store: Store) -> None:
    """For the next time. A store that cannot write is no reason not to show them."""
    try:
        await store.record_rendered(message_id, RENDER_VERSION, encode_json(list(blocks)).decode())
    except StoreError:
        return


def _fold_results(messages: Sequence[Message]) -> list[Message]:
    """The messages that are shown. What programs answered to tool calls stands with the calls."""
    shown: list[Message] = []
    for message in messages:
        if message.source == "client" and shown and shown[-1].source == "actor":
            results = [part for part in message.parts if isinstance(part, ToolResultPart)]
            shown[-1] = replace(shown[-1], parts=(*shown[-1].parts, *results))
        elif message.source != "client" and message.options.visible_to_user:
            shown.append(message)
    return shown
