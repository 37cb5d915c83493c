"""Large media, stored once."""

import base64
import errno
import hashlib
import json
import os
import random
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chit.core.jsontext import decode_json, encode_json
from chit.store.blobs import LEAST_BYTES, BlobMissing, Blobs

LONG = "QUJD" * 2000
OUR_OWN = b'"\\u0062lob:sha256:' + b"0" * 64 + b'"'


def forget(name: str, size: int) -> None:
    """For tests that do not ask what was taken out."""


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """Blobs in the test's own folder."""
    return Blobs(tmp_path)


def base64_text(size: int, seed: int) -> str:
    """Base64 of so many chance bytes."""
    return base64.b64encode(random.Random(seed).randbytes(size)).decode()


long_texts = st.builds(base64_text, st.integers(3060, 3200), st.integers(0, 3))
media_texts = st.one_of(
    long_texts,
    long_texts.map("data:image/png;base64,{}".format),
    long_texts.map('"{}"'.format),
    long_texts.map("\\{}".format),
    long_texts.map(lambda text: text.replace("/", "\\/")),
)
words = st.sampled_from(
    [
        "chit-blob",
        "blob:sha256:" + "a" * 64,
        "\\u0062lob:sha256:" + "0" * 64,
        '"blob:sha256:',
        "data:;base64,",
        "\ud83d",
    ]
)
values = st.recursive(
    st.none() | st.integers() | st.text(max_size=20) | words | media_texts,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9) | words | long_texts, inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(values, st.booleans(), st.booleans())
def test_putting_back_is_the_inverse_of_taking_out(value: Any, ours: bool, escaped: bool) -> None:
    """Any JSON text comes back byte for byte, however it is written and whatever words it holds."""
    text = encode_json(value) if ours else json.dumps(value, indent=1).encode()
    if escaped:
        text = text.replace(b"blob", b"\\u0062lob")
    with tempfile.TemporaryDirectory() as folder:
        blobs = Blobs(Path(folder))
        assert blobs.put_back(blobs.take_out(text, forget)) == text


pieces = st.sampled_from(
    [b'"', b"\\", b"data:image/png;base64,", LONG.encode(), OUR_OWN, OUR_OWN[1:-1], b"x", b",", b"\xff"]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(pieces, max_size=12).map(b"".join))
def test_the_inverse_holds_for_texts_that_are_no_json(text: bytes) -> None:
    """Quotes, backslashes, media and references in any order come back byte for byte."""
    with tempfile.TemporaryDirectory() as folder:
        blobs = Blobs(Path(folder))
        assert blobs.put_back(blobs.take_out(text, forget)) == text


def test_media_leaves_the_text(blobs: Blobs, tmp_path: Path) -> None:
    """A data URL keeps its head, its content becomes a file named by its hash, and the size is remembered."""
    remembered: list[tuple[str, int]] = []
    text = encode_json({"url": f"data:image/png;base64,{LONG}"})
    stored = blobs.take_out(text, lambda name, size: remembered.append((name, size)))
    name = hashlib.sha256(LONG.encode()).hexdigest()
    assert remembered == [(name, len(LONG))]
    assert stored == b'{"url":"data:image/png;base64,\\u0062lob:sha256:%b"}' % name.encode()
    assert (tmp_path / name).read_text() == LONG
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("length", "files"), [(LEAST_BYTES - 1, 0), (LEAST_BYTES, 1)], ids=["too short", "just long enough"]
)
def test_only_large_media_is_taken_out(blobs: Blobs, tmp_path: Path, length: int, files: int) -> None:
    """The limit is four KiB of base64 text, bare or in a data URL."""
    text = encode_json([LONG[:length], "data:a/b;base64," + LONG[:length], "some other words"])
    assert (blobs.take_out(text, forget) == text) is (files == 0)
    assert len(list(tmp_path.iterdir())) == files


def test_equal_media_is_stored_once(blobs: Blobs, tmp_path: Path) -> None:
    """The same content, met twice in a text and again later, is one file that is written once."""
    text = encode_json([LONG, f"data:image/png;base64,{LONG}"])
    blobs.take_out(text, forget)
    (path,) = tmp_path.iterdir()
    written = path.stat().st_ino
    blobs.take_out(text, forget)
    (path,) = tmp_path.iterdir()
    assert path.stat().st_ino == written


def test_a_reference_from_outside_is_never_followed(blobs: Blobs) -> None:
    """A text that spells a reference to somebody's blob gets its own words back, not the blob."""
    secret = blobs.take_out(encode_json([LONG]), forget)
    assert blobs.put_back(blobs.take_out(secret, forget)) == secret
    assert blobs.put_back(blobs.take_out(OUR_OWN, forget)) == OUR_OWN


def test_a_missing_blob_is_told(blobs: Blobs, tmp_path: Path) -> None:
    """A blob whose file is gone raises, and its name is in the message."""
    stored = blobs.take_out(encode_json([LONG]), forget)
    (path,) = tmp_path.iterdir()
    path.unlink()
    with pytest.raises(BlobMissing, match=path.name[:8]):
        blobs.put_back(stored)


def test_a_changed_blob_is_told(blobs: Blobs, tmp_path: Path) -> None:
    """A blob whose content is not what its name says is not handed out."""
    stored = blobs.take_out(encode_json([LONG]), forget)
    (path,) = tmp_path.iterdir()
    path.write_text(LONG[:-1] + "X")
    with pytest.raises(BlobMissing, match="changed"):
        blobs.put_back(stored)


def test_a_save_that_fails_leaves_no_file(blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a blob cannot be brought to disk, neither it nor its temporary file stays."""

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        blobs.take_out(encode_json([LONG]), forget)
    assert list(tmp_path.iterdir()) == []


def test_what_comes_back_is_json_again(blobs: Blobs) -> None:
    """The value around a blob is what it was."""
    value = {"parts": [{"type": "file", "data": LONG, "name": "ä\ud800"}], "n": 2**70}
    assert decode_json(blobs.put_back(blobs.take_out(encode_json(value), forget))) == value


def test_what_cannot_be_put_back_is_told(tmp_path: Path) -> None:
    """A whole blob has no problem; a missing, changed or forbidden one has, and so has what is no file or no name."""
    blobs, names = Blobs(tmp_path), []
    for letter in "ABCDE":
        blobs.take_out(b'"' + letter.encode() * LEAST_BYTES + b'"', lambda name, size: names.append(name))
    whole, missing, changed, pipe, looped = names
    (tmp_path / missing).unlink()
    (tmp_path / changed).write_bytes(b"B")
    (tmp_path / pipe).unlink()
    os.mkfifo(tmp_path / pipe)
    (tmp_path / looped).unlink()
    (tmp_path / looped).mkdir()
    assert blobs.find_problem(whole) is None
    assert blobs.find_problem(missing) == f"the attachment {missing[:8]} is missing"
    assert blobs.find_problem(changed) == f"the attachment {changed[:8]} has changed on disk"
    assert blobs.find_problem(pipe) == f"the attachment {pipe[:8]} is missing"
    assert blobs.find_problem(looped) == f"the attachment {looped[:8]} is missing"
    assert blobs.find_problem("../etc/passwd") == "the attachment ../etc/p is missing"


def test_a_blob_that_cannot_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operating system's reason is passed on."""
    names: list[str] = []
    Blobs(tmp_path).take_out(b'"' + b"A" * LEAST_BYTES + b'"', lambda name, size: names.append(name))

    def refuse(path: Path, mode: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    told = f"the attachment {names[0][:8]} cannot be read: Permission denied"
    assert Blobs(tmp_path).find_problem(names[0]) == told


def test_a_blob_is_shared_with_another_folder(tmp_path: Path) -> None:
    """It is there under its name as the same file, in the place of whatever was; doing so twice leaves nothing else."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    blobs = Blobs(here)
    names: list[str] = []
    blobs.take_out(b'"' + b"QUJD" * 2000 + b'"', lambda name, size: names.append(name))
    (name,) = names
    (there / name).write_text("changed")
    assert [blobs.share(name, there), blobs.share(name, there)] == [True, True]
    assert (there / name).samefile(here / name)
    assert list(there.iterdir()) == [there / name]


@pytest.mark.parametrize("name", ["0" * 64, "../here/file", "file"])
def test_what_is_no_blob_is_not_shared(tmp_path: Path, name: str) -> None:
    """One that is missing, and a name that leads elsewhere."""
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "file").touch()
    assert not Blobs(tmp_path / "here").share(name, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["here"]
