"""The vault file and the `age` program, and the published test vectors of the format."""

import asyncio
import hashlib
import json
import os
import pty
import shutil
import subprocess
import zlib
from pathlib import Path

import pytest
from tests.vault.doubles import KEY, PASSPHRASE, make_content, make_entry

from chit.errors import VaultDamaged, VaultError, VaultTooCostly, WrongPassphrase
from chit.vault.age_header import MOST_WORK, check_vault
from chit.vault.age_worker import AgeWorker
from chit.vault.content import encode_content
from chit.vault.passphrase import Passphrase
from chit.vault.vault_file import VaultFile

TYPED = PASSPHRASE.reveal() + b"\n"
VECTORS = Path(__file__).parent / "cctv"

needs_age = pytest.mark.skipif(shutil.which("age") is None, reason="needs the age program: apt-get install age")


def run_age(*arguments: str) -> None:
    """Run it on a terminal of its own, at which the passphrase is typed whenever it asks."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["age", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 1024):
            shown += piece
            if piece.rstrip().endswith(b":"):
                os.write(ours, TYPED)
    except OSError:
        pass  # the terminal is closed: it has ended
    os.close(ours)
    assert process.wait() == 0, shown


def _take_terminal() -> None:
    """Make standard input the terminal that /dev/tty means."""
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@needs_age
async def test_age_opens_our_vault(tmp_path: Path) -> None:
    """What Chit seals, the age program opens with the same passphrase, to the JSON that is documented."""
    file = VaultFile(tmp_path / "home", AgeWorker())
    await file.change(lambda content: content.with_key("inference", make_entry()), PASSPHRASE)
    plain = tmp_path / "plain.key"
    await asyncio.to_thread(run_age, "--decrypt", "--output", str(plain), str(file.path))
    value = json.loads(await asyncio.to_thread(plain.read_bytes))
    assert (value["version"], value["keys"]["inference"]["key"]) == (1, KEY)


@needs_age
async def test_we_open_what_age_seals(tmp_path: Path) -> None:
    """A vault that the age program sealed, say after a change by hand, is opened."""
    home, plain = tmp_path / "home", tmp_path / "plain.key"
    home.mkdir()
    await asyncio.to_thread(plain.write_bytes, encode_content(make_content()))
    file = VaultFile(home, AgeWorker())
    await asyncio.to_thread(run_age, "--encrypt", "--passphrase", "--output", str(file.path), str(plain))
    assert check_vault(file.load_sealed()) <= MOST_WORK
    assert encode_content(await file.load(PASSPHRASE)) == encode_content(make_content())


def read_vector(data: bytes) -> tuple[dict[str, str], bytes]:
    """A vector of C2SP's CCTV: lines of `name: value`, an empty line, the age file (perhaps compressed)."""
    head, _, body = data.partition(b"\n\n")
    fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
    return fields, zlib.decompress(body) if fields.get("compressed") == "zlib" else body


@pytest.mark.skipif(not list(VECTORS.glob("scrypt*")), reason="put the vectors age/testdata/scrypt* of C2SP/CCTV there")
async def test_the_published_vectors() -> None:
    """Each vector for passphrases opens to its payload, or is refused, with the error that its expectation asks for."""
    for path in sorted(VECTORS.glob("scrypt*")):
        fields, sealed = read_vector(await asyncio.to_thread(path.read_bytes))
        outcome = await try_vector(fields, sealed)
        if fields["expect"] == "success":
            assert outcome == fields["payload"], path.name
        elif fields["expect"] == "no match":
            assert outcome in {"WrongPassphrase", "VaultDamaged"}, path.name
        else:
            assert outcome in {"WrongPassphrase", "VaultDamaged", "VaultTooCostly"}, path.name


async def try_vector(fields: dict[str, str], sealed: bytes) -> str:
    """The hash of what it opens to, or the name of the error."""
    try:
        check_vault(sealed)
        opened = await AgeWorker().open(sealed, Passphrase(fields.get("passphrase", "none")))
    except (VaultDamaged, VaultTooCostly, WrongPassphrase) as error:
        return type(error).__name__
    except VaultError as error:
        return error.message
    return hashlib.sha256(opened).hexdigest()


async def test_a_vector_is_read_as_published() -> None:
    """The form of the vectors is understood: one that is written here, with a costly header, is refused."""
    costly = b"age-encryption.org/v1\n-> scrypt rF0/NwblUHHTpgQgRpe5CQ 23\n" + b"A" * 43 + b"\n--- " + b"A" * 43 + b"\n"
    data = b"expect: header failure\npassphrase: password\ncompressed: zlib\n\n" + zlib.compress(costly)
    fields, sealed = read_vector(data)
    assert fields["expect"] == "header failure"
    assert await try_vector(fields, sealed) == "VaultTooCostly"
