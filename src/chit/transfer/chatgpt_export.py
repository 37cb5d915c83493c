"""ChatGPT's export: the zip, or a list of conversations that was in it. Read a conversation at a time.

A list of hundreds of megabytes is never in memory: where its items begin and end is found first, and each is read from
the file, which for a zip is one without a name. Pictures are unpacked as conversations mention them.
"""

import io
import mmap
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from chit.core.attachments import clean_name, make_attachment
from chit.core.chatgpt import read_chatgpt
from chit.core.dossier import Dossier
from chit.core.imported import read_time
from chit.core.jsontext import JsonInvalid
from chit.core.media_kind import find_media_kind, is_text
from chit.core.members import DossierInvalid
from chit.core.messages import Part
from chit.core.strict_json import decode_strictly
from chit.store.home import explain_os_error
from chit.transfer.import_report import Source
from chit.transfer.json_items import Text, find_items
from chit.transfer.zip_reading import MOST_DOCUMENT, AnyZip, EntryBroken, refuse_file

MOST_LIST = 4 * 1024**3
"""Bytes of a list of conversations, unpacked."""
MOST_ASSET = 64 * 1024**2
"""Bytes of one picture or document."""
MOST_ASSETS = MOST_DOCUMENT
"""Bytes of all of them in one conversation."""
_LIST = re.compile(r"(?:.*/)?conversations(?:-[0-9]{1,6})?\.json")
_ASSET = re.compile(r"(?:.*/)?(file[-_][0-9A-Za-z]+)([^/]*)")

Outcome = tuple[str, Dossier | str]
Span = tuple[Text, int, int]


def holds_chatgpt(packed: AnyZip) -> bool:
    """Whether a zip is such an export."""
    return any(_LIST.fullmatch(entry.filename) for entry in packed.entries)


def open_chatgpt_zip(packed: AnyZip, folder: Path | None, closing: ExitStack) -> Source:
    """Large exports hold several lists. Raises `InputError`, `StoreError`."""
    lists = {entry.filename: entry for entry in packed.entries if _LIST.fullmatch(entry.filename)}
    texts = [_unpack(packed, entry, folder, closing) for _, entry in sorted(lists.items())]
    return _ChatgptExport(texts, _Assets(packed)).open()


def open_chatgpt_array(file: IO[bytes], size: int, closing: ExitStack) -> Source:
    """A list by itself, without the files that go with it. Raises `InputError`."""
    if size > MOST_LIST:
        raise refuse_file(f"it is larger than {MOST_LIST // 1024**3} GiB")
    return _ChatgptExport([_view(file, closing)], None).open()


def open_chatgpt_one(value: Mapping[str, Any]) -> Source:
    """A single conversation. Raises `DossierInvalid`."""
    dossier = read_chatgpt(value, lambda id, name: None)
    return Source(total=1, outcomes=iter([(_name(dossier), dossier)]))


class _ChatgptExport:
    def __init__(self, texts: Sequence[Text], assets: "_Assets | None") -> None:
        found = [(text, find_items(text)) for text in texts]
        self._assets = assets
        self._problems = [items.problem for _, items in found if items.problem is not None]
        spans = [(text, *span) for text, items in found for span in items.spans]
        self._spans: list[tuple[int, Span]] = list(enumerate(spans, 1))

    def open(self) -> Source:
        """The oldest first, so that the newest stands on top of the list here as it did there. Raises `InputError`."""
        if self._problems and not self._spans:
            raise refuse_file(self._problems[0])
        if self._spans and _read_update(self._spans[0][1]) > _read_update(self._spans[-1][1]):
            self._spans.reverse()
        return Source(total=len(self._spans) + len(self._problems), outcomes=self._read())

    def _read(self) -> Iterator[Outcome]:
        for number, span in self._spans:
            try:
                dossier = read_chatgpt(_decode(span), _Finding(self._assets))
            except (JsonInvalid, DossierInvalid, EntryBroken) as error:
                yield f"conversation {number}", str(error)
            else:
                yield _name(dossier), dossier
        for problem in self._problems:
            yield "the rest", problem


def _decode(span: Span) -> dict[str, Any]:
    """Raises `JsonInvalid`."""
    text, start, end = span
    if end - start > MOST_DOCUMENT:
        raise JsonInvalid(f"it is larger than {MOST_DOCUMENT // 1024**2} MiB")
    return decode_strictly(text[start:end])


def _read_update(span: Span) -> float:
    try:
        return read_time(_decode(span).get("update_time"), 0.0)
    except JsonInvalid:
        return 0.0


def _name(dossier: Dossier) -> str:
    title = dossier.conversation.title if dossier.conversation else ""
    return f"“{title}”" if title else dossier.id


def _unpack(packed: AnyZip, entry: zipfile.ZipInfo, folder: Path | None, closing: ExitStack) -> Text:
    try:
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - it is closed with the rest
        closing.callback(file.close)
        for piece in packed.pieces(entry, MOST_LIST):
            file.write(piece)
        file.flush()
        return _view(file, closing)
    except EntryBroken as error:
        raise refuse_file(f"{entry.filename}: {error}") from None
    except OSError as error:
        raise explain_os_error(error, folder or Path(tempfile.gettempdir())) from error


def _view(file: IO[bytes], closing: ExitStack) -> Text:
    """Its bytes, without reading them where it is a file."""
    try:
        return closing.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (ValueError, io.UnsupportedOperation):  # it is empty, or only in memory
        file.seek(0)
        return file.read()


class _Assets:
    """The pictures and documents of a zip, by OpenAI's ids of them."""

    def __init__(self, packed: AnyZip) -> None:
        self._packed = packed
        found = ((_ASSET.fullmatch(entry.filename), entry) for entry in packed.entries)
        self._entries = {match[1]: (match[2], entry) for match, entry in found if match}

    def unpack(self, id: str) -> tuple[str, bytes] | None:
        """What it is called in the zip, and its content. Raises as `AnyZip.pieces`."""
        if id not in self._entries:
            return None
        name, entry = self._entries[id]
        return name.lstrip("-_"), b"".join(self._packed.pieces(entry, MOST_ASSET))


class _Finding:
    """The attachments of one conversation."""

    def __init__(self, assets: _Assets | None) -> None:
        self._assets = assets
        self._room = MOST_ASSETS

    def __call__(self, id: str, name: str) -> Part | None:
        """Raises `EntryBroken`."""
        found = self._assets.unpack(id) if self._assets else None
        if found is None:
            return None
        called, data = found
        self._room -= len(data)
        if self._room < 0:
            raise EntryBroken(f"its pictures are larger than {MOST_ASSETS // 1024**2} MiB together")
        kind = find_media_kind(data)
        if kind is None and not is_text(data):
            return None
        return make_attachment(data, kind, clean_name(name or called))
