"""Chunks into a completion: one function folds a chunk into the state, the events it caused come back.

The result has the shape of a unary reply (`choices[].message`), whatever order and pieces the stream came in. Fields we
do not know are kept: the last non-null value wins. A stream that ends without `[DONE]` and without a finish reason is
interrupted; no "stop" is ever invented (field guide §3.7).
"""

from collections.abc import Mapping
from typing import Any

from chit.core.events import AnnotationAdded, Delta, MediaAdded, ReasoningAdded, TextAdded
from chit.core.reasoning import add_reasoning_details, reasoning_text
from chit.core.surrogates import SurrogateJoiner, mend_surrogates
from chit.core.tool_calls import add_tool_call

_TEXTS = frozenset({"content", "reasoning", "reasoning_content", "refusal"})
_REASONING = ("reasoning", "reasoning_content", "reasoning_details")
"""Spellings of one and the same text; the first that holds any is shown."""
_LISTS = frozenset({"reasoning_details", "tool_calls", "images", "annotations"})


class CompletionFold:
    """The state of one streamed completion. Any cut of the same bytes gives the same result."""

    def __init__(self) -> None:
        self.done = False
        """`[DONE]` was seen."""
        self.error: Mapping[str, Any] | None = None
        """The first chunk that carried an error, top-level or in a choice."""
        self.error_text: bytes | None = None
        """The same as received, where the caller of `add` knows it."""
        self._top: dict[str, Any] = {}
        self._choices: dict[int, _Choice] = {}

    @property
    def generation_id(self) -> str | None:
        """The id of the first chunk that had one."""
        found = self._top.get("id")
        return found if isinstance(found, str) and found else None

    @property
    def finish_reason(self) -> str | None:
        """Of the first choice; None until one was sent."""
        choice = self._choices.get(0)
        found = choice.fields.get("finish_reason") if choice else None
        return found if isinstance(found, str) and found else None

    @property
    def complete(self) -> bool:
        """Whether the stream said that it was over: `[DONE]` or a finish reason."""
        return self.done or self.finish_reason is not None

    def add(self, chunk: Mapping[str, Any], text: bytes | None = None) -> list[Delta]:
        """Fold one chunk, `text` being its JSON as received; the first choice's deltas come back in order."""
        deltas: list[Delta] = []
        failed = chunk.get("error") is not None
        for name, value in chunk.items():
            if name == "choices":
                if isinstance(value, list):
                    for choice in value:
                        if isinstance(choice, dict):
                            failed = failed or choice.get("error") is not None
                            self._add_choice(choice, deltas)
            elif value is not None and not (name == "id" and self.generation_id is not None):
                self._top[name] = value
            else:
                self._top.setdefault(name, value)
        if failed and self.error is None:
            self.error, self.error_text = chunk, text
        return deltas

    def end(self) -> list[Delta]:
        """Call once at the end of the stream: what was held back, waiting for its other half."""
        deltas: list[Delta] = []
        for index, choice in sorted(self._choices.items()):
            rest = choice.finish()
            if index == 0:
                deltas += rest
        return deltas

    def completion(self) -> dict[str, Any]:
        """A unary-shaped reply with everything received so far."""
        whole = {"object": "chat.completion"} | self._top
        if whole["object"] == "chat.completion.chunk":
            whole["object"] = "chat.completion"
        whole["choices"] = [choice.whole(index) for index, choice in sorted(self._choices.items())]
        mended = mend_surrogates(whole)
        assert isinstance(mended, dict)  # noqa: S101 - narrows the type: an object stays an object
        return mended

    def _add_choice(self, choice: Mapping[str, Any], deltas: list[Delta]) -> None:
        index = choice.get("index")
        if not isinstance(index, int):
            index = 0
        state = self._choices.get(index)
        if state is None:
            state = self._choices[index] = _Choice()
        caused = state.add(choice)
        if index == 0:
            deltas += caused


class _Choice:
    """One choice: its own fields, and the message that its deltas build."""

    __slots__ = ("_content", "_grown", "_reasoning", "fields", "message")

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.message: dict[str, Any] = {}
        self._grown: dict[str, list[str]] = {}
        """Texts in pieces, joined once at the end: a long reply costs linear time."""
        self._content = SurrogateJoiner()
        self._reasoning = SurrogateJoiner()

    def add(self, choice: Mapping[str, Any]) -> list[Delta]:
        """Fold one entry of `choices`."""
        for name, value in choice.items():
            if name in ("delta", "message"):
                continue
            if name == "logprobs" and isinstance(value, dict):
                self.fields[name] = _longer_logprobs(self.fields.get(name), value)
            elif value is not None or name not in self.fields:
                self.fields[name] = value
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            delta = choice.get("message")  # a unary body sent as the only event
        return self._add_delta(delta) if isinstance(delta, dict) else []

    def _add_delta(self, delta: Mapping[str, Any]) -> list[Delta]:
        deltas: list[Delta] = []
        self._show_reasoning(delta, deltas)
        for name, value in delta.items():
            if value is None:
                self.message.setdefault(name, None)
            elif name in _TEXTS and isinstance(value, str):
                self._grown.setdefault(name, []).append(value)
                if name == "content":
                    self._show(TextAdded, self._content.add(value), deltas)
            elif name == "content" and isinstance(value, list):
                self._add_parts(value, deltas)
            elif name in _LISTS and isinstance(value, list):
                self._add_list(name, value, deltas)
            elif name == "audio" and isinstance(value, dict):
                self._add_audio(value, deltas)
            else:
                self.message[name] = value
        return deltas

    def _add_parts(self, parts: list[Any], deltas: list[Delta]) -> None:
        """Content as an array of parts: its texts join the text, the rest is kept among the images."""
        for part in parts:
            if isinstance(part, dict) and isinstance(part.get("text"), str):
                self._grown.setdefault("content", []).append(part["text"])
                self._show(TextAdded, self._content.add(part["text"]), deltas)
            else:
                self._add_list("images", [part], deltas)

    def _add_list(self, name: str, pieces: list[Any], deltas: list[Delta]) -> None:
        found = self.message.get(name)
        before = found if isinstance(found, list) else []
        if name == "reasoning_details":
            self.message[name] = add_reasoning_details(before, pieces)
        elif name == "tool_calls":
            self.message[name] = before
            deltas += [add_tool_call(before, piece) for piece in pieces if isinstance(piece, dict)]
        else:
            self.message[name] = before + pieces
            wrap = MediaAdded if name == "images" else AnnotationAdded
            deltas += [wrap(piece) for piece in pieces if isinstance(piece, dict)]

    def _add_audio(self, value: Mapping[str, Any], deltas: list[Delta]) -> None:
        found = self.message.get("audio")
        audio = dict(found) if isinstance(found, dict) else {}
        for name, piece in value.items():
            if name in ("data", "transcript") and isinstance(piece, str):
                audio[name] = f"{audio.get(name) or ''}{piece}"
            elif piece is not None:
                audio[name] = piece
        self.message["audio"] = audio
        deltas.append(MediaAdded(value))

    def _show_reasoning(self, delta: Mapping[str, Any], deltas: list[Delta]) -> None:
        for name in _REASONING:
            found = delta.get(name)
            text = reasoning_text(found) if found and name == "reasoning_details" else found
            if text and isinstance(text, str):
                self._show(ReasoningAdded, self._reasoning.add(text), deltas)
                return

    @staticmethod
    def _show(wrap: type[TextAdded] | type[ReasoningAdded], text: str, deltas: list[Delta]) -> None:
        if text:
            deltas.append(wrap(text))

    def finish(self) -> list[Delta]:
        """What waited for its other half."""
        deltas: list[Delta] = []
        self._show(ReasoningAdded, self._reasoning.end(), deltas)
        self._show(TextAdded, self._content.end(), deltas)
        return deltas

    def whole(self, index: int) -> dict[str, Any]:
        """The choice as a unary reply would have it."""
        grown = {name: "".join(pieces) for name, pieces in self._grown.items()}
        message = {"role": "assistant", "content": None} | self.message | grown
        return {"index": index, "finish_reason": None} | self.fields | {"index": index, "message": message}


def _longer_logprobs(before: Any, piece: Mapping[str, Any]) -> dict[str, Any]:
    longer = dict(before) if isinstance(before, dict) else {}
    for name, value in piece.items():
        if isinstance(value, list) and isinstance(longer.get(name), list):
            longer[name] = longer[name] + value
        elif value is not None or name not in longer:
            longer[name] = value
    return longer
