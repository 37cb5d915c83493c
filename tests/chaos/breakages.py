"""Chit with one thing broken on purpose: `python -m tests.chaos.breakages NAME ask …`. The run must notice each."""

import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def show_before_keeping() -> None:
    """G1: what came is shown at once, and kept a little later."""
    from chit.passage import Passage

    keep = Passage.put

    async def put(self: Passage, data: bytes, events: Sequence[Any], seen: bytes | None = None) -> None:
        self._publish(events, data)

        async def later() -> None:
            await asyncio.sleep(0.3)
            await keep(self, data, [], b"")

        task = asyncio.ensure_future(later())
        _LATER.add(task)
        task.add_done_callback(_LATER.discard)

    Passage.put = put  # type: ignore[method-assign]


_LATER: set[asyncio.Future[None]] = set()


def retry_a_bare_500() -> None:
    """G5: a failure that says nothing is taken for one that cost nothing."""
    import chit.running as running
    from chit.core.fault import Fault
    from chit.core.retry import Wait, decide_retry

    def retry(fault: Fault, retries_so_far: int) -> Wait | None:
        if fault.generation_id is None and fault.status in (500, 504) and retries_so_far < 2:
            return Wait(0.0, 0.0)
        return decide_retry(fault, retries_so_far)

    setattr(running, "decide_retry", retry)  # noqa: B010 - it is a name that module only imports


def settle_without_a_key() -> None:
    """G4: nothing keeps a second settlement of the same id out."""
    import chit.store.connection as connection
    from chit.store import inserts, writes
    from chit.store.schema import STEPS

    first = STEPS[0].replace("generation_id TEXT PRIMARY KEY,", "generation_id TEXT,")
    first = first.replace("generation_id TEXT REFERENCES settlements (generation_id)", "generation_id TEXT")
    setattr(connection, "STEPS", (first, *STEPS[1:]))  # noqa: B010 - it is a name that module only imports

    def open_settlement(connection: Any, generation_id: str) -> None:
        connection.execute("INSERT INTO settlements (generation_id) VALUES (?)", (generation_id,))

    for module in (inserts, writes):
        setattr(module, "open_settlement", open_settlement)  # noqa: B010 - each holds the name by itself


BREAKAGES: Mapping[str, Callable[[], None]] = {
    each.__name__: each for each in (show_before_keeping, retry_a_bare_500, settle_without_a_key)
}


def main() -> None:
    """Break it, then run the command."""
    name = sys.argv.pop(1)
    BREAKAGES[name]()
    from chit.cli.main import main as chit

    chit(sys.argv[1:])


if __name__ == "__main__":
    main()
