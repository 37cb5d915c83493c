"""The models named `sandbox/<name>`: each shows one thing real traffic does, well or badly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice
from typing import Any

from chit.sandbox.ask import Ask
from chit.sandbox.picture import draw_png, play_tone
from chit.sandbox.sample import encode_sample
from chit.sandbox.script import Script, Step, answer, call_tool, content, say, think

_BROKEN = {"code": 502, "message": "Provider disconnected", "metadata": {"error_type": "provider_unavailable"}}
_WORDS = ("lorem", "ipsum", "dolor", "sit", "amet", "consectetur", "adipiscing", "elit", "sed", "do", "eiusmod")
_LONG = 600
_LONGEST = 16_384
_CACHED = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class Magic:
    """One magic model: what it shows, and what it says."""

    about: str
    write: Callable[[Ask], Script]


def _echo(ask: Ask) -> Script:
    pieces = (ask.question[at : at + 3] for at in range(0, len(ask.question), 3))
    return Script(steps=tuple(content(piece) for piece in pieces))


def _long(ask: Ask) -> Script:
    wanted = _LONG if ask.limit is None else min(ask.limit, _LONGEST) + 1
    words = islice(cycle(_WORDS), wanted)
    return Script(steps=tuple(content(word if at == 0 else f" {word}") for at, word in enumerate(words)))


def _reasoning(ask: Ask) -> Script:
    thought = f"The person asks: {ask.question} I think step by step, then answer briefly."
    shown = () if ask.hides_reasoning else think(thought, signature="c2FuZGJveC1zaWduYXR1cmU=")
    return Script(steps=(*shown, *say("I thought about it first; here is the answer.")))


def _tools(ask: Ask) -> Script:
    if ask.has_tool_results:
        return Script(steps=say("Thank you, the tool results arrived."))
    if not ask.tools:
        return Script(steps=say("No tools were offered, so there is nothing to call."))
    steps: list[Step] = []
    for index, tool in enumerate(ask.tools):
        arguments = encode_sample(tool.get("parameters") or {"type": "object"})
        steps.extend(call_tool(index, f"call_sandbox_{ask.turn}_{index}", tool["name"], arguments))
    return Script(steps=tuple(steps), finish_reason="tool_calls", native_finish_reason="tool_use")


def _image(_: Ask) -> Script:
    image = {"type": "image_url", "image_url": {"url": draw_png()}, "index": 0}
    drawn = Step(delta={"content": "", "images": [image]}, tokens=64, kind="image")
    return Script(steps=(*say("Here is your picture."), drawn))


def _audio(_: Ask) -> Script:
    tone = play_tone()
    pieces = [tone[at : at + 400] for at in range(0, len(tone), 400)]
    words = [*["Listen,", "this", "is", "the", "sound", "of", "the", "sandbox."], *[""] * len(pieces)]
    steps = [
        Step(
            delta={"audio": {"id": "audio_sandbox", "data": data, "transcript": f"{word} " if word else ""}},
            kind="audio",
        )
        for data, word in zip(pieces, words, strict=False)
    ]
    closed = Step(delta={"audio": {"id": "audio_sandbox", "expires_at": 1_900_000_000}}, tokens=0)
    return Script(steps=(*steps, closed))


def _citations(_: Ask) -> Script:
    pages = (("https://example.com/one", "The first source"), ("https://example.com/two", "The second source"))
    notes = [
        {
            "type": "url_citation",
            "url_citation": {"url": url, "title": title, "start_index": 0, "end_index": 0, "content": f"{title}."},
        }
        for url, title in pages
    ]
    cited = Step(delta={"content": "", "annotations": notes}, tokens=0)
    text = "Two sources agree: [one](https://example.com/one) and [two](https://example.com/two)."
    return Script(steps=(cited, *say(text)), searches=1)


def _structured(ask: Ask) -> Script:
    return Script(steps=say(encode_sample(ask.schema or {})))


def _surrogates(_: Ask) -> Script:
    pieces = ("Split: ", "\ud83d", "\ude00", ", alone: ", "\ud83d", ".")
    return Script(steps=tuple(content(piece) for piece in pieces))


def _ending(**changes: Any) -> Callable[[Ask], Script]:
    def write(ask: Ask) -> Script:
        return replace(answer(ask, thinks=False), **changes)

    return write


def _interrupted(**changes: Any) -> Callable[[Ask], Script]:
    def write(_: Ask) -> Script:
        return Script(steps=say("This reply begins well, but it will never"), **changes)

    return write


MAGIC: Mapping[str, Magic] = {
    "echo": Magic(about="repeats the last user text, a few characters a chunk", write=_echo),
    "long": Magic(about="as many tokens as max_tokens asks for; 600 otherwise", write=_long),
    "reasoning": Magic(about="reasoning and signed reasoning_details before the text", write=_reasoning),
    "tools": Magic(about="calls every offered tool once; after tool results, text", write=_tools),
    "image": Magic(about="an image as a data URL", write=_image),
    "audio": Magic(about="audio with a transcript", write=_audio),
    "citations": Magic(about="url_citation annotations and a web-search fee", write=_citations),
    "structured": Magic(about="JSON that fits response_format", write=_structured),
    "surrogates": Magic(about="an emoji split over two chunks, and a lone surrogate", write=_surrogates),
    "bigint": Magic(
        about="an unknown integer member beyond 64 bits", write=_ending(extra={"sandbox_bigint": 2**70 + 1})
    ),
    "empty": Magic(about="a completion without tokens, free of charge", write=lambda _: Script()),
    "slow": Magic(about="comments for a long time, then an answer", write=_ending(comments=40)),
    "stall": Magic(about="some text, then silence until the caller leaves", write=_interrupted(ending="stall")),
    "cut": Magic(about="some text, then the connection is closed mid-body", write=_interrupted(ending="cut")),
    "cut-clean": Magic(
        about="some text, then a well-formed end of the body without finish reason or [DONE]",
        write=_interrupted(ending="cut-clean"),
    ),
    "reset": Magic(about="some text, then a TCP reset", write=_interrupted(ending="reset")),
    "no-done": Magic(about="everything but [DONE]", write=_ending(ending="no-done")),
    "no-header": Magic(about="no X-Generation-Id header", write=_ending(has_header=False)),
    "mid-error": Magic(
        about="some text, then an error chunk with an integer code", write=_interrupted(ending="error", error=_BROKEN)
    ),
    "mid-error-string": Magic(
        about="some text, then an error chunk with the code server_error",
        write=_interrupted(ending="error", error=_BROKEN | {"code": "server_error"}),
    ),
    "mid-error-bare": Magic(
        about="some text, then an error chunk without choices",
        write=_interrupted(ending="error", error=_BROKEN, error_has_choices=False),
    ),
    "choice-error": Magic(
        about="HTTP 200 with choices[0].error (on a stream: an error chunk)",
        write=_interrupted(ending="error", error=_BROKEN),
    ),
    "body-error": Magic(
        about="HTTP 200 with an error in place of the completion",
        write=_interrupted(ending="body-error", error={"message": "Internal Server Error", "code": 500}),
    ),
    "debug": Magic(
        about="a debug chunk with empty choices first",
        write=_ending(opening=({"debug": {"echo_upstream_body": {"model": "sandbox", "stream": True}}},)),
    ),
    "byok": Magic(about="served with the caller's own provider key", write=_ending(is_byok=True)),
    "cached": Magic(about="most of the prompt read from the provider's cache", write=_ending(cached_tokens=_CACHED)),
}
"""Magic models by the part of their id after `sandbox/`."""
