"""The keys that tests use, in every form in which one could leak, and the search for them in what tests left behind.

Written apart from `chit.core.scrub`, so that a form forgotten there is found here.
"""

import base64
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from chit.sandbox.account import MANAGEMENT_KEY, SANDBOX_KEY

PERSONS_KEY = "sk-or-v1-" + "0ddba115" * 8
"""Of `tests.cli.person` and of the tests of preferences."""
SIGN_IN_KEY = "sk-or-v1-" + "ca9a7b0d" * 8
VAULT_KEYS = ("sk-or-v1-canary0000example1111", "sk-or-v1-canary2222example3333")
KEY_FILE_KEY = "sk-or-v1-fromthefile1234"
CANARIES = (SANDBOX_KEY, MANAGEMENT_KEY, PERSONS_KEY, SIGN_IN_KEY, *VAULT_KEYS, KEY_FILE_KEY)

MOST_BYTES = 64 * 1024 * 1024
"""Larger files are made of filler."""
_SIGNS = (b"sk-or-", b"sk%2", b"736b2d6f722d", b"736B2D6F722D")
_DOUBLE_SEAL = b"age-encryption.org/v1\n-> scrypt " + b"A" * 22 + b" "
"""How the double of the sealer in `tests.vault.doubles` begins; it hides nothing."""


def forms_of(key: str) -> dict[str, bytes]:
    """Every form by its name, as it stands in bytes."""
    data = key.encode()
    quoted = quote(key, safe="").replace("-", "%2D")
    forms = {"raw": data, "url": quoted.encode(), "url in lower case": quoted.replace("%2D", "%2d").encode()}
    forms |= {"hex": data.hex().encode(), "hex in upper case": data.hex().upper().encode()}
    return forms | {f"base64 at {before}": base64_piece(data, before) for before in range(3)}


def base64_piece(data: bytes, before: int) -> bytes:
    """What stands in any base64 text that holds `data` after `before` (modulo 3) other bytes."""
    whole = base64.b64encode(b"?" * before + data)
    end = (before + len(data)) * 8 // 6
    return whole[-(-before * 8 // 6) : end]


_ALL = {form: f"{key[:9]}…{key[-4:]} ({name})" for key in CANARIES for name, form in forms_of(key).items()}
_QUICK = re.compile(
    b"|".join(re.escape(sign) for sign in (*_SIGNS, *(base64_piece(b"sk-or-", before) for before in range(3))))
)


def find_canary(data: bytes | str) -> str | None:
    """Which canary `data` holds, and how; None if none."""
    data = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    if _QUICK.search(data) is None:
        return None
    return next((name for form, name in _ALL.items() if form in data), None)


def find_leaks(folder: Path) -> Iterator[str]:
    """Each file below `folder` that holds a canary, or has one in its name; each is read once."""
    for where, _, names in os.walk(folder):
        for name in names:
            path = Path(where, name)
            found = find_canary(name) or _find_in(path)
            if found is not None and not is_key_file(path):
                yield f"{path} holds {found}"


def is_key_file(path: Path) -> bool:
    """Whether a test wrote it on purpose to hold a key: `*.key`, `key`, or anything below a folder `key-files`."""
    return path.suffix == ".key" or path.name == "key" or "key-files" in path.parts


def _find_in(path: Path) -> str | None:
    about = path.lstat()
    if not stat.S_ISREG(about.st_mode) or about.st_size > MOST_BYTES:
        return None
    data = path.read_bytes()
    return None if data.startswith(_DOUBLE_SEAL) else find_canary(data)


def echo_forms(header: str) -> str:
    """What a careless upstream may repeat of an `Authorization` header in an error text."""
    key = header.removeprefix("Bearer ")
    coded = [base64.b64encode(b"?" * before + header.encode()).decode() for before in range(3)]
    return " ".join([header, *coded, *(form.decode() for form in forms_of(key).values())])
