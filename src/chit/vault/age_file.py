"""The vault file as bytes: sealed well enough, and opened only after a look at its header."""

from chit.errors import VaultError
from chit.vault.age_header import LEAST_WORK, MOST_WORK, check_vault
from chit.vault.age_worker import Sealer
from chit.vault.content import Content, decode_content, encode_content
from chit.vault.passphrase import Passphrase

MOST_SEALS = 12


async def seal_content(content: Content, passphrase: Passphrase, sealer: Sealer) -> bytes:
    """The age file. Its cost follows the load of the machine, so it is sealed again until it is within our bounds.

    Raises `VaultError`.
    """
    plain = encode_content(content)
    for _ in range(MOST_SEALS):
        sealed = await sealer.seal(plain, passphrase)
        if LEAST_WORK <= _work_factor(sealed) <= MOST_WORK:
            return sealed
    raise VaultError(
        "this machine is too busy to seal the vault well", hint="Try again in a minute; nothing was changed."
    )


async def open_content(sealed: bytes, passphrase: Passphrase, sealer: Sealer) -> Content:
    """What the file holds. Raises `VaultDamaged`, `VaultTooCostly`, `WrongPassphrase` or `VaultError`."""
    check_vault(sealed)
    return decode_content(await sealer.open(sealed, passphrase))


def _work_factor(sealed: bytes) -> int:
    """Of a file that was just sealed, however costly."""
    return int(sealed.split(b"\n", 2)[1].rsplit(b" ", 1)[1])
