"""The header of an age file that a passphrase opens, read strictly (age-encryption.org/v1).

It is checked before anything is derived: a forged one can demand gigabytes. What our strictness refuses and the
format allows (other recipients, ASCII armour) no vault of ours contains.
"""

import base64
import binascii
import re

from chit.errors import VaultDamaged, VaultTooCostly

MOST_BYTES = 4 * 1024 * 1024
MOST_WORK = 20
"""As a power of two: 2^20 takes 1 GiB and a few seconds."""
LEAST_WORK = 17
"""What we seal with costs a guesser at least this."""

_HEADER = re.compile(
    rb"age-encryption\.org/v1\n"
    rb"-> scrypt ([A-Za-z0-9+/]{22}) ([1-9][0-9]*)\n"
    rb"([A-Za-z0-9+/]{43})\n"
    rb"--- ([A-Za-z0-9+/]{43})\n"
)
_LONGEST_HEADER = 256
_NONCE_AND_TAG = 16 + 16
_ARMOUR = b"-----BEGIN AGE ENCRYPTED FILE-----"


def check_vault(data: bytes) -> int:
    """The work factor of a vault file, a power of two. Raises `VaultDamaged` or `VaultTooCostly`; derives nothing."""
    if len(data) > MOST_BYTES:
        raise VaultTooCostly("the vault file is larger than 4 MiB, which no vault is", hint=_REPLACE)
    if data.lstrip()[: len(_ARMOUR)] == _ARMOUR:
        raise VaultDamaged(
            "the vault file is ASCII-armoured, which Chit does not read",
            hint="Seal it again with age, without --armor.",
        )
    found = _HEADER.match(data[:_LONGEST_HEADER])
    if found is None:
        raise VaultDamaged("the vault file does not begin as a vault does", hint=_REPLACE)
    salt, work, body, mac = found.groups()
    if not all(_is_canonical(text) for text in (salt, body, mac)):
        raise VaultDamaged("the vault file's header is not written as age writes it", hint=_REPLACE)
    if len(work) > 2 or int(work) > MOST_WORK:
        raise VaultTooCostly(
            f"opening the vault file would cost 2^{work[:9].decode()} rounds; Chit goes up to 2^{MOST_WORK}",
            hint=_REPLACE,
        )
    if len(data) < found.end() + _NONCE_AND_TAG:
        raise VaultDamaged("the vault file breaks off", hint=_REPLACE)
    return int(work)


_REPLACE = "Put a copy of the vault file back, or move it away and store the key again; the file was not changed."


def _is_canonical(text: bytes) -> bool:
    """Whether the bits that base64 leaves over are zero, so that each value has one form."""
    padded = text + b"=" * (-len(text) % 4)
    return binascii.b2a_base64(base64.b64decode(padded), newline=False) == padded
