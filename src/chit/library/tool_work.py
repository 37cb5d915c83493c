"""The tool calls of one reply, run beside each other."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from chit.core.messages import ToolCallPart, ToolResultPart
from chit.library.tool import Tool
from chit.library.tool_events import ReplyEvent, ToolEnded, ToolStarted

_NOT_RUN = "Not run: the reply was stopped."
_STOPPED = "Stopped before it ended: it may have done something."


class ToolWork:
    """The calls of one reply: `run` once, `list_results` at any time."""

    def __init__(
        self,
        calls: Sequence[ToolCallPart],
        tools: Mapping[str, Tool],
        *,
        tell: Callable[[ReplyEvent], None],
        scrub: Callable[[str], str],
    ) -> None:
        """`tell` hears of each as it starts and ends; `scrub` takes keys out of what went wrong."""
        self._calls = calls
        self._tools = tools
        self._tell = tell
        self._scrub = scrub
        self._results = [_NOT_RUN] * len(calls)

    async def run(self) -> None:
        """All of them. What goes wrong with a call is told to the model, without keys, and breaks no other."""
        await asyncio.gather(*(self._run(place, call) for place, call in enumerate(self._calls)))

    def list_results(self) -> list[ToolResultPart]:
        """What the model is to read of each, in order: also of those that were stopped, or never ran."""
        return [ToolResultPart(call.id, told) for call, told in zip(self._calls, self._results, strict=True)]

    async def _run(self, place: int, call: ToolCallPart) -> None:
        self._results[place] = _STOPPED
        self._tell(ToolStarted(id=call.id, name=call.name, arguments=call.arguments))
        failed: Exception | None = None
        try:
            result = await _find(self._tools, call.name).run(call.arguments)
        except asyncio.CancelledError as error:
            if _is_cancelled():
                raise
            failed = RuntimeError(f"it cancelled itself {error}".rstrip())
        except SystemExit as error:
            failed = RuntimeError(f"it wanted to end the program: SystemExit({error.code!r})")
        except Exception as error:
            failed = error
        if failed is not None:
            result = self._scrub(_describe(failed))
        self._results[place] = result
        self._tell(ToolEnded(id=call.id, name=call.name, result=result, error=failed))


def _describe(error: Exception) -> str:
    try:
        return f"Error: {type(error).__name__}: {error}"
    except Exception:  # it cannot say what it is
        return f"Error: {type(error).__name__}"


def _is_cancelled() -> bool:
    """Whether somebody else wants this task to end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _find(tools: Mapping[str, Tool], name: str) -> Tool:
    if name not in tools:
        raise LookupError(f"there is no tool {name!r}; there are: {', '.join(tools)}")
    return tools[name]
