"""What a search came to: in sentences, and as the JSON that `--json` prints."""

from collections.abc import Iterable
from typing import Any

from chit.core.excerpt import Piece
from chit.core.search import SearchQuery
from chit.core.search_page import SearchPage
from chit.core.usage import write_cost


def describe_state(query: SearchQuery, page: SearchPage, *, seconds: float, is_older: bool) -> list[str]:
    """What a person should know of it, in sentences; `seconds` are those that it might take."""
    lines = [f"“{word}” was left out: only letters and digits can be searched for." for word in page.unsearchable]
    lines += [f"What stands under “{name}” was not understood." for name in query.misread]
    count = len(page.messages) + len(page.titles)
    if not page.is_complete:
        found = f"the {count} newest of what there is" if count else "nothing so far"
        lines.append(f"This takes too long: found in {seconds:.0f} seconds: {found}. Another word or filter may help.")
    elif page.is_idle:
        lines += [] if lines else ["Searches the words of all conversations."]
    elif count == 0:
        lines.append("Nothing older." if is_older else "Nothing found.")
    elif page.more is not None:
        lines.append("The newest first." if not is_older else "Older ones.")
    else:
        lines.append(f"{count} found." if not is_older else f"The last {count}." if count > 1 else "The last one.")
    return lines


def found_record(page: SearchPage) -> dict[str, Any]:
    """Its members are an interface: added to, never renamed. Excerpts are pieces, of which some are what was found."""
    return {
        "items": [
            {
                "id": each.id,
                "conversation_id": each.conversation_id,
                "title": each.title,
                "source": each.source,
                "model": each.model,
                "created_at": each.created_at,
                "cost": None if each.cost is None else write_cost(each.cost),
                "has_error": each.has_error,
                "is_archived": each.is_archived,
                "excerpt": _piece_records(each.excerpt),
            }
            for each in page.messages
        ],
        "titles": [
            {
                "id": each.id,
                "excerpt": _piece_records(each.title),
                "created_at": each.created_at,
                "is_archived": each.is_archived,
            }
            for each in page.titles
        ],
        "more": page.more,
        "is_complete": page.is_complete,
        "unsearchable": list(page.unsearchable),
    }


def _piece_records(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    return [{"text": piece.text, "is_found": piece.is_found} for piece in pieces]
