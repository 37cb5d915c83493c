"""The dialect of `POST /responses`, OpenAI's: typed events around numbered items (errors: field guide §4.1, G)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chit.sandbox.ask import list_of
from chit.sandbox.chunks import DONE, encode_event
from chit.sandbox.dialect import Brief, Dialect
from chit.sandbox.error_words import name_error, name_for_responses
from chit.sandbox.failures import Failure
from chit.sandbox.pricing import Usage, as_number
from chit.sandbox.responses_request import understand_responses

_GROWS: Mapping[str, tuple[str, str]] = {
    "message": ("output_text", "output_text"),
    "reasoning": ("reasoning_text", "reasoning_text"),
}
"""By the type of an item with parts: the type of its part, and what the events of its text are called."""


class ResponsesSpeech:
    """Items, one after the other: reasoning, a message, calls of functions, pictures."""

    def __init__(self, brief: Brief) -> None:
        self._brief = brief
        self._items: list[dict[str, Any]] = []
        self._is_open = False
        self._number = 0

    def open(self) -> list[bytes]:
        """That it was created, and that it runs."""
        response = self._response("in_progress")
        return [
            self._event("response.created", response=response),
            self._event("response.in_progress", response=response),
        ]

    def say(self, delta: Mapping[str, Any]) -> list[bytes]:
        """The events that a delta comes to; sound has no place in this dialect."""
        events: list[bytes] = []
        for detail in delta.get("reasoning_details", ()):
            events += self._think(detail)
        if delta.get("content"):
            events += self._extend("message", delta["content"])
        for call in delta.get("tool_calls", ()):
            events += self._call(call)
        for image in delta.get("images", ()):
            events += self._draw(image)
        for note in delta.get("annotations", ()):
            events += self._annotate(note)
        return events

    def finish(self, usage: Usage) -> list[bytes]:
        """The end of the last item, the response as a whole, `[DONE]`."""
        closed = self._close()
        status = self._status()
        return [*closed, self._event(f"response.{status}", response=self._response(status, usage)), DONE]

    def fail(self) -> list[bytes]:
        """The response as far as it came, with its error – or the bare error, where the script wants it so."""
        error = self._error()
        if not self._brief.script.error_has_choices:
            return [self._event("error", **error, param=None) + DONE]
        failed = self._response("failed") | {"error": error, "error_type": name_error(self._brief.script.error)}
        return [self._event("response.failed", response=failed) + DONE]

    def whole(self, usage: Usage, *, failed: bool) -> Any:
        """The response as one object."""
        for step in self._brief.script.steps:
            self.say(step.delta)
        self._close()
        if not failed:
            return self._response(self._status(), usage)
        error = {"error": self._error(), "error_type": name_error(self._brief.script.error)}
        return self._response("failed", usage) | error

    def _error(self) -> dict[str, Any]:
        error = self._brief.script.error
        return {"code": name_for_responses(name_error(error)), "message": error["message"]}

    def _status(self) -> str:
        return "incomplete" if self._brief.script.finish_reason == "length" else "completed"

    def _event(self, kind: str, **members: Any) -> bytes:
        event = encode_event({"type": kind, **members, "sequence_number": self._number})
        self._number += 1
        return event

    def _response(self, status: str, usage: Usage | None = None) -> dict[str, Any]:
        """What every form of the response has, as OpenRouter sends it."""
        head, body = self._brief.head, self._brief.body
        return {
            "id": head.id,
            "object": "response",
            "created_at": head.created,
            "model": head.model,
            "status": status,
            "completed_at": head.created if status == "completed" else None,
            "output": list(self._items),
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
            "tools": [{"strict": None, **tool} for tool in list_of(body.get("tools")) if isinstance(tool, dict)],
            "tool_choice": body.get("tool_choice", "auto"),
            "parallel_tool_calls": body.get("parallel_tool_calls", True),
            "max_output_tokens": body.get("max_output_tokens"),
            "temperature": body.get("temperature", 1),
            "top_p": body.get("top_p", 1),
            "presence_penalty": 0,
            "frequency_penalty": 0,
            "top_logprobs": 0,
            "max_tool_calls": None,
            "metadata": body.get("metadata") or {},
            "background": False,
            "previous_response_id": None,
            "service_tier": "auto",
            "truncation": "disabled",
            "store": False,
            "instructions": body.get("instructions"),
            "text": body.get("text") or {"format": {"type": "text"}},
            "reasoning": body.get("reasoning"),
            "safety_identifier": None,
            "prompt_cache_key": None,
            "usage": None if usage is None else _count(usage),
            **head.extra,
        }

    def _begin(self, kind: str, prefix: str, **members: Any) -> list[bytes]:
        events = self._close()
        number = len(self._items)
        identity = f"{prefix}_tmp_{self._brief.head.id.rpartition('-')[2].lower()}{number}"
        self._items.append({"id": identity, "type": kind, "status": "in_progress", **members})
        self._is_open = True
        return [*events, self._event("response.output_item.added", output_index=number, item=dict(self._items[-1]))]

    def _extend(self, kind: str, text: str) -> list[bytes]:
        """More text for the item in progress, or for a new one."""
        part_type, name = _GROWS[kind]
        events: list[bytes] = []
        if not self._is_in(kind):
            events += self._begin_with_part(kind, part_type)
        part = self._items[-1]["content"][0]
        part["text"] += text
        more: dict[str, Any] = {"logprobs": []} if kind == "message" else {}
        return [*events, self._event(f"response.{name}.delta", **self._place(), delta=text, **more)]

    def _begin_with_part(self, kind: str, part_type: str) -> list[bytes]:
        spoken: dict[str, Any] = {"role": "assistant"} if kind == "message" else {"summary": []}
        more: dict[str, Any] = {"annotations": [], "logprobs": []} if kind == "message" else {}
        part = {"type": part_type, "text": "", **more}
        added = self._begin(kind, "msg" if kind == "message" else "rs", **spoken, content=[])
        self._items[-1]["content"] = [part]
        return [*added, self._event("response.content_part.added", **self._place(), part=dict(part))]

    def _think(self, detail: Mapping[str, Any]) -> list[bytes]:
        events = self._extend("reasoning", detail["text"]) if "text" in detail else []
        if "signature" in detail and self._is_in("reasoning"):
            self._items[-1] |= {"signature": detail["signature"], "format": detail["format"]}
        return events

    def _call(self, call: Mapping[str, Any]) -> list[bytes]:
        function = call["function"]
        events: list[bytes] = []
        if "id" in call:
            events += self._begin("function_call", "fc", call_id=call["id"], name=function["name"], arguments="")
        if function["arguments"]:
            self._items[-1]["arguments"] += function["arguments"]
            place = {"output_index": len(self._items) - 1, "item_id": self._items[-1]["id"]}
            events.append(self._event("response.function_call_arguments.delta", **place, delta=function["arguments"]))
        return events

    def _draw(self, image: Mapping[str, Any]) -> list[bytes]:
        data = image["image_url"]["url"].partition("base64,")[2]
        began = self._begin("image_generation_call", "ig", result=None)
        self._items[-1]["result"] = data
        return [*began, *self._close()]

    def _annotate(self, note: Mapping[str, Any]) -> list[bytes]:
        events = [] if self._is_in("message") else self._begin_with_part("message", "output_text")
        notes = self._items[-1]["content"][0]["annotations"]
        cited = note["url_citation"]
        flat = {"type": note["type"], **{name: cited[name] for name in ("url", "title", "start_index", "end_index")}}
        notes.append(flat)
        place = {**self._place(), "annotation_index": len(notes) - 1}
        return [*events, self._event("response.output_text.annotation.added", **place, annotation=flat)]

    def _close(self) -> list[bytes]:
        """The events that end the item in progress."""
        if not self._is_open:
            return []
        self._is_open = False
        item = self._items[-1]
        item["status"] = "completed"
        events: list[bytes] = []
        if item["type"] in _GROWS:
            part, (_, name) = item["content"][0], _GROWS[item["type"]]
            more: dict[str, Any] = {"logprobs": []} if item["type"] == "message" else {}
            events.append(self._event(f"response.{name}.done", **self._place(), text=part["text"], **more))
            events.append(self._event("response.content_part.done", **self._place(), part=part))
        elif item["type"] == "function_call":
            place = {"output_index": len(self._items) - 1, "item_id": item["id"]}
            said = {name: item[name] for name in ("name", "arguments")}
            events.append(self._event("response.function_call_arguments.done", **place, **said))
        return [*events, self._event("response.output_item.done", output_index=len(self._items) - 1, item=item)]

    def _is_in(self, kind: str) -> bool:
        return self._is_open and self._items[-1]["type"] == kind

    def _place(self) -> dict[str, Any]:
        return {"output_index": len(self._items) - 1, "item_id": self._items[-1]["id"], "content_index": 0}


def _count(usage: Usage) -> dict[str, Any]:
    spent = bool(usage.completion_tokens)
    return {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "cost": as_number(usage.cost),
        "is_byok": usage.is_byok,
        "cost_details": {
            "upstream_inference_cost": as_number(usage.upstream_cost),
            "upstream_inference_input_cost": as_number(usage.prompt_cost) if spent else 0,
            "upstream_inference_output_cost": as_number(usage.completion_cost),
        },
    }


def _phrase(failure: Failure) -> Failure:
    """A refusal in shape G; what the edge sends stays as it is."""
    if isinstance(failure.body, str):
        return failure
    error = failure.body["error"]
    kind = name_error(error, failure.status)
    kept = {name: error[name] for name in ("availability",) if name in error}
    told = {"code": name_for_responses(kind), "message": error["message"], **kept}
    body = {"id": "resp_refused", "status": "failed", "error": told, "error_type": kind}
    return replace(failure, body=body | {"metadata": error.get("metadata")})


RESPONSES = Dialect(understand=understand_responses, phrase=_phrase, speak=ResponsesSpeech)
