"""Finding messages and titles, the newest first: an expression for the index, and the exact conditions beside it.

The newest first, since the index then stops at the end of the page: over a million messages 0.1 to 1 ms for a common
word, where the best by BM25 take 0.4 to 4 s. Every word that is typed is handed to the index as a quoted string of what
its own tokenizer takes for words, so that there is no syntax that could be broken (attack case 40).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from math import nextafter
from typing import Any, cast

import apsw

from chit.core import facets
from chit.core.excerpt import Piece, Term, Token, Tokenize, write_excerpt
from chit.core.jsontext import decode_json
from chit.core.search import MOST_PICO, SearchQuery
from chit.core.search_page import FoundMessage, FoundTitle, SearchPage
from chit.core.searchable import searchable
from chit.store.rows import text_of
from chit.store.schema_search import HAS_ERROR, PICO, WRITTEN_BY
from chit.store.search_index import read_text

TITLES = 3
"""Conversations at most above the messages of the first page: those of which none stands there. Where there are filters
there are none, since titles are slow to filter."""
LEAST_BEGINNING = 2
"""Letters of a word from which on longer ones are found: one alone is a word, or would be the beginning of too many."""
_MOST_MODELS = 100
"""Beyond so many the index is not asked for each; the exact condition is slower, and the same."""
_END = 2**63 - 1
_MODELS_LIKE = "SELECT id FROM model_names WHERE {} ORDER BY id"
_COLUMNS = f"""
    m.seq, m.id, m.source, m.created_at, m.parts, c.id, c.title, c.archived_at, coalesce(g.model, g.requested_model),
    coalesce(s.settled_cost, g.reported_cost), {HAS_ERROR}, g.error
"""
_MESSAGES = f"""
    SELECT {_COLUMNS} FROM message_text t CROSS JOIN messages m ON m.seq = t.rowid
        CROSS JOIN conversations c ON c.id = m.conversation {WRITTEN_BY}
    WHERE t.message_text MATCH :expression AND t.rowid < :before AND c.deleted_at IS NULL {{conditions}}
    ORDER BY t.rowid DESC LIMIT :limit
"""  # noqa: S608 - all of it is ours
_TITLES = f"""
    SELECT c.seq, c.id, c.title, c.created_at, c.archived_at
    FROM conversation_titles t CROSS JOIN conversations c ON c.seq = t.rowid
    WHERE t.conversation_titles MATCH :expression AND t.rowid < :before AND c.deleted_at IS NULL AND EXISTS (
        SELECT 1 FROM messages m {WRITTEN_BY} WHERE m.conversation = c.id {{conditions}})
    ORDER BY t.rowid DESC LIMIT :limit
"""  # noqa: S608 - all of it is ours


@dataclass(slots=True, kw_only=True)
class _Plan:
    """How to ask for what a query wants."""

    words: list[str] = field(default_factory=list)
    """Expressions that must match in the index, one for each word."""
    terms: list[Term] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)
    """Facets; of each group a message has one."""
    conditions: list[str] = field(default_factory=list)
    bindings: dict[str, Any] = field(default_factory=dict)
    unsearchable: list[str] = field(default_factory=list)
    is_hopeless: bool = False
    """Nothing can fit."""

    def expression(self, groups: Sequence[Sequence[int]]) -> str:
        """For the index."""
        wanted = self.words + [f"({' OR '.join(map(_quote_facet, codes))})" for codes in groups]
        wanted = wanted or [_quote_facet(facets.EVERY)]
        text = " AND ".join(wanted)
        return f"({text}) NOT ({' OR '.join(self.excluded)})" if self.excluded else text


def search(connection: apsw.Connection, query: SearchQuery, before: int | None, limit: int) -> SearchPage:
    """See `Store.search`. An interrupted connection ends in what was found so far."""
    tokenizer = connection.fts5_tokenizer("unicode61", [])

    def tokenize(text: bytes) -> list[Token]:
        return list(cast("Iterable[Token]", tokenizer(text, apsw.FTS5_TOKENIZE_DOCUMENT, None)))

    try:
        plan = _plan(connection, query, tokenize)
    except apsw.InterruptError:
        return SearchPage(is_complete=False)
    unsearchable = tuple(plan.unsearchable)
    if not (plan.words or query.filters):
        return SearchPage(is_idle=True, unsearchable=unsearchable)
    if plan.is_hopeless:
        return SearchPage(unsearchable=unsearchable)
    if query.in_title:
        titles, more, is_complete = _find(connection, _TITLES, plan, before, limit)
        found = tuple(_read_title(row, plan, tokenize) for row in titles)
        return SearchPage(titles=found, more=more, is_complete=is_complete, unsearchable=unsearchable)
    messages, more, is_complete = _find(connection, _MESSAGES, plan, before, limit)
    titles = []
    if before is None and plan.words and not plan.conditions and is_complete:
        titles, _, is_complete = _find(connection, _TITLES, plan, None, TITLES)
    shown = {row[5] for row in messages}  # most titles are the first words of a message that stands there already
    return SearchPage(
        messages=tuple(_read_message(row, plan, tokenize) for row in messages),
        titles=tuple(_read_title(row, plan, tokenize) for row in titles if row[1] not in shown),
        more=more,
        is_complete=is_complete,
        unsearchable=unsearchable,
    )


def _find(
    connection: apsw.Connection, statement: str, plan: _Plan, before: int | None, limit: int
) -> tuple[list[tuple[Any, ...]], int | None, bool]:
    """The rows of a page, where the next one begins, and whether there was time for all of it."""
    conditions = "".join(f" AND {condition}" for condition in plan.conditions)
    groups = plan.groups if statement is _MESSAGES else []
    bindings = {
        **plan.bindings,
        "expression": plan.expression(groups),
        "before": _END if before is None else before,
        "limit": limit + 1,
    }
    rows: list[tuple[Any, ...]] = []
    is_complete = True
    try:
        rows.extend(connection.execute(statement.format(conditions=conditions), bindings))
    except apsw.InterruptError:
        is_complete = False
    has_more = len(rows) > limit or not is_complete
    rows = rows[:limit]
    return rows, rows[-1][0] if rows and has_more else None, is_complete


# --- the plan --------------------------------------------------------------------------------------------------------


def _plan(connection: apsw.Connection, query: SearchQuery, tokenize: Tokenize) -> _Plan:
    plan = _Plan()
    for place, word in enumerate(query.words, 1):
        is_last = query.is_open and place == len(query.words)
        tokens = tuple(token for _, _, token in tokenize(searchable(word).encode()))
        if not tokens:
            plan.unsearchable.append(word)
            continue
        is_open = is_last and len(tokens[-1]) >= LEAST_BEGINNING
        plan.terms.append(Term(tokens, is_open))
        plan.words.append(_quote(tokens) + ("*" if is_open else ""))
    excluded = ([token for _, _, token in tokenize(searchable(word).encode())] for word in query.excluded)
    plan.excluded = [_quote(tokens) for tokens in excluded if tokens]
    _plan_days(plan, query)
    _plan_costs(plan, query)
    if query.sources:
        plan.groups.append([facets.source_code(source) for source in sorted(query.sources)])
        plan.conditions.append("m.source IN (SELECT value FROM json_each(:sources))")
        plan.bindings["sources"] = text_of(sorted(query.sources))
    if query.has_error:
        plan.groups.append([facets.ERROR])
        plan.conditions.append(HAS_ERROR)
    if query.models:
        _plan_models(connection, plan, query.models)
    return plan


def _plan_days(plan: _Plan, query: SearchQuery) -> None:
    """A day begins when it does here, while facets are of UTC: those of the days around it are asked for."""
    low, high = 0, _END
    if query.after:
        plan.bindings["after"] = start = _begin(query.after)
        plan.conditions.append("m.created_at >= :after")
        low = facets.day_of(start)
    if query.before:
        plan.bindings["before_day"] = end = _begin(query.before)
        plan.conditions.append("m.created_at < :before_day")
        high = facets.day_of(nextafter(end, 0.0))
    if query.after or query.before:
        _plan_range(plan, facets.DAYS, low, high)


def _plan_costs(plan: _Plan, query: SearchQuery) -> None:
    low, high = 0, _END
    if query.cost_from is not None:
        low = facets.size_of(query.cost_from)
        plan.bindings["cost_from"] = min(query.cost_from, MOST_PICO)
        plan.conditions.append(f"{PICO} >= :cost_from")
    if query.cost_to is not None:
        high = facets.size_of(query.cost_to)
        plan.bindings["cost_to"] = min(query.cost_to, MOST_PICO)
        plan.conditions.append(f"{PICO} <= :cost_to")
    if query.cost_from is not None or query.cost_to is not None:
        _plan_range(plan, facets.COSTS, low, high)


def _plan_range(plan: _Plan, scale: facets.Scale, low: int, high: int) -> None:
    codes = list(scale.cover(low, high)) if low <= high else []
    plan.is_hopeless = plan.is_hopeless or not codes
    plan.groups.append(codes)


def _plan_models(connection: apsw.Connection, plan: _Plan, wanted: Sequence[str]) -> None:
    """Every model whose id has all the words of one that is wanted, without regard to case."""
    part = "NOT EXISTS (SELECT 1 FROM json_each(?) WHERE NOT instr(lower(name), lower(value)))"
    where = " OR ".join([part] * len(wanted))
    rows = connection.execute(_MODELS_LIKE.format(where), [text_of(each.split()) for each in wanted])
    numbers = [row[0] for row in rows]
    plan.is_hopeless = plan.is_hopeless or not numbers
    plan.bindings["models"] = text_of(numbers)
    names = "(SELECT name FROM model_names WHERE id IN (SELECT value FROM json_each(:models)))"
    plan.conditions.append(f"(g.requested_model IN {names} OR g.model IN {names})")
    if len(numbers) <= _MOST_MODELS:
        plan.groups.append(sorted(set(map(facets.model_code, numbers))))


def _begin(day: date) -> float:
    """When it begins where this machine is, unix seconds."""
    return datetime(day.year, day.month, day.day).timestamp()


def _quote(tokens: Sequence[str]) -> str:
    """Words in a row, for the index. What its tokenizer takes for a word has neither quotes nor anything like them."""
    return f'"{" ".join(tokens)}"'


def _quote_facet(code: int) -> str:
    return f'"{facets.write_facet(code)}"'


# --- what was found --------------------------------------------------------------------------------------------------


def _read_message(row: tuple[Any, ...], plan: _Plan, tokenize: Tokenize) -> FoundMessage:
    seq, id, source, created_at, parts, conversation, title, archived_at, model, cost, has_error, error = row
    text = read_text(parts)
    if not text and error is not None:
        text = str(decode_json(error.encode()).get("message", ""))
    return FoundMessage(
        id=id,
        conversation_id=conversation,
        seq=seq,
        source=source,
        created_at=created_at,
        title=title,
        is_archived=archived_at is not None,
        model=model,
        cost=None if cost is None else Decimal(cost),
        excerpt=write_excerpt(text, plan.terms, tokenize),
        has_error=bool(has_error),
    )


def _read_title(row: tuple[Any, ...], plan: _Plan, tokenize: Tokenize) -> FoundTitle:
    seq, id, title, created_at, archived_at = row
    pieces = write_excerpt(title, plan.terms, tokenize) if title else (Piece("Untitled", False),)
    return FoundTitle(id=id, seq=seq, created_at=created_at, is_archived=archived_at is not None, title=pieces)
