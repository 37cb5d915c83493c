"""The way of received bytes through the store."""

from collections.abc import Callable, Sequence

import pytest

from chit import passage
from chit.core.events import Event, TextAdded
from chit.errors import StoreError
from chit.passage import Passage

Done = Callable[[StoreError | None], None]


class Desk:
    """Commits when it is told to, and notes what got out."""

    def __init__(self) -> None:
        self.queued: list[tuple[bytes, Done]] = []
        self.out: list[tuple[Sequence[Event], bytes]] = []
        self.passage = Passage(lambda data, done: self.queued.append((data, done)), lambda *out: self.out.append(out))

    def commit(self, error: StoreError | None = None) -> bytes:
        """The oldest batch."""
        data, done = self.queued.pop(0)
        done(error)
        return data


async def test_what_comes_while_a_batch_commits_is_the_next_one() -> None:
    """One at a time, joined, each out once it is committed."""
    desk, event = Desk(), TextAdded("x")
    await desk.passage.put(b"one", [event])
    await desk.passage.put(b"two", [])
    await desk.passage.put(b"", [event])
    await desk.passage.put(b"three", [event])
    assert (len(desk.queued), desk.out) == (1, [])
    assert (desk.commit(), desk.out) == (b"one", [([event], b"one")])
    assert (desk.commit(), desk.out[1:], desk.queued) == (b"twothree", [([event], b"twothree")], [])
    await desk.passage.drain()


async def test_what_is_seen_may_differ_from_what_is_kept() -> None:
    """In a batch with others, too."""
    desk = Desk()
    await desk.passage.put(b"one", [], b"ONE")
    await desk.passage.put(b"two", [])
    await desk.passage.put(b"three", [], b"THREE")
    assert (desk.commit(), desk.commit()) == (b"one", b"twothree")
    assert desk.out == [([], b"ONE"), ([], b"twoTHREE")]


async def test_what_has_not_begun_is_taken_back() -> None:
    """As it is to be seen; what is under way goes on, and nothing follows it."""
    desk = Desk()
    await desk.passage.put(b"one", [])
    await desk.passage.put(b"two", [], b"TWO")
    assert desk.passage.close() == b"TWO"
    assert (desk.commit(), desk.queued, desk.passage.close()) == (b"one", [], b"")


async def test_after_a_failure_nothing_gets_out() -> None:
    """Neither what failed nor what follows, and the first failure is the one that is told."""
    desk, broken = Desk(), StoreError("broken")
    await desk.passage.put(b"one", [])
    await desk.passage.put(b"two", [])
    desk.commit(broken)
    assert (desk.passage.error, desk.queued, desk.out) == (broken, [], [])
    desk = Desk()
    await desk.passage.put(b"one", [])
    desk.passage.error = broken
    desk.commit()
    assert desk.out == []
    await desk.passage.put(b"two", [])
    desk.commit(StoreError("again"))
    assert (desk.passage.error, desk.out) == (broken, [])


async def test_a_failure_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for the disk is not left waiting."""
    monkeypatch.setattr(passage, "MAX_UNCOMMITTED_BYTES", 3)
    desk = Desk()
    monkeypatch.setattr(desk.passage, "_append", lambda _, done: done(StoreError("broken")))
    await desk.passage.put(b"four", [])
    assert desk.out == []
