"""A key that changed from outside is told, once; a change of our own is not (attack case 39)."""

import pytest
from tests.cli.conftest import PASSPHRASE, HandOver, seal
from tests.cli.person import KEY, Person
from tests.vault.doubles import make_entry

ASK = ("ask", "-m", "sandbox/echo", "Hi")
OTHER = "sk-or-v1-" + "0ddba11c" * 8


def test_a_vault_put_in_the_place_of_another_is_told_once(keeper: Person, hand_over: HandOver) -> None:
    """The first question with another key in the vault warns in one line; the next one does not."""
    first = keeper.call(*ASK, "--passphrase-fd", hand_over(PASSPHRASE))
    assert "changed from outside" not in first.err
    seal(keeper, inference=make_entry(OTHER, base_url=keeper.upstream.base_url))
    swapped = keeper.call(*ASK, "--passphrase-fd", hand_over(PASSPHRASE))
    assert (swapped.code, swapped.out) == (0, "Hi\n")
    assert "the inference key is not the one that Chit last used: it was changed from outside" in swapped.err
    again = keeper.call(*ASK, "--passphrase-fd", hand_over(PASSPHRASE))
    assert "changed from outside" not in again.err


@pytest.mark.usefixtures("quick", "remembering")
def test_a_key_of_our_own_making_is_expected(stranger: Person) -> None:
    """After `chit key set` of another key nothing warns."""
    for key in (KEY, OTHER):
        assert stranger.call("key", "set", typed=key.encode()).code == 0
        assert stranger.call(*ASK).err.count("changed from outside") == 0


def test_a_key_that_is_handed_over_is_the_owners_to_change(person: Person) -> None:
    """Two different keys from the environment are no change."""
    for key in (KEY, OTHER):
        person.variables["OPENROUTER_API_KEY"] = key
        assert "changed" not in person.call(*ASK).err
