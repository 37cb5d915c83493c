"""What the tests of the vault share: a cheap age encryptor, a sealer without cryptography, a clock that is set."""

import base64
import hashlib
import hmac
import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chit.core.secret import Secret
from chit.errors import VaultDamaged, WrongPassphrase
from chit.vault.content import Content
from chit.vault.entry import KeyEntry
from chit.vault.passphrase import Passphrase

KEY = "sk-or-v1-canary0000example1111"
OTHER = "sk-or-v1-canary2222example3333"
BASE_URL = "https://openrouter.ai/api/v1"
PASSPHRASE = Passphrase("correct horse battery staple")
WRONG = Passphrase("incorrect horse")


def encode64(data: bytes) -> bytes:
    """Base64 without padding, as the header has it."""
    return base64.b64encode(data).rstrip(b"=")


def encrypt(data: bytes, passphrase: str, *, work: int = 2) -> bytes:
    """An age file by the specification (age-encryption.org/v1), written independently of pyrage, at any cost."""
    file_key, salt, nonce = os.urandom(16), os.urandom(16), os.urandom(16)
    wrapping = hashlib.scrypt(
        passphrase.encode(),
        salt=b"age-encryption.org/v1/scrypt" + salt,
        n=2**work,
        r=8,
        p=1,
        dklen=32,
        maxmem=2**31 - 1,
    )
    body = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n---" % (encode64(salt), work, encode64(body))
    mac = hmac.digest(_derive(file_key, b"", b"header"), header, "sha256")
    payload = ChaCha20Poly1305(_derive(file_key, nonce, b"payload")).encrypt(bytes(11) + b"\1", data, None)
    assert len(data) <= 64 * 1024, "one chunk is enough for a test"
    return header + b" " + encode64(mac) + b"\n" + nonce + payload


def _derive(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


@dataclass
class PlainSealer:
    """A sealer that takes no time: a header of the right form, a hash of the passphrase, and the data as it is."""

    works: list[int] = field(default_factory=list)
    """Work factors that the next seals claim; then 17."""
    sealed: int = 0
    opened: int = 0

    async def seal(self, data: bytes, passphrase: Passphrase) -> bytes:
        """Nothing is hidden."""
        self.sealed += 1
        work = self.works.pop(0) if self.works else 17
        header = b"age-encryption.org/v1\n-> scrypt %s %d\n%s\n--- %s\n"
        return header % (b"A" * 22, work, b"A" * 43, b"A" * 43) + bytes(16) + _hash(passphrase) + data

    async def open(self, sealed: bytes, passphrase: Passphrase) -> bytes:
        """The data, for the same passphrase."""
        self.opened += 1
        payload = sealed.split(b"\n", 4)[4][16:]
        if payload[:32] != _hash(passphrase):
            raise WrongPassphrase("wrong")
        if not payload.endswith(b"}"):
            raise VaultDamaged("not whole")
        return payload[32:]


def _hash(passphrase: Passphrase) -> bytes:
    return hashlib.sha256(passphrase.reveal()).digest()


@dataclass
class SetClock:
    """Seconds that pass when the test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def make_entry(key: str = KEY, *, base_url: str = BASE_URL, label: str = "") -> KeyEntry:
    """A key as it rests."""
    return KeyEntry(key=Secret(key), base_url=base_url, created_at="2026-11-23T08:00:00Z", label=label)


def make_content(**keys: KeyEntry) -> Content:
    """A vault with these keys, or with one for inference."""
    return Content(id="11111111-2222-4333-8444-555555555555", keys=keys or {"inference": make_entry()})
