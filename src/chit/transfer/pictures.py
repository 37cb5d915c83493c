"""Pictures of a conversation on their way into an export: of kinds that hold no script, under names of our own."""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from chit.core.generation import read_text

Place = Callable[[str], str]
"""From the `data:` address of a picture to the address that stands in the text."""
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,([A-Za-z0-9+/]+={0,2})")


class PictureFiles:
    """Puts pictures beside the text, each once."""

    def __init__(self) -> None:
        self.fresh: dict[str, bytes] = {}
        """By the name of the file, those that are not written yet."""
        self._known: set[str] = set()

    def place(self, address: str) -> str:
        """`pictures/….png`."""
        found = _PICTURE.fullmatch(address)
        assert found is not None  # noqa: S101 - only such addresses are placed
        name = f"pictures/{hashlib.sha256(address.encode()).hexdigest()[:24]}.{found[1]}"
        if name not in self._known:
            self._known.add(name)
            self.fresh[name] = base64.b64decode(found[2])
        return name


def find_picture(media: Mapping[str, Any]) -> str | None:
    """The `data:` address of a picture that any viewer may show; None for everything else."""
    inner = media.get("image_url")
    address = inner.get("url") if isinstance(inner, Mapping) else inner
    found = _PICTURE.fullmatch(address) if isinstance(address, str) else None
    if found is None:
        return None
    try:
        base64.b64decode(found[2], validate=True)
    except binascii.Error:
        return None
    return found[0]


def name_media(media: Mapping[str, Any]) -> str:
    """What is attached, in a few words."""
    kind = str(media.get("type", "file")).removeprefix("input_").removesuffix("_url").replace("_", " ")
    inner = media.get("file")
    name = read_text(inner.get("filename")) if isinstance(inner, Mapping) else None
    return f"{kind}: {name}" if name else kind
