"""What an OpenRouter says to programs in these tests, in each dialect."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from tests.upstream import DONE, JSON, STREAM, Exchange, event, text_chunk

Answer = Callable[[Exchange], Awaitable[None]]
CHAT, EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
RESPONSES, MESSAGES = "/v1/responses", "/v1/messages"
PAID = (CHAT, EMBEDDINGS, RESPONSES, MESSAGES)
QUESTION = {"model": "a/b", "messages": [{"role": "user", "content": "hi"}]}
CATALOGUE = b'{"data": [{"id":"a/b","name":"B","x":1.0},{"id":"a/c","canonical_slug":"a/c-1"},5]}'


def encode(value: Any) -> bytes:
    """JSON as one of many programs writes it."""
    return json.dumps(value, separators=(", ", " :")).encode()


def completion(text: str | None = "yes", *, id: str = "gen-1", **message: Any) -> bytes:
    """A unary reply, with members that nobody knows."""
    said = {"role": "assistant", "content": text, **message}
    return encode(
        {
            "id": id,
            "model": "a/b-1",
            "provider": "Somebody",
            "unheard": {"of": [1.50, "\u2028"]},
            "choices": [{"index": 0, "finish_reason": "stop", "message": said}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 4, "cost": 0.25},
        }
    )


def chunks(*texts: str, id: str = "gen-1") -> bytes:
    """A whole stream."""
    return b"".join(text_chunk(text, generation_id=id) for text in texts) + text_chunk("", finish="stop") + DONE


def headed(id: str = "gen-1", **headers: str) -> dict[str, str]:
    """Headers as OpenRouter sends them, beside the type."""
    return {"X-Generation-Id": id, **{name.replace("_", "-"): text for name, text in headers.items()}}


def say(body: bytes, *, status: int = 200, id: str | None = "gen-1", **headers: str) -> Answer:
    """Answer every request with this; the catalogue is there, too."""

    async def answer(exchange: Exchange) -> None:
        if exchange.request.method == "GET":
            await exchange.reply(200, CATALOGUE)
            return
        await exchange.reply(status, body, JSON | ({} if id is None else headed(id, **headers)))

    return answer


def stream(*pieces: bytes, is_whole: bool = True, **headers: str) -> Answer:
    """Answer every request with a stream of these."""

    async def answer(exchange: Exchange) -> None:
        await exchange.open_stream(STREAM | headed(**headers))
        for piece in pieces:
            await exchange.chunk(piece)
        if is_whole:
            await exchange.chunk(b"")
        exchange.hang_up()

    return answer


MESSAGE = encode({"id": "msg_1", "type": "message", "model": "a/b", "content": [{"type": "text", "text": "yes"}]})
MESSAGE_STREAM = b"".join(
    b"event: x\n" + event(each)
    for each in (
        {"type": "message_start", "message": {"id": "msg_1", "model": "a/b", "usage": {"input_tokens": 3}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "yes"}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4, "cost": 0.25}},
        {"type": "message_stop"},
    )
)
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "status": "completed",
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "yes"}]}],
    "usage": {"input_tokens": 3, "output_tokens": 4, "cost": 0.25},
}
RESPONSE_STREAM = (
    event({"type": "response.created", "response": {"id": "resp_1"}})
    + event({"type": "response.output_text.delta", "delta": "yes"})
    + event({"type": "response.completed", "response": RESPONSE})
    + DONE
)
VECTORS = encode({"object": "list", "data": [{"embedding": [0.1, -2e-7], "index": 0}], "usage": {"cost": 0.25}})
