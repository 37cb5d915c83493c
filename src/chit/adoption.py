"""Generations whose process is gone: what was received of them is judged, and their record ended."""

from collections.abc import Callable

from chit.core.answer import Answer, apply_answer, identify_fault, refuse, scrub_answer
from chit.core.dialect import ReplyStream
from chit.core.fault import Fault
from chit.core.generation import Generation
from chit.core.messages import Message
from chit.core.stream import CompletionStream
from chit.core.typed_stream import TypedStream, is_typed
from chit.errors import ChitError
from chit.store.protocol import Store


async def adopt_orphans(
    store: Store,
    *,
    scrub: Callable[[str], str],
    explain: Callable[[Fault], ChitError],
    clock: Callable[[], float],
) -> list[tuple[Generation, Message]]:
    """End the records of orphans: `cut`, or `unknown` where no id ever came. Those that fell to this caller.

    Raises `StoreError`.
    """
    ended = []
    for orphan in await store.adopt_orphans():
        answer = identify_fault(scrub_answer(judge_kept(await store.load_received(orphan), orphan), scrub), orphan)
        error = explain(answer.fault) if answer.fault else None
        generation = apply_answer(orphan, answer, error)
        message = Message(
            id=orphan.message_id, conversation_id=orphan.conversation_id, source="actor", parts=answer.parts
        )
        await store.record_end(generation, message, now=clock())
        ended.append((generation, message))
    return ended


def judge_kept(received: bytes, generation: Generation) -> Answer:
    """What a generation came to of which no more than these bytes will ever be known."""
    if not received and generation.generation_id is None:
        text = "Chit ended before a reply came"
        return refuse(Fault(phase="unanswered", cause="reset", text=text))
    stream: ReplyStream = TypedStream() if is_typed(received) else CompletionStream()
    stream.feed(received)
    stream.close()
    return stream.judge(Fault(phase="streaming", cause="cut", text="Chit ended while the reply came in"))
