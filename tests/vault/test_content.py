"""What the vault file holds."""

import json

import pytest
from tests.vault.doubles import KEY, OTHER, make_content, make_entry

from chit.errors import VaultDamaged
from chit.vault.content import Content, decode_content, encode_content


def test_content_comes_back_as_it_was() -> None:
    """Encoding and decoding lose nothing: unknown members, and keys of unknown names, are kept."""
    value = json.loads(encode_content(make_content(inference=make_entry(), future=make_entry(OTHER))))
    value["later"] = {"x": 1}
    content = decode_content(json.dumps(value).encode())
    assert json.loads(encode_content(content)) == value
    assert set(content.keys) == {"inference", "future"}


def test_a_key_is_added_replaced_and_removed() -> None:
    """The other keys, the id and unknown members stay as they are."""
    content = Content(id="a", keys={"inference": make_entry()}, extra={"x": 1})
    grown = content.with_key("management", make_entry(OTHER)).with_key("inference", make_entry(OTHER))
    assert {name: entry.key.reveal() for name, entry in grown.keys.items()} == {"inference": OTHER, "management": OTHER}
    assert grown.without_key("inference").without_key("none").keys == {"management": make_entry(OTHER)}
    assert (grown.id, grown.extra) == ("a", {"x": 1})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"canary', "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "something else"),
        (b"{}", "something else"),
        (b'{"version": "1"}', "something else"),
        (b'{"version": 2}', "version 2"),
        (b'{"version": 1}', "missing"),
        (b'{"version": 1, "id": "a", "keys": []}', "missing"),
        (b'{"version": 1, "id": 1, "keys": {}}', "missing"),
        (b'{"version": 1, "id": "a", "keys": {"x": {"key": "canary", "base_url": "u"}}}', "no OpenRouter key"),
    ],
)
def test_what_is_no_content_is_told_without_repeating_it(text: bytes, reason: str) -> None:
    """Anything else that opens with the passphrase is a typed error with a reason and none of the text."""
    with pytest.raises(VaultDamaged, match=reason) as caught:
        decode_content(text)
    assert caught.value.hint
    assert "canary" not in caught.value.message + repr(caught.value.__cause__)


def test_the_canary_is_what_is_sealed() -> None:
    """The JSON holds the key once."""
    assert encode_content(make_content()).count(KEY.encode()) == 1
