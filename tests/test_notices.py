"""Publish and subscribe."""

from collections.abc import Callable

from chit.core.balance import Balance
from chit.notices import BalanceChanged, GenerationEnded, Notice, Notices, SettlementChanged

ENDED = GenerationEnded("message", "gen-1")
CHANGED = SettlementChanged("gen-1")
REFRESHED = BalanceChanged(Balance())


def test_everyone_is_told_in_the_order_of_subscribing() -> None:
    """Each notice reaches each subscriber once, first come first told."""
    notices = Notices()
    heard: list[tuple[str, Notice]] = []
    for name in ("a", "b"):
        notices.subscribe(lambda notice, name=name: heard.append((name, notice)))  # type: ignore[misc]
    notices.publish(ENDED)
    notices.publish(CHANGED)
    notices.publish(REFRESHED)
    assert heard == [(name, notice) for notice in (ENDED, CHANGED, REFRESHED) for name in ("a", "b")]


def test_who_unsubscribed_hears_nothing() -> None:
    """Unsubscribing ends it for that one alone, and doing it again does nothing."""
    notices = Notices()
    left: list[Notice] = []
    stayed: list[Notice] = []
    leave = notices.subscribe(left.append)
    notices.subscribe(stayed.append)
    leave()
    leave()
    notices.publish(ENDED)
    assert (left, stayed) == ([], [ENDED])


def test_two_subscriptions_of_one_function_are_two() -> None:
    """Ending one of them, even twice, leaves the other."""
    notices = Notices()
    heard: list[Notice] = []

    def listen(notice: Notice) -> None:
        heard.append(notice)

    leave = notices.subscribe(listen)
    notices.subscribe(listen)
    notices.publish(ENDED)
    leave()
    leave()
    notices.publish(CHANGED)
    assert heard == [ENDED, ENDED, CHANGED]


def test_subscribing_and_leaving_while_being_told() -> None:
    """Who comes during a notice hears the next one, who leaves still hears this one, and nobody is skipped."""
    notices = Notices()
    heard: list[str] = []
    leavers: list[Callable[[], None]] = []

    def first(_: Notice) -> None:
        heard.append("first")
        leavers[0]()
        notices.subscribe(lambda _: heard.append("late"))

    leavers.append(notices.subscribe(first))
    notices.subscribe(lambda _: heard.append("second"))
    notices.publish(ENDED)
    assert heard == ["first", "second"]
    notices.publish(CHANGED)
    assert heard == ["first", "second", "second", "late"]


def test_a_notice_without_listeners_is_nothing() -> None:
    """Publishing into silence works."""
    Notices().publish(GenerationEnded("message", None))
