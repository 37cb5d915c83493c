"""The vault file as bytes (attack case 36)."""

import json

import pytest
from tests.vault.doubles import PASSPHRASE, PlainSealer, encrypt, make_content

from chit.errors import VaultDamaged, VaultError, VaultTooCostly, WrongPassphrase
from chit.vault.age_file import MOST_SEALS, open_content, seal_content
from chit.vault.age_header import check_vault
from chit.vault.age_worker import AgeWorker, explain_outcome
from chit.vault.content import encode_content
from chit.vault.passphrase import Passphrase
from chit.vault.worker import work

TEXT = PASSPHRASE.reveal().decode()


class WorkerHere:
    """The worker's own work, done in this process so that thousands of files can be tried; it counts them."""

    def __init__(self) -> None:
        self.opened = 0

    async def seal(self, data: bytes, passphrase: Passphrase) -> bytes:
        """Cheaply."""
        return encrypt(data, passphrase.reveal().decode())

    async def open(self, sealed: bytes, passphrase: Passphrase) -> bytes:
        """As the process does, its words turned into errors as the program does."""
        self.opened += 1
        text = passphrase.reveal()
        order = json.dumps({"do": "open", "passphrase_length": len(text)}).encode()
        outcome, result = work(order + b"\n" + text + sealed)
        if outcome != "done":
            raise explain_outcome(outcome.encode())
        return result


async def test_sealed_well_enough() -> None:
    """What is sealed below 2^17 or above 2^20, as a busy machine or a fast one does, is sealed again."""
    sealer = PlainSealer(works=[10, 16, 21, 17])
    sealed = await seal_content(make_content(), PASSPHRASE, sealer)
    assert (check_vault(sealed), sealer.sealed) == (17, 4)


async def test_never_sealed_badly() -> None:
    """After a dozen tries it is given up with a typed error instead of keeping a weak file."""
    sealer = PlainSealer(works=[16] * 100)
    with pytest.raises(VaultError, match="too busy"):
        await seal_content(make_content(), PASSPHRASE, sealer)
    assert sealer.sealed == MOST_SEALS


async def test_a_real_seal_opens() -> None:
    """What the real worker seals costs at least 2^17, hides the key, and opens to the same."""
    sealer = AgeWorker()
    sealed = await seal_content(make_content(), PASSPHRASE, sealer)
    assert 17 <= check_vault(sealed) <= 20
    assert b"canary" not in sealed
    assert encode_content(await open_content(sealed, PASSPHRASE, sealer)) == encode_content(make_content())


async def test_a_costly_file_starts_no_process() -> None:
    """Attack case 36: work factors 21 to 99 and 5 MiB are refused without a derivation: no process was started."""
    sealer = AgeWorker()
    sealed = encrypt(b"{}", TEXT)
    for factor in range(21, 100):
        with pytest.raises(VaultTooCostly):
            await open_content(sealed.replace(b" 2\n", b" %d\n" % factor, 1), PASSPHRASE, sealer)
    with pytest.raises(VaultTooCostly):
        await open_content(sealed.ljust(5 * 1024 * 1024, b"x"), PASSPHRASE, sealer)
    assert sealer.started == 0


async def test_every_truncation_is_refused() -> None:
    """Attack case 36: cut anywhere, the file is called damaged; cut in its header, without a derivation."""
    sealed = encrypt(encode_content(make_content()), TEXT)
    sealer = WorkerHere()
    least = sealed.index(b"\n--- ") + 49 + 32
    for length in range(len(sealed)):
        with pytest.raises(VaultDamaged):
            await open_content(sealed[:length], PASSPHRASE, sealer)
    assert sealer.opened == len(sealed) - least


async def test_every_flip_is_refused() -> None:
    """Attack case 36: every byte of the header, and every seventh of the data, flipped: a typed error each time."""
    sealed = encrypt(encode_content(make_content()), TEXT)
    sealer = WorkerHere()
    header = sealed.index(b"\n--- ") + 49
    for place in [*range(header), *range(header, len(sealed), 7)]:
        for mask in (0x01, 0x20, 0x80):
            data = bytearray(sealed)
            data[place] ^= mask
            with pytest.raises(VaultError) as caught:
                await open_content(bytes(data), PASSPHRASE, sealer)
            assert type(caught.value) in (VaultDamaged, WrongPassphrase, VaultTooCostly)
            if place >= header:
                assert type(caught.value) is VaultDamaged
