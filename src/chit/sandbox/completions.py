"""The inference endpoints, and every other POST that was recorded: from request to delivery."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson
from aiohttp import web

from chit.sandbox import failures
from chit.sandbox.account import Key
from chit.sandbox.admission import Admission, Refusal, admit
from chit.sandbox.box import BOX, Box
from chit.sandbox.chunks import Head
from chit.sandbox.delivery import Delivery, make_error_as_success, send_reply
from chit.sandbox.dialect import Brief, Dialect
from chit.sandbox.failures import Failure
from chit.sandbox.ledger import Generation, Received
from chit.sandbox.mischief import UNANSWERED, refuse_by_mishap, spoil_script
from chit.sandbox.models import write_script
from chit.sandbox.pricing import FREE
from chit.sandbox.replay import Recording, make_replayed_usage
from chit.sandbox.script import Script

_SECRET_HEADERS = ("authorization", "cookie", "x-api-key")


def answer_in(dialect: Dialect) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """What answers an inference endpoint: a queued reply first, else a recording, else the sandbox's own words."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await _answer(request, dialect)

    return answer


async def _answer(request: web.Request, dialect: Dialect) -> web.StreamResponse:
    box = request.app[BOX]
    received = await _receive(request, box)
    reply = box.take_reply()
    if reply is not None:
        received.status = reply.status
        return await send_reply(request, reply)
    replayed = box.recordings.find_answer(request.path, received.body)
    if replayed is not None:
        return await _replay(request, box, received, replayed)
    key = check_key(request, box)
    if isinstance(key, Failure):
        return _refuse(received, Refusal(failure=dialect.phrase(key)))
    asked = dialect.understand(received.body)
    if isinstance(asked, Failure):
        return _refuse(received, Refusal(failure=dialect.phrase(asked)))
    admission = admit(asked, box.account, key, box.random, embeds=dialect.embeds)
    if isinstance(admission, Refusal):
        return _refuse(received, replace(admission, failure=dialect.phrase(admission.failure)))
    return await _run(request, box, received, key, admission, dialect)


async def answer_recorded(request: web.Request) -> web.StreamResponse:
    """Answer a POST to any other path from the recordings; anything else is 404."""
    if request.method != "POST":
        return send_failure(failures.NOT_FOUND)
    box = request.app[BOX]
    received = await _receive(request, box)
    replayed = box.recordings.find_answer(request.path, received.body)
    if replayed is None:
        return _refuse(received, Refusal(failure=failures.NOT_FOUND))
    return await _replay(request, box, received, replayed)


def check_key(request: web.Request, box: Box) -> Key | Failure:
    """The key a request carries, or the 401 it gets."""
    text = read_key_text(request)
    if not text:
        return failures.AUTH_MISSING
    key = box.account.find_key(text)
    return key if key is not None and key.is_usable(time.time()) else failures.AUTH_USER


def read_key_text(request: web.Request) -> str:
    """The bearer key of a request, empty without one."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else ""


def send_failure(failure: Failure, model: str = "") -> web.Response:
    """A failure as HTTP."""
    now = time.time()
    return web.Response(status=failure.status, body=failure.encode(model, now), headers=failure.encode_headers(now))


async def _receive(request: web.Request, box: Box) -> Received:
    raw = await request.read()
    received = Received(
        number=len(box.ledger.requests) + 1,
        at=time.time(),
        path=request.path,
        headers={name: value for name, value in request.headers.items() if name.lower() not in _SECRET_HEADERS},
        key_last4=read_key_text(request)[-4:] or None,
        raw=raw,
        body=_parse(raw),
    )
    box.ledger.requests.append(received)
    return received


def _parse(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        pass
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def _refuse(received: Received, refusal: Refusal) -> web.Response:
    received.status = refusal.failure.status
    return send_failure(refusal.failure, refusal.model)


async def _run(
    request: web.Request, box: Box, received: Received, key: Key, admission: Admission, dialect: Dialect
) -> web.StreamResponse:
    mishap = box.schedule.draw(received.number) if box.schedule else None
    script = write_script(admission.model, admission.ask)
    script = replace(script, steps=()) if dialect.embeds else script
    if mishap is not None:
        script = spoil_script(script, mishap)
        await asyncio.sleep(mishap.seconds if mishap.kind == "slow" else 0)
    generation = _make_generation(box, received, admission, script, embeds=dialect.embeds)
    if mishap is not None and mishap.kind in UNANSWERED:
        if mishap.bills:  # it ran, and nobody is told
            _enter(box, received, generation)
            generation.steps.extend(script.steps)
            box.end(generation, "done", key)
        received.status = mishap.status
        return refuse_by_mishap(request, mishap, lambda failure: send_failure(dialect.phrase(failure)))
    _enter(box, received, generation)
    received.status = 200
    if script.ending == "body-error":
        box.end(generation, "failed", key)
        failure = Failure(status=200, body={"error": dict(script.error)})
        return make_error_as_success(dialect.phrase(failure), generation.id)
    native = admission.model.native_stop if script.native_finish_reason is None else script.native_finish_reason
    brief = Brief(
        head=_make_head(generation, script.extra),
        script=script,
        native_finish_reason=native,
        body=received.body,
        prompt_tokens=generation.prompt_tokens,
        with_delta=box.account.usage_choices == "delta",
    )
    delivery = Delivery(
        box=box,
        request=request,
        key=key,
        generation=generation,
        script=script,
        speech=dialect.speak(brief),
        native_finish_reason=native,
        mishap=mishap,
    )
    return await (delivery.stream() if generation.streamed else delivery.answer())


def _enter(box: Box, received: Received, generation: Generation) -> None:
    box.ledger.generations.append(generation)
    received.generation_id = generation.id


def _make_generation(box: Box, received: Received, admission: Admission, script: Script, *, embeds: bool) -> Generation:
    now = time.time()
    return Generation(
        id=box.make_generation_id(now, "gen-emb" if embeds else "gen"),
        api_type="embeddings" if embeds else "completions",
        model=admission.model.answered_id,
        provider=admission.endpoint.provider,
        streamed=received.body.get("stream") is True and not embeds,
        created=now,
        price=admission.endpoint.price,
        key_last4=received.key_last4,
        prompt_tokens=admission.ask.prompt_tokens + script.cached_tokens,
        cached_tokens=script.cached_tokens,
        searches=script.searches,
        media=admission.ask.media,
        sounds=admission.ask.sounds,
        is_byok=script.is_byok,
        first_token_ms=round(box.random.uniform(400, 900)),
        token_ms=1000 / box.random.uniform(30, 90),
        router=admission.router,
        attempts=admission.attempts,
        headers=received.headers,
        metadata=admission.ask.metadata,
    )


def _make_head(generation: Generation, extra: Any) -> Head:
    created = int(generation.created)
    return Head(id=generation.id, created=created, model=generation.model, provider=generation.provider, extra=extra)


async def _replay(request: web.Request, box: Box, received: Received, replayed: Recording) -> web.StreamResponse:
    received.status = replayed.status
    _bill_replayed(request, box, received, replayed)
    response = web.StreamResponse(status=replayed.status, headers=dict(replayed.headers))
    await response.prepare(request)
    for piece in replayed.cut(box.random):
        await response.write(piece)
        await box.pause(0)
    return response


def _bill_replayed(request: web.Request, box: Box, received: Received, replayed: Recording) -> None:
    completion = replayed.read_completion()
    usage = completion.get("usage")
    if not usage or not isinstance(completion.get("id"), str):
        return
    generation = Generation(
        id=completion["id"],
        model=completion.get("model", "unknown"),
        provider=completion.get("provider", "unknown"),
        streamed="event-stream" in replayed.headers.get("content-type", ""),
        created=float(completion.get("created", time.time())),
        price=FREE,
        key_last4=received.key_last4,
        first_token_ms=500,
        token_ms=20.0,
        headers=received.headers,
        finish_reason=completion.get("finish_reason"),
        native_finish_reason=completion.get("native_finish_reason"),
        state="done",
        ended=time.time(),
        billed=make_replayed_usage(usage),
    )
    box.ledger.generations.append(generation)
    received.generation_id = generation.id
    key = box.account.find_key(read_key_text(request))
    box.account.charge(key, make_replayed_usage(usage))
