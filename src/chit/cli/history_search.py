"""The work of `chit search`."""

import re
import sys
import time

from chit.cli.cells import find_width, fit, measure
from chit.cli.history_home import run_with_history
from chit.cli.moments import tell_when
from chit.cli.parts import WHO
from chit.cli.terminal import neutralise, paint, write_err, write_json, write_out
from chit.core.excerpt import Piece
from chit.core.search import read_query
from chit.core.search_page import FoundMessage, FoundTitle
from chit.core.search_words import describe_state, found_record
from chit.core.usage import show_cost
from chit.store.ids import short_id

SECONDS = 2.0
"""How long a search may take."""


def show_found(text: str, *, limit: int, before: int | None, as_json: bool) -> None:
    """Print a page of it. Raises `StoreError`."""
    query = read_query(text)
    page = run_with_history(lambda store: store.search(query, before=before, limit=limit, seconds=SECONDS))
    if as_json:
        write_json(found_record(page))
        return
    width = find_width()
    now = time.time()
    write_out("".join(_write_title(each, now, width) for each in page.titles))
    write_out("".join(_write_message(each, now, width) for each in page.messages))
    for line in describe_state(query, page, seconds=SECONDS, is_older=before is not None):
        write_err(neutralise(f"{line}\n"))
    if page.more is not None:
        write_err(paint(f"More: chit search --before {page.more} …\n", "dim", sys.stderr))


def _write_title(found: FoundTitle, now: float, width: int | None) -> str:
    age = tell_when(found.created_at, now)
    mark = " · archived" if found.is_archived else ""
    return f"{_dim(f'conversation {short_id(found.id)} · {age}{mark}', width)}\n{_mark(found.title, width)}\n\n"


def _write_message(found: FoundMessage, now: float, width: int | None) -> str:
    who = found.model if found.model and found.source == "actor" else WHO[found.source]
    facts = [
        short_id(found.id),
        who,
        tell_when(found.created_at, now),
        show_cost(found.cost) if found.cost is not None else "",
        "failed" if found.has_error else "",
        "archived" if found.is_archived else "",
        found.title,
    ]
    return f"{_dim(' · '.join(filter(None, facts)), width)}\n{_mark(found.excerpt, width)}\n\n"


def _dim(text: str, width: int | None) -> str:
    return paint(fit(text, width), "dim", sys.stdout)


def _mark(pieces: tuple[Piece, ...], width: int | None) -> str:
    """With what was found in bold, where there is colour; wrapped by word for a terminal."""
    shown, used = "", 0
    for piece in pieces:
        for word in re.findall(r"\s+|\S+", neutralise(piece.text)):
            used += measure(word)
            if width is not None and used > width and not word.isspace():
                shown, used = f"{shown.rstrip()}\n", measure(word)
            shown += paint(word, "bold", sys.stdout) if piece.is_found and not word.isspace() else word
    return shown
