"""The tool calls of one reply, run beside each other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from chit.core.messages import Message, ToolCallPart, ToolResultPart
from chit.library.tool import Tool
from chit.library.tool_events import ReplyEvent, ToolEnded, ToolStarted


def list_calls(message: Message) -> list[ToolCallPart]:
    """Those that a program has to answer; tools that OpenRouter runs are not among them."""
    parts = (part for part in message.parts if isinstance(part, ToolCallPart))
    return [part for part in parts if part.extra.get("type", "function") == "function"]


async def run_calls(
    calls: Sequence[ToolCallPart],
    tools: Mapping[str, Tool],
    *,
    tell: Callable[[ReplyEvent], None],
    scrub: Callable[[str], str],
) -> list[ToolResultPart]:
    """Their results, in order. What goes wrong with a call is told to the model, without keys, and breaks no other."""

    async def run(call: ToolCallPart) -> ToolResultPart:
        tell(ToolStarted(id=call.id, name=call.name, arguments=call.arguments))
        failed: Exception | None = None
        try:
            result = await _find(tools, call.name).run(call.arguments)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            failed = RuntimeError(f"it cancelled itself {error}".rstrip())
        except Exception as error:
            failed = error
        if failed is not None:
            result = scrub(f"Error: {type(failed).__name__}: {failed}")
        tell(ToolEnded(id=call.id, name=call.name, result=result, error=failed))
        return ToolResultPart(call.id, result)

    return list(await asyncio.gather(*map(run, calls)))


def _is_cancelled() -> bool:
    """Whether somebody else wants this task to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _find(tools: Mapping[str, Tool], name: str) -> Tool:
    if name not in tools:
        raise LookupError(f"there is no tool {name!r}; there are: {', '.join(tools)}")
    return tools[name]
