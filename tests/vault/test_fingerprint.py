"""Marks by which a change from outside is seen (attack case 39)."""

import hashlib

import pytest
from tests.vault.doubles import KEY, OTHER, make_content, make_entry

from chit.core.secret import Secret
from chit.vault.fingerprint import Marks, find_change, fingerprint, mark_content


def test_a_fingerprint_is_eight_digits_of_the_hash() -> None:
    """It is the beginning of SHA-256 of the key, by which others can check it."""
    assert fingerprint(Secret(KEY)) == hashlib.sha256(KEY.encode()).hexdigest()[:8]


def marks(vault_id: str | None, **fingerprints: str) -> Marks:
    """Marks, for short."""
    return Marks(vault_id=vault_id, fingerprints=fingerprints)


@pytest.mark.parametrize(
    ("known", "seen", "said"),
    [
        (None, marks("a", inference="1"), None),
        (marks("a", inference="1"), marks("a", inference="1"), None),
        (marks("a", inference="1"), marks(None, inference="1"), None),
        (marks(None, inference="1"), marks("a", inference="1"), None),
        (marks("a", inference="1"), marks("a", inference="1", management="2"), None),
        (marks("a", inference="1"), marks("a"), None),
        (marks("a", inference="1"), marks("b", inference="1"), "put another in its place"),
        (marks("a", inference="1"), marks("a", inference="2"), "the inference key is not the one"),
        (
            marks(None, inference="1", management="1"),
            marks("a", inference="2", management="2"),
            "inference and the man",
        ),
    ],
)
def test_a_change_from_outside_is_told(known: Marks | None, seen: Marks, said: str | None) -> None:
    """Another vault and another key are told; a first look, a new key and a missing one are no change."""
    found = find_change(known, seen)
    assert found is None if said is None else found is not None and said in found


def test_a_swapped_vault_is_seen() -> None:
    """Attack case 39: a vault file with another key under the same id is noticed, and so is one with another id."""
    before = mark_content(make_content())
    swapped = make_content(inference=make_entry(OTHER))
    assert find_change(before, mark_content(swapped)) is not None
    assert find_change(before, Marks(vault_id="another", fingerprints=before.fingerprints)) is not None
    assert find_change(before, mark_content(make_content())) is None
