"""An open vault in memory."""

import pytest
from tests.vault.doubles import SetClock, make_content

from chit.errors import VaultLocked
from chit.vault.unlocked import Unlocked, awake_clock

STAMP = (1, 2, 3)


def test_it_is_locked_at_first() -> None:
    """Nothing can be used before a vault was opened, and the error carries the button that unlocks."""
    unlocked = Unlocked(idle_seconds=60, clock=SetClock())
    assert (unlocked.is_locked, unlocked.look(), unlocked.seconds_left()) == (True, None, None)
    with pytest.raises(VaultLocked) as caught:
        unlocked.use(STAMP)
    assert [action.kind for action in caught.value.actions] == ["unlock"]
    assert "chit key unlock" in caught.value.hint


def test_it_locks_when_idle() -> None:
    """Use starts the time anew, looking does not; when it is over the keys are gone and it is told once."""
    clock, told = SetClock(), list[bool]()
    unlocked = Unlocked(idle_seconds=60, clock=clock, on_change=told.append)
    unlocked.hold(make_content(), STAMP)
    clock.now += 50
    assert unlocked.use(STAMP) == make_content()
    clock.now += 59
    assert unlocked.look() == make_content()
    assert (unlocked.is_locked, unlocked.seconds_left()) == (False, 1)
    clock.now += 1
    with pytest.raises(VaultLocked):
        unlocked.use(STAMP)
    assert unlocked.is_locked
    unlocked.lock()
    assert told == [False, True]


def test_zero_never_locks_by_itself() -> None:
    """The preference to stay unlocked is kept."""
    clock = SetClock()
    unlocked = Unlocked(idle_seconds=0, clock=clock)
    unlocked.hold(make_content(), None)
    clock.now += 10**9
    assert (unlocked.is_locked, unlocked.seconds_left()) == (False, None)


def test_another_file_locks() -> None:
    """A vault file that is no longer the one that was opened is not answered for (attack case 39)."""
    unlocked = Unlocked(idle_seconds=60, clock=SetClock())
    unlocked.hold(make_content(), STAMP)
    with pytest.raises(VaultLocked, match="changed from outside"):
        unlocked.use((1, 2, 4))
    with pytest.raises(VaultLocked, match="the vault is locked"):
        unlocked.use(STAMP)


def test_holding_anew_is_no_change() -> None:
    """New content in an unlocked vault is taken without a word."""
    told = list[bool]()
    unlocked = Unlocked(idle_seconds=60, clock=SetClock(), on_change=told.append)
    unlocked.hold(make_content(), STAMP)
    unlocked.hold(make_content(), (4, 5, 6))
    assert unlocked.use((4, 5, 6)) == make_content()
    assert told == [False]


def test_the_clock_does_not_go_back() -> None:
    """It is monotonic."""
    assert awake_clock() <= awake_clock()
