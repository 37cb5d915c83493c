"""How fast wrong passphrases may follow one another (attack case 38)."""

import asyncio

import pytest
from tests.vault.doubles import SetClock

from chit.errors import TooManyTries, VaultDamaged, WrongPassphrase
from chit.vault.back_off import BackOff, Guard


def wait_of(back_off: BackOff) -> float:
    """For how many seconds it is too early."""
    with pytest.raises(TooManyTries) as caught:
        back_off.check()
    assert "nothing was tried" in caught.value.hint
    return caught.value.retry_after


def test_waits_double_up_to_thirty_seconds() -> None:
    """Wrong tries cost 1, 2, 4, 8, 16, 30, 30 … s, however many there are, and not a moment more."""
    clock = SetClock()
    back_off = BackOff(clock)
    back_off.check()
    for wait in (1, 2, 4, 8, 16, 30, 30, 30):
        back_off.note_wrong()
        assert wait_of(back_off) == wait
        clock.now += wait - 0.25
        assert wait_of(back_off) == 0.25
        clock.now += 0.25
        back_off.check()


def test_a_right_try_forgets_the_wrong_ones() -> None:
    """After the right passphrase the next wrong one costs one second again."""
    clock = SetClock()
    back_off = BackOff(clock)
    for _ in range(3):
        back_off.note_wrong()
    back_off.note_right()
    back_off.check()
    back_off.note_wrong()
    assert wait_of(back_off) == 1


async def test_fifty_guesses_at_once_are_one_try() -> None:
    """Attack case 38: of 50 parallel guesses one is tried, alone, and 49 are refused untried."""
    guard = Guard(BackOff(SetClock()))
    inside, most, tried = 0, 0, 0

    async def guess() -> str:
        nonlocal inside, most, tried
        try:
            async with guard.attempt():
                tried, inside = tried + 1, inside + 1
                most = max(most, inside)
                await asyncio.sleep(0)
                inside -= 1
                raise WrongPassphrase("no")
        except TooManyTries:
            return "refused"
        except WrongPassphrase:
            return "wrong"

    outcomes = await asyncio.gather(*(guess() for _ in range(50)))
    assert (tried, most, outcomes.count("wrong"), outcomes.count("refused")) == (1, 1, 1, 49)


async def test_tries_that_are_not_wrong_do_not_wait() -> None:
    """One derivation at a time holds for right ones too; an error of another kind costs no wait."""
    guard = Guard(BackOff(SetClock()))
    with pytest.raises(VaultDamaged):
        async with guard.attempt():
            raise VaultDamaged("other")
    async with guard.attempt():
        pass
    async with guard.attempt():
        pass
