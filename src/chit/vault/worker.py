"""The process that seals and opens: `python -I -m chit.vault.worker`, one piece of work each.

Deriving a key from a passphrase takes seconds, up to a gigabyte, and the interpreter's lock: so it happens here, where
the memory is gone with the process. Everything comes over standard input and leaves over standard output: a line of
JSON, the passphrase, the data; then one word on a line, and the result.
"""

import json
import sys
from typing import Literal

Outcome = Literal["done", "wrong", "costly", "damaged"]
_COSTLY_TRIES = 4


def work(request: bytes) -> tuple[Outcome, bytes]:
    """What became of a request, and its result."""
    line, _, rest = request.partition(b"\n")
    order = json.loads(line)
    length = order["passphrase_length"]
    passphrase, data = rest[:length].decode(), rest[length:]
    return _seal(data, passphrase) if order["do"] == "seal" else _open(data, passphrase)


def _seal(data: bytes, passphrase: str) -> tuple[Outcome, bytes]:
    from pyrage import passphrase as age  # type: ignore[import-untyped] # it brings no types

    return "done", age.encrypt(data, passphrase)


def _open(data: bytes, passphrase: str) -> tuple[Outcome, bytes]:
    """Its author measures the machine and may find our own file too costly while it is busy: so it is asked again."""
    from pyrage import DecryptError
    from pyrage import passphrase as age

    for _ in range(_COSTLY_TRIES):
        try:
            return "done", age.decrypt(data, passphrase)
        except DecryptError as error:
            text = str(error)
        if not text.startswith("Excessive work"):
            return ("wrong" if text == "Decryption failed" else "damaged"), b""
    return "costly", b""


def main() -> None:
    """Answer the one request."""
    from chit.vault.hardening import harden

    harden()
    outcome, result = work(sys.stdin.buffer.read())
    sys.stdout.buffer.write(outcome.encode() + b"\n" + result)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
