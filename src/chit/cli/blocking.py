"""Reading the store without an event loop: asyncio costs more than the whole of `chit show`."""

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def finish(reading: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits. Raises `RuntimeError` if it does wait."""
    try:
        reading.send(None)
    except StopIteration as finished:
        value: T = finished.value
        return value
    reading.close()
    raise RuntimeError("this needs an event loop")
