"""The pure parts: what is asked, what is said, what it costs."""

import base64
import json
from decimal import Decimal
from random import Random
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.sandbox.account import Account, Key
from chit.sandbox.admission import Admission, admit
from chit.sandbox.ask import read_ask, split_tokens
from chit.sandbox.chunks import encode_wire, fold_message
from chit.sandbox.magic import MAGIC
from chit.sandbox.models import MODELS, find_model, write_script
from chit.sandbox.pricing import Price, Usage, as_number, as_text
from chit.sandbox.sample import encode_sample, make_sample
from chit.sandbox.script import answer

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
# What a body may hold.
MEMBERS = [
    "messages",
    "prompt",
    "model",
    "models",
    "provider",
    "tools",
    "reasoning",
    "reasoning_effort",
    "response_format",
    "max_tokens",
    "temperature",
    "debug",
    "session_id",
    "user",
    "stream",
]
bodies = st.dictionaries(st.sampled_from(MEMBERS), anything, max_size=6).map(
    lambda body: {"messages": [{"role": "user", "content": "x"}]} | body
)


@given(st.text())
def test_tokens_add_up(text: str) -> None:
    """Split text, joined, is the text again, emoji, blanks and all."""
    assert "".join(split_tokens(text)) == text


@given(bodies, st.sampled_from([*MODELS, None]))
@settings(max_examples=300, deadline=None)
def test_no_body_breaks_the_sandbox(body: dict[str, Any], model: str | None) -> None:
    """Whatever JSON a body holds, it is admitted with a script or refused, never an exception."""
    body = body if model is None else body | {"model": model}
    admitted = admit(body, Account(), Key(), Random(0))
    if isinstance(admitted, Admission):
        script = write_script(admitted.model, admitted.ask)
        encode_wire(fold_message(step.delta for step in script.steps))
    else:
        assert admitted.failure.encode(admitted.model, 0.0) or admitted.failure.body == ""


@given(
    st.dictionaries(
        st.sampled_from(["type", "enum", "const", "$ref", "anyOf", "items", "properties"]), anything, max_size=4
    )
)
def test_any_schema_gives_json(schema: dict[str, Any]) -> None:
    """A sample is always JSON, however odd the schema."""
    json.loads(encode_sample(schema))


def test_samples_fit_their_schema() -> None:
    """References, choices, enums, constants, arrays and lists of types are followed; endless nesting ends."""
    schema = {
        "type": "object",
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
        "properties": {
            "a": {"enum": ["x", "y"]},
            "b": {"const": 3},
            "c": {"anyOf": [{"type": "number"}, {"type": "null"}]},
            "d": {"type": "array", "items": {"type": ["boolean", "null"]}},
            "e": {"$ref": "#/$defs/nix/deeper"},
            "f": {"$ref": "#/$defs/node"},
        },
    }
    sample = make_sample(schema)
    assert {name: sample[name] for name in "abcde"} == {"a": "x", "b": 3, "c": 4.2, "d": [True], "e": None}
    assert sample["f"]["next"]


def test_magic_scripts_fold_to_their_message() -> None:
    """Images, sound, citations and reasoning add up to what a unary reply carries."""
    ask = read_ask({"messages": [{"role": "user", "content": "Hi"}]})

    def message(name: str) -> dict[str, Any]:
        return fold_message(step.delta for step in MAGIC[name].write(ask).steps)

    png = base64.b64decode(message("image")["images"][0]["image_url"]["url"].partition(",")[2])
    assert png.startswith(b"\x89PNG")
    assert len(base64.b64decode(message("audio")["audio"]["data"])) == 1600
    assert message("audio")["audio"]["transcript"].startswith("Listen,")
    assert len(message("citations")["annotations"]) == 2
    (detail,) = message("reasoning")["reasoning_details"]
    assert (detail["text"], bool(detail["signature"])) == (message("reasoning")["reasoning"], True)
    assert message("empty")["content"] == ""


def test_answers_quote_briefly_and_show_examples() -> None:
    """Long questions are shortened, empty ones said so, and some words earn an example."""
    assert (
        "…"
        in fold_message(step.delta for step in answer(read_ask({"prompt": "long " * 100}), thinks=False).steps)[
            "content"
        ]
    )
    code = fold_message(step.delta for step in answer(read_ask({"prompt": "Show code"}), thinks=False).steps)["content"]
    assert "```python" in code
    nothing = fold_message(step.delta for step in answer(read_ask({}), thinks=False).steps)["content"]
    assert "> (nothing)" in nothing


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_costs_are_exact(prompt: int, cached: int, completion: int) -> None:
    """The number on the wire, read back by its shortest text, is the exact cost."""
    price = Price.of("0.00000025", "0.000002", "0.000000025")
    usage = Usage(price=price, prompt_tokens=prompt, cached_tokens=min(cached, prompt), completion_tokens=completion)
    shown = json.loads(orjson.dumps(usage.as_dict()))
    assert Decimal(repr(shown["cost"])) == usage.cost
    assert Decimal(as_text(usage.cost)) == usage.cost


def test_whole_amounts_are_integers() -> None:
    """Zero is written 0, as OpenRouter does, and whole amounts keep their zeros."""
    assert (as_number(Decimal("0.0")), as_text(Decimal(100)), as_text(Decimal("1.50"))) == (0, "100", "1.5")


def test_only_known_ids_are_models() -> None:
    """Unknown magic names are no models."""
    assert find_model("sandbox/nix") is None
    assert find_model("sandbox/error-nix") is None


def test_free_cache_has_no_discount() -> None:
    """A provider without a cache price charges cached tokens in full and saves nothing."""
    usage = Usage(price=Price.of("1", "1"), prompt_tokens=5, cached_tokens=5, completion_tokens=1)
    assert (usage.prompt_cost, usage.cache_discount) == (Decimal(5), None)


def test_files_are_counted_and_not_quoted() -> None:
    """A picture as ever, PDFs and sounds by their length; files of text are no words of the question."""

    def ask(*parts: Any) -> Any:
        return read_ask({"messages": [{"role": "user", "content": list(parts)}]})

    text, picture = {"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {"url": "data:x"}}
    file = {"type": "text", "text": '<file name="a.md">\nx\n</file>'}
    pdf = {"type": "file", "file": {"filename": "a.pdf", "file_data": "x" * 90_000}}
    sound = {"type": "input_audio", "input_audio": {"data": "x" * 1_400_000, "format": "wav"}}
    assert (ask(text, file).question, ask(text, file).media) == ("Look", 0)
    everything = ask(text, picture, pdf, sound)
    assert (everything.media, everything.sounds) == (3, 1)
    assert everything.prompt_tokens - ask(text).prompt_tokens == 258 + 1000 + 1000
    assert ask({"type": "file", "file": 7}, "odd").prompt_tokens == ask(picture).prompt_tokens
    said = "".join(step.delta.get("content") or "" for step in answer(everything, thinks=False).steps)
    assert "3 files came along" in said
    said = "".join(step.delta.get("content") or "" for step in answer(ask(picture), thinks=False).steps)
    assert "1 file came along" in said
