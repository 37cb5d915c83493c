"""The official OpenAI library over recorded traffic: what it makes of every recorded answer."""

import json
import sys
from pathlib import Path
from typing import Any

from judging import BASE_URL, KEY, describe, judge
from openai import OpenAI, Stream
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent

CLIENT = OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0)
TYPES: dict[str, tuple[Any, Any]] = {
    "/chat/completions": (ChatCompletion, Stream[ChatCompletionChunk]),
    "/responses": (Response, Stream[ResponseStreamEvent]),
    "/embeddings": (CreateEmbeddingResponse, None),
}


def send(path: str, body: Any) -> Any:
    """The recorded request, and all that the library gives for it."""
    whole, pieces = TYPES[path]
    if not body.get("stream"):
        return CLIENT.post(path, body=body, cast_to=whole)
    told: list[Any] = []
    try:
        told.extend(CLIENT.post(path, body=body, cast_to=whole, stream=True, stream_cls=pieces))
    except Exception as error:
        told.append(describe(error))
    return told


scenarios: dict[str, Any] = {}
for line in Path(sys.argv[3]).read_text(encoding="utf-8").splitlines():
    exchange = json.loads(line)
    asked = exchange["request"]
    where = asked["path"].removeprefix("/api/v1")
    if asked["method"] == "POST" and where in TYPES and isinstance(asked["body"], dict):
        scenarios[exchange["name"]] = lambda where=where, body=asked["body"]: send(where, body)
judge(scenarios)
