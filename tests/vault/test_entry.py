"""One key as it rests."""

import pytest
from tests.vault.doubles import KEY, make_entry

from chit.vault.entry import EntryInvalid, decode_entry, encode_entry


def test_an_entry_comes_back_as_it_was() -> None:
    """Encoding and decoding lose nothing, members that nobody here knows included."""
    known = encode_entry(make_entry(label="mine")) | {"colour": {"deep": [1]}}
    entry = decode_entry(known)
    assert encode_entry(entry) == known
    assert (entry.key.reveal(), entry.label, entry.extra) == (KEY, "mine", {"colour": {"deep": [1]}})


def test_a_long_label_is_cut() -> None:
    """A label fits into every keychain."""
    assert encode_entry(make_entry(label="x" * 101))["label"] == "x" * 100


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "canary",
        {},
        {"key": KEY},
        {"key": KEY, "base_url": 3},
        {"key": [KEY], "base_url": "https://x.test"},
        {"key": "canary", "base_url": "https://x.test"},
        {"key": KEY + "\n\ncanary", "base_url": "https://x.test"},
    ],
)
def test_what_is_no_entry_is_refused_without_repeating_it(value: object) -> None:
    """Whatever a keychain or a vault holds instead of an entry is refused, and the refusal holds none of it."""
    with pytest.raises(EntryInvalid) as caught:
        decode_entry(value)
    assert "canary" not in repr(caught.value) + repr(caught.value.__cause__)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
