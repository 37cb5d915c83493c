r"""Large media of a dossier, once each: base64 texts of 4 KiB and more, named by the SHA-256 of their text.

In values a reference is the text `blob:sha256:…`, after a `data:…;base64,` if the media had one. A text that looks like
a reference by itself is taken out like media, so that every reference left is ours. In a request, which is text that
must not change, it is spelled `"\u0062lob:sha256:…"`, as the store does: no JSON writer escapes a plain letter.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from chit.core.members import DossierInvalid

LEAST = 4096
_DATA = r"data:[\w.+/;=-]{1,200};base64,"
_NAME = "[0-9a-f]{64}"
_CONTENT = rf"[A-Za-z0-9+/]{{{LEAST},}}={{0,2}}"
_MEDIA = re.compile(rf"({_DATA})?({_CONTENT}|blob:sha256:{_NAME})", re.ASCII)
_REFERENCE = re.compile(rf"({_DATA})?blob:sha256:({_NAME})", re.ASCII)
_BLOB = re.compile(rf"{_CONTENT}|(?:blob|\\u0062lob):sha256:{_NAME}", re.ASCII)
_IN_REQUEST = re.compile(rf'"({_DATA})?\\u0062lob:sha256:({_NAME})"', re.ASCII)


def name_blob(content: str) -> str:
    """The SHA-256 of a text of media."""
    return hashlib.sha256(content.encode()).hexdigest()


def take_out(value: Any, blobs: MutableMapping[str, str]) -> Any:
    """A JSON value with its large media replaced by references; the media goes into `blobs`, by name."""
    match value:
        case str() if len(value) > 64 and (found := _MEDIA.fullmatch(value)):
            name = name_blob(found[2])
            blobs[name] = found[2]
            return f"{found[1] or ''}blob:sha256:{name}"
        case Mapping():
            return {name: take_out(member, blobs) for name, member in value.items()}
        case list() | tuple():
            return [take_out(item, blobs) for item in value]
        case _:
            return value


def put_back(value: Any, blobs: Mapping[str, str]) -> Any:
    """The inverse of `take_out`. Raises `DossierInvalid` for a reference to what is not there."""
    match value:
        case str() if len(value) > 64 and (found := _REFERENCE.fullmatch(value)):
            return f"{found[1] or ''}{_find(found[2], blobs)}"
        case dict():
            return {name: put_back(member, blobs) for name, member in value.items()}
        case list():
            return [put_back(item, blobs) for item in value]
        case _:
            return value


def list_references(request: str) -> list[str]:
    """The names of the blobs that a request refers to, in order."""
    return [found[2] for found in _IN_REQUEST.finditer(request)]


def fill_request(request: str, blobs: Mapping[str, str]) -> str:
    """The request as it was sent. Raises `DossierInvalid` for a reference to what is not there."""
    return _IN_REQUEST.sub(lambda found: f'"{found[1] or ""}{_find(found[2], blobs)}"', request)


def scrub_request(request: str, blobs: Mapping[str, str], scrub: Callable[[str], str]) -> str:
    """`request` without keys. Media that holds one is no media any more, and stands in the text itself."""

    def check(found: re.Match[str]) -> str:
        content = _find(found[2], blobs)
        clean = scrub(content)
        return found[0] if clean == content else f'"{found[1] or ""}{clean}"'

    return _IN_REQUEST.sub(check, scrub(request))


def read_blobs(value: Mapping[str, Any]) -> dict[str, str]:
    """The media of a file. Raises `DossierInvalid` for what is none, or is not what its name says."""
    for name, content in value.items():
        if not isinstance(content, str) or not _BLOB.fullmatch(content) or name_blob(content) != name:
            raise DossierInvalid(f"the attachment {name[:8]!r} is not what its name says")
    return dict(value)


def _find(name: str, blobs: Mapping[str, str]) -> str:
    if name not in blobs:
        raise DossierInvalid(f"the attachment {name[:8]} is not in the file")
    return blobs[name]
