"""The executor that keeps nobody waiting."""

import asyncio
import threading

import pytest

from chit.cli.daemon_threads import DaemonThreads


async def test_results_and_errors_come_back() -> None:
    """As from any other executor."""
    loop = asyncio.get_running_loop()
    with DaemonThreads() as threads:
        assert await loop.run_in_executor(threads, int, "7") == 7
        with pytest.raises(ValueError, match="seven"):
            await loop.run_in_executor(threads, int, "seven")


def test_a_loop_ends_while_something_hangs() -> None:
    """What waits for ever is left behind, in a thread that does not keep the process."""
    forever, threads = threading.Event(), DaemonThreads()

    async def hang() -> threading.Thread:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(threads)
        before = set(threading.enumerate())
        loop.run_in_executor(None, forever.wait)
        (thread,) = set(threading.enumerate()) - before
        return thread

    left = asyncio.run(hang())
    assert left.daemon
    assert left.is_alive()
    forever.set()
    left.join()
