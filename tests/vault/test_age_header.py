"""The strict look at a vault file before anything is derived (attack case 36)."""

import contextlib
import re

import pytest
from tests.vault.doubles import encode64, encrypt

from chit.errors import VaultDamaged, VaultTooCostly
from chit.vault.age_header import MOST_BYTES, check_vault

VAULT = encrypt(b'{"x": 1}', "pw", work=10)
SALT = VAULT.split(b" ")[2]


def swap(old: bytes, new: bytes) -> bytes:
    """The vault with one thing changed."""
    assert old in VAULT
    return VAULT.replace(old, new, 1)


def test_a_vault_passes() -> None:
    """The work factor of a well-formed file is told, whatever lies between 1 and 20."""
    assert check_vault(VAULT) == 10
    assert check_vault(swap(b" 10\n", b" 20\n")) == 20
    assert check_vault(swap(b" 10\n", b" 1\n")) == 1


@pytest.mark.parametrize("work", [*range(21, 100), 100, 999, 10**30])
def test_a_costly_file_is_refused(work: int) -> None:
    """Every work factor beyond 2^20 is refused by the header alone."""
    with pytest.raises(VaultTooCostly) as caught:
        check_vault(swap(b" 10\n", b" %d\n" % work))
    assert caught.value.hint


@pytest.mark.parametrize(
    "data",
    [
        b"",
        swap(b"v1", b"v2"),
        swap(b"age-enc", b"\nage-enc"),
        swap(b"\n", b"\r\n"),
        swap(b" 10\n", b" 010\n"),
        swap(b" 10\n", b" 0\n"),
        swap(b" 10\n", b" -1\n"),
        swap(b" 10\n", b" +10\n"),
        swap(b" 10\n", b" 0x0a\n"),
        swap(b" 10\n", b" 10 \n"),
        swap(b" 10\n", b" 10 x\n"),
        swap(b" 10\n", b"\n"),
        swap(b" 10\n", b" " + b"9" * 300 + b"\n"),
        swap(b"scrypt", b"Scrypt"),
        swap(b"scrypt", b"X25519"),
        swap(SALT, SALT + b"=="),
        swap(SALT, SALT[:-2]),
        swap(SALT, encode64(b"x" * 17)),
        swap(SALT, SALT[:-1] + b"B"),
        swap(b"-> scrypt", b"-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\n" + b"A" * 43 + b"\n-> scrypt"),
        swap(b"\n---", b"\n\n---"),
        swap(b"\n---", b"\n-> X25519 " + b"A" * 43 + b"\n" + b"A" * 43 + b"\n---"),
        re.sub(rb"--- .{43}", b"--- " + b"A" * 42, VAULT),
        re.sub(rb"--- .{43}", b"--- " + b"A" * 42 + b"B", VAULT),
        re.sub(rb"\n.{43}\n---", b"\n" + b"A" * 42 + b"B\n---", VAULT),
        re.sub(rb"--- .{43}\n", b"--- " + b"A" * 43 + b" \n", VAULT),
        b"SQLite format 3\0" * 100,
    ],
)
def test_a_header_of_another_form_is_refused(data: bytes) -> None:
    """Another version, recipient or number of them, other base64, other numbers: each is called damaged."""
    with pytest.raises(VaultDamaged) as caught:
        check_vault(data)
    assert caught.value.hint


def test_armour_is_refused_by_name() -> None:
    """An ASCII-armoured file is told for what it is, with the way out."""
    with pytest.raises(VaultDamaged, match="ASCII-armoured") as caught:
        check_vault(b"\n-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n-----END AGE ENCRYPTED FILE-----\n")
    assert "--armor" in caught.value.hint


def test_a_huge_file_is_refused() -> None:
    """One byte beyond 4 MiB is too much; what is smaller is looked at."""
    assert check_vault(VAULT.ljust(MOST_BYTES, b"x")) == 10
    with pytest.raises(VaultTooCostly, match="4 MiB"):
        check_vault(VAULT.ljust(MOST_BYTES + 1, b"x"))


def test_every_truncation_of_the_header_is_refused() -> None:
    """Cut anywhere before the first byte of sealed data, the file is called damaged."""
    least = VAULT.index(b"\n--- ") + 1 + 4 + 43 + 1 + 32
    assert len(VAULT) > least
    for length in range(least):
        with pytest.raises(VaultDamaged):
            check_vault(VAULT[:length])


def test_every_flip_in_the_header_is_seen_or_harmless_here() -> None:
    """Each bit of the header flipped is refused by its form, or passes with a work factor that may be tried."""
    end = VAULT.index(b"\n--- ")
    for place in range(end):
        for bit in range(8):
            data = bytearray(VAULT)
            data[place] ^= 1 << bit
            with contextlib.suppress(VaultDamaged, VaultTooCostly):
                assert 1 <= check_vault(bytes(data)) <= 20
