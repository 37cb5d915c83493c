"""`POST /embeddings` over real sockets."""

import base64
import struct
from typing import Any

import aiohttp
import pytest
from tests.sandbox.caller import Answer, Caller

SMALL = "openai/text-embedding-3-small"


async def embed(caller: Caller, given: Any = "Hello?", model: str = SMALL, **members: Any) -> Answer:
    """Embeddings."""
    return await caller.send("POST", "/embeddings", json={"model": model, "input": given, **members})


async def test_embeddings_are_billed_by_their_prompt(caller: Caller) -> None:
    """A vector of the usual length, an id of its own kind, and a cost without a completion token."""
    answer = await embed(caller, stream=True)
    (generation,) = caller.sandbox.ledger.generations
    assert answer.json["id"] == answer.headers["X-Generation-Id"] == generation.id
    assert generation.id.startswith("gen-emb-")
    assert not generation.streamed
    (row,) = answer.json["data"]
    assert len(row["embedding"]) == 1536
    assert sum(value * value for value in row["embedding"]) == pytest.approx(1)
    assert answer.json["usage"]["cost"] == float(caller.sandbox.ledger.billed) > 0
    assert answer.json["usage"]["prompt_tokens"] == answer.json["usage"]["total_tokens"] > 0
    record = (await caller.send("GET", f"/generation?id={generation.id}")).json["data"]
    assert (record["api_type"], record["total_cost"]) == ("embeddings", answer.json["usage"]["cost"])


async def test_the_same_text_has_the_same_vector(caller: Caller) -> None:
    """By itself or among others, as numbers or as base64, in the length that is wanted."""
    rows = (await embed(caller, ["one", "two", "one"], dimensions=8)).json["data"]
    assert [row["index"] for row in rows] == [0, 1, 2]
    assert rows[0]["embedding"] == rows[2]["embedding"] != rows[1]["embedding"]
    (packed,) = (await embed(caller, "one", dimensions=8, encoding_format="base64")).json["data"]
    assert list(struct.unpack("<8f", base64.b64decode(packed["embedding"]))) == rows[0]["embedding"]


@pytest.mark.parametrize(
    ("given", "count"), [([1, 2, 3], 1), ([[1, 2], [3]], 2), ([{"content": [{"type": "text", "text": "x"}]}], 1)]
)
async def test_inputs_of_every_form(caller: Caller, given: Any, count: int) -> None:
    """Tokens, several lists of tokens, and parts."""
    assert len((await embed(caller, given, dimensions=4)).json["data"]) == count


async def test_refusals_are_those_of_chat(caller: Caller) -> None:
    """No input, no JSON object, a model that speaks, an unknown one: refused, and nothing is billed."""
    nothing: tuple[Any, ...] = ("", [], 7)
    for given in nothing:
        assert (await embed(caller, given)).status == 400
    assert (await caller.send("POST", "/embeddings", data=b"7")).status == 400
    speaking = await embed(caller, model="openai/gpt-5-mini")
    assert (speaking.status, speaking.json["error"]["availability"]["code"]) == (400, "wrong_endpoint")
    assert (await caller.complete(SMALL)).json["error"]["availability"]["code"] == "wrong_endpoint"
    assert (await embed(caller, model="no/such")).json["error"]["code"] == 400
    assert caller.sandbox.ledger.generations == []


async def test_magic_models_misbehave_here_too(caller: Caller) -> None:
    """An error in place of the vectors, and a connection that breaks off."""
    assert (await embed(caller, model="sandbox/choice-error")).json["error"]["message"] == "Provider disconnected"
    with pytest.raises(aiohttp.ClientPayloadError):
        await embed(caller, model="sandbox/cut")
    assert [each.state for each in caller.sandbox.ledger.generations] == ["failed", "cut"]


async def test_models_for_embeddings_have_a_list_of_their_own(caller: Caller) -> None:
    """`/embeddings/models` lists them, `/models` does not."""
    listed = [row["id"] for row in (await caller.send("GET", "/embeddings/models", key="")).json["data"]]
    assert listed == [SMALL]
    assert SMALL not in [row["id"] for row in (await caller.send("GET", "/models")).json["data"]]
