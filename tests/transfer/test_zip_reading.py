"""A zip that anybody may have made: attack case 29."""

import io
import stat
import struct
import warnings
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.transfer.zips import make_zip

from chit.errors import InputError
from chit.transfer import zip_reading
from chit.transfer.zip_reading import MOST_AT_FIRST, AnyZip, BoundedZip, EntryBroken

GOOD = make_zip([("a.json", b"A" * 100), ("problems.txt", b"x"), ("b.json", b"B")])


def read(data: bytes) -> list[tuple[str, Any]]:
    """Names and contents; reasons as text."""
    packed = BoundedZip(AnyZip(io.BytesIO(data), len(data)))
    found = [(name, str(each) if isinstance(each, EntryBroken) else each) for name, each in packed.read()]
    assert len(found) == len(packed)
    return found


def test_a_good_one() -> None:
    """Its files, but for the note of what is missing from it; stored ones as well."""
    assert read(GOOD) == [("a.json", b"A" * 100), ("b.json", b"B")]
    assert read(make_zip([("a.json", b"A")], zipfile.ZIP_STORED)) == [("a.json", b"A")]
    assert read(make_zip([])) == []


@pytest.mark.parametrize(
    "name",
    [
        "../a.json",
        "/etc/a.json",
        "C:\\a.json",
        "C:a.json",
        "a/b.json",
        "a\\b.json",
        "a\0b.json",
        "a.json\0.txt",
        ".a.json",
        "-a.json",
        "a.json/",
        "a.zip",
        "a.JSON",
        "ä.json",
        "a\n.json",
        "a.json\n",
        "x" * 200 + ".json",
    ],
)
def test_attack_29_names(name: str) -> None:
    """Attack 29, zip slip: any name that is not one of ours, before anything is unpacked."""
    data = make_zip([("x" * len(name), b"x")]) if "\0" in name else make_zip([(name, b"x")])
    if "\0" in name:
        data = data.replace(b"x" * len(name), name.encode())
    with pytest.raises(InputError, match="cannot be imported"):
        read(data)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR])
def test_attack_29_links(kind: int) -> None:
    """Attack 29: symbolic links and everything else that is no plain file."""
    entry = zipfile.ZipInfo("a.json")
    entry.external_attr = (kind | 0o777) << 16
    with pytest.raises(InputError, match="something else"):
        read(make_zip([(entry, b"/etc/passwd")]))


@pytest.mark.parametrize(
    ("each", "at_first"), [(2_000_000, 10_000_000), pytest.param(200_000_000, MOST_AT_FIRST, marks=pytest.mark.long)]
)
def test_attack_29_a_bomb(each: int, at_first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 29: a file that unpacks to far more than it is ends at the limit, and what came before is good."""
    monkeypatch.setattr(zip_reading, "MOST_AT_FIRST", at_first)
    bomb = make_zip([("a.json", b"A"), *((f"b{number}.json", bytes(each)) for number in range(6))])
    assert len(bomb) < 2_000_000
    packed = BoundedZip(AnyZip(io.BytesIO(bomb), len(bomb))).read()
    assert next(packed) == ("a.json", b"A")
    with pytest.raises(InputError, match="far more than it is"):
        list(packed)


def test_attack_29_one_large_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 29: it is named, and the others are read."""
    monkeypatch.setattr(zip_reading, "MOST_DOCUMENT", 1024**2)
    data = make_zip([("a.json", bytes(2 * 1024**2)), ("b.json", b"B")])
    assert read(data) == [("a.json", "it is larger than 1 MiB"), ("b.json", b"B")]


def test_attack_29_too_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 29: by their number, and by the length of their list, which is not even read."""
    monkeypatch.setattr(zip_reading, "MOST_ENTRIES", 2)
    with pytest.raises(InputError, match="more than 2 files"):
        read(GOOD)
    monkeypatch.setattr(zip_reading, "MOST_DIRECTORY", 100)
    with pytest.raises(InputError, match="not a zip, or not whole"):
        read(GOOD)


def test_attack_29_overlapping_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 29: many entries for the same bytes are each read, and count each."""
    monkeypatch.setattr(zip_reading, "MOST_AT_FIRST", 10_000_000)
    start = make_zip([("a.json", bytes(1_000_000))])
    directory = start.index(b"PK\x01\x02")
    entry, end = start[directory : start.index(b"PK\x05\x06")], start[start.index(b"PK\x05\x06") :]
    many = 50
    tail = end[:8] + struct.pack("<HHLL", many, many, len(entry) * many, directory) + end[20:]
    data = start[:directory] + entry * many + tail
    with pytest.raises(InputError, match="far more than it is"):
        read(data)


def test_encrypted_and_rare_ones() -> None:
    """What Chit never makes is refused as a whole."""
    with pytest.raises(InputError, match="encrypted, or packed"):
        read(make_zip([("a.json", b"A")], zipfile.ZIP_BZIP2))
    flagged = bytearray(GOOD)
    flagged[GOOD.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(InputError, match="encrypted, or packed"):
        read(bytes(flagged))


def test_a_damaged_file_is_named() -> None:
    """Bytes that do not unpack, or to something else than the checksum says; the others are read."""
    spoilt = bytearray(make_zip([("a.json", b"A" * 100), ("b.json", b"B")], zipfile.ZIP_STORED))
    spoilt[50] ^= 1
    assert read(bytes(spoilt)) == [("a.json", "it cannot be unpacked"), ("b.json", b"B")]


@given(st.data())
def test_any_damage_has_a_stated_outcome(data: st.DataObject) -> None:
    """Cut anywhere, or with any byte changed: files and reasons, or an error of ours."""
    spoilt = bytearray(GOOD[: data.draw(st.integers(0, len(GOOD)))])
    for _ in range(data.draw(st.integers(0, 3)) if spoilt else 0):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zipfile, about names that occur twice
        with suppress(InputError):
            read(bytes(spoilt))
