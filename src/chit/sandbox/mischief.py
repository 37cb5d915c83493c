"""How a mishap shows: no answer at all, or an answer whose script it spoils. What breaks a body off is in `weir`."""

from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from chit.sandbox.failures import Failure, fail
from chit.sandbox.mishaps import Kind, Mishap
from chit.sandbox.script import Script
from chit.sandbox.wire_breaks import hang_up

UNANSWERED = frozenset[Kind]({"refused", "page", "bare", "reset-early"})
"""The kinds that give no completion; the model may have run all the same."""
_LATE_ERROR = {"code": 502, "message": "Provider disconnected", "metadata": {"error_type": "provider_unavailable"}}
_PAGE = "<html><head><title>{status}</title></head><body><center><h1>Error {status}</h1></center></body></html>"


def refuse_by_mishap(
    request: web.Request, mishap: Mishap, send_failure: Callable[[Failure], web.Response]
) -> web.StreamResponse:
    """What the caller gets in place of an answer. Raises `ConnectionResetError` for nothing at all."""
    status = mishap.status
    match mishap.kind:
        case "refused":
            response = send_failure(fail(status, "The sandbox's schedule refuses this request"))
            if mishap.retry_after is not None:
                response.headers["Retry-After"] = str(mishap.retry_after)
            return response
        case "page":
            return web.Response(status=status, text=_PAGE.format(status=status), content_type="text/html")
        case "bare":
            return web.Response(status=status)
        case _:
            hang_up(request, reset=True)
            raise ConnectionResetError("broken off, as the schedule has it")


def spoil_script(script: Script, mishap: Mishap) -> Script:
    """The script with another ending, where that is the mishap."""
    if mishap.kind == "no-done":
        return replace(script, ending="no-done")
    if mishap.kind == "late-error":
        spoken = script.steps[: mishap.chance % (len(script.steps) + 1)]
        return replace(script, steps=spoken, ending="error", error=_LATE_ERROR)
    return script
