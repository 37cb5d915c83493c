"""The process that seals and opens."""

import json
import re
import subprocess
import sys

from tests.vault.doubles import encrypt

from chit.vault.age_header import check_vault
from chit.vault.worker import work


def order(do: str, data: bytes, typed: str = "pw") -> bytes:
    """A request as the program sends it."""
    text = typed.encode()
    return json.dumps({"do": do, "passphrase_length": len(text)}).encode() + b"\n" + text + data


def test_a_file_by_the_specification_opens() -> None:
    """What an independent implementation of the format sealed is opened, line breaks and all, for the passphrase."""
    plain = bytes(range(256)) * 10
    assert work(order("open", encrypt(plain, "pä\nss"), "pä\nss")) == ("done", plain)


def test_another_passphrase_is_wrong() -> None:
    """A wrong passphrase is told from a damaged file."""
    assert work(order("open", encrypt(b"x", "pw"), "other")) == ("wrong", b"")


def test_damage_behind_the_passphrase_is_told() -> None:
    """Flips in the header's seal and anywhere in the data, and every truncation of the data, are damage."""
    sealed = encrypt(b'{"version": 1}', "pw")
    mac = sealed.index(b"\n--- ") + 5
    payload = mac + 44
    for place in [mac, mac + 20, *range(payload, len(sealed))]:
        flipped = bytearray(sealed)
        flipped[place] = ord("A") + (flipped[place] == ord("A")) if place < payload else flipped[place] ^ 1
        assert work(order("open", bytes(flipped))) == ("damaged", b"")
    for length in range(payload, len(sealed)):
        assert work(order("open", sealed[:length])) == ("damaged", b"")


def test_too_much_work_is_told() -> None:
    """What pyrage itself finds too costly is told as such, after more than one try."""
    sealed = re.sub(rb" 2\n", b" 60\n", encrypt(b"x", "pw"), count=1)
    assert work(order("open", sealed)) == ("costly", b"")


def test_the_process_answers_on_its_pipe() -> None:
    """The module, run as a program, reads its request from standard input and writes word and result."""
    command = [sys.executable, "-m", "chit.vault.worker"]
    done = subprocess.run(command, input=order("open", encrypt(b"plain", "pw")), capture_output=True, check=True)
    assert done.stdout == b"done\nplain"
    done = subprocess.run(command, input=order("seal", b"plain"), capture_output=True, check=True)
    word, _, sealed = done.stdout.partition(b"\n")
    assert word == b"done"
    assert check_vault(sealed) >= 1
    assert b"plain" not in sealed
