"""The dialect of `POST /embeddings`: vectors that mean nothing, but are the same for the same text."""

import base64
import math
import struct
from collections.abc import Mapping
from random import Random
from typing import Any

from chit.sandbox.ask import list_of
from chit.sandbox.chat import ChatSpeech
from chit.sandbox.chunks import encode_wire
from chit.sandbox.dialect import Brief, Dialect
from chit.sandbox.pricing import Usage, as_number

_SAME = ("model", "provider", "user")
_DIMENSIONS = 1536
_MOST_DIMENSIONS = 4096


class EmbeddingsSpeech(ChatSpeech):
    """One object, without words."""

    def __init__(self, brief: Brief) -> None:
        super().__init__(brief)
        self._asked = brief

    def whole(self, usage: Usage, *, failed: bool) -> Any:
        """A vector for each input, or the script's error in its place."""
        head, body = self._asked.head, self._asked.body
        if failed:
            return {"error": dict(self._asked.script.error)}
        data = [
            {"object": "embedding", "embedding": _write(_embed(text, body), body), "index": index}
            for index, text in enumerate(_read_inputs(body.get("input")))
        ]
        members = {"object": "list", "data": data, "model": head.model, "usage": _count(usage)}
        return members | {"provider": head.provider, "id": head.id, **head.extra}


def _read_inputs(given: Any) -> list[str]:
    """The texts to embed: one, several, or numbers and parts that stand for them."""
    if isinstance(given, str):
        return [given] if given else []
    inputs = list_of(given)
    if inputs and all(isinstance(number, int) for number in inputs):
        return [encode_wire(inputs).decode()]
    return [one if isinstance(one, str) else encode_wire(one).decode() for one in inputs]


def _embed(text: str, body: Mapping[str, Any]) -> list[float]:
    wanted = body.get("dimensions")
    size = wanted if isinstance(wanted, int) and 1 <= wanted <= _MOST_DIMENSIONS else _DIMENSIONS
    random = Random(text)  # noqa: S311 - repeats, guards nothing
    vector = [random.gauss(0, 1) for _ in range(size)]
    length = math.hypot(*vector)
    return list(struct.unpack(f"<{size}f", struct.pack(f"<{size}f", *(value / length for value in vector))))


def _write(vector: list[float], body: Mapping[str, Any]) -> list[float] | str:
    if body.get("encoding_format") != "base64":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _count(usage: Usage) -> dict[str, Any]:
    cost = as_number(usage.cost)
    costs = {"upstream_inference_cost": cost, "upstream_inference_prompt_cost": cost}
    return {
        "prompt_tokens": usage.prompt_tokens,
        "total_tokens": usage.prompt_tokens,
        "cost": cost,
        "is_byok": usage.is_byok,
        "cost_details": costs | {"upstream_inference_completions_cost": 0},
    }


def _understand(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    texts = "\n".join(_read_inputs(body.get("input")))
    asked = {name: body[name] for name in _SAME if name in body}
    return asked | {"messages": [{"role": "user", "content": texts}] if texts else [], "max_tokens": 1}


EMBEDDINGS = Dialect(understand=_understand, phrase=lambda failure: failure, speak=EmbeddingsSpeech, embeds=True)
