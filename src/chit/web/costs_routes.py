"""Costs as files: CSV of every charge, or of each day by model, provider and origin; a piece at a time."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import date
from typing import Any

from aiohttp import web

from chit.core.csv_text import Cell, write_csv
from chit.core.moments import read_utc
from chit.core.spending import Charge, DaySpending
from chit.core.usage import from_pico, read_cost
from chit.errors import InputError
from chit.store.protocol import Store
from chit.web.costs_question import read_costs_question
from chit.web.desk import Desk
from chit.web.routes import Route

MOST_CHARGES = 200_000
"""In one file: a browser holds all of it."""
_AT_ONCE = 1_000
_CHARGE = [
    "day",
    "sent_at_utc",
    "id",
    "generation_id",
    "conversation",
    "private",
    "origin",
    "requested_model",
    "model",
    "provider",
    "state",
    "settlement",
    "reported_cost_usd",
    "settled_cost_usd",
    "saved_by_caching_usd",
    "billed_by_provider_usd",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cached_tokens",
    "time_to_first_token_ms",
    "openrouter_latency_ms",
]
_DAY = [
    "day",
    "model",
    "provider",
    "origin",
    "private",
    "generations",
    "pending",
    "cost_unknown",
    "failed",
    "cost_usd",
    "reported_cost_usd",
    "settled_cost_usd",
    "saved_by_caching_usd",
    "billed_by_provider_usd",
    "prompt_tokens",
    "completion_tokens",
    "reasoning_tokens",
    "cached_tokens",
]

Row = Sequence[Cell]
Turn = Callable[[Any], Row]


class CostsRoutes:
    """Over a desk."""

    def __init__(self, desk: Desk, *, today: Callable[[], date] = date.today) -> None:
        self._desk = desk
        self._today = today

    def routes(self) -> list[Route]:
        """For the table."""
        return [
            Route(method="GET", path="/costs/charges.csv", handler=self.charges, kind="stream"),
            Route(method="GET", path="/costs/days.csv", handler=self.days, kind="stream"),
        ]

    async def charges(self, request: web.Request) -> web.StreamResponse:
        """The query of the page. Raises `InputError` for more than one file takes."""
        store, query = self._store, self._read(request)
        count = (await store.sum_spending(query)).total.charges
        if count > MOST_CHARGES:
            raise InputError(
                f"these are {count:,} generations, and one file takes {MOST_CHARGES:,}",
                hint="Choose a shorter time, or the file by day.",
            )
        return await _send(request, _CHARGE, _pieces(lambda after: store.list_charges(query, after, _AT_ONCE), _charge))

    async def days(self, request: web.Request) -> web.StreamResponse:
        """The query of the page."""
        store, query = self._store, self._read(request)
        return await _send(request, _DAY, _pieces(lambda after: store.list_spending_days(query, after, _AT_ONCE), _day))

    @property
    def _store(self) -> Store:
        return self._desk.app.store

    def _read(self, request: web.Request) -> Any:
        return read_costs_question(request.query_string).ask(self._today())


async def _pieces(fetch: Callable[[Any], Any], turn: Turn) -> AsyncIterator[Sequence[Row]]:
    after = None
    while found := await fetch(after):
        yield [turn(each) for each in found]
        after = found[-1].cursor


async def _send(request: web.Request, head: Row, pieces: AsyncIterator[Sequence[Row]]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/csv; charset=utf-8"})
    await response.prepare(request)
    await response.write(write_csv([head]).encode())
    async for rows in pieces:
        await response.write(write_csv(rows).encode())
    return response


def _charge(charge: Charge) -> Row:
    return (
        charge.day,
        _moment(charge.created_at),
        charge.id,
        charge.generation_id,
        charge.conversation_id,
        charge.private,
        charge.origin,
        charge.requested_model,
        charge.model,
        charge.provider,
        charge.state,
        charge.settlement,
        read_cost(charge.reported_cost),
        read_cost(charge.settled_cost),
        charge.saved,
        charge.provider_cost,
        charge.prompt_tokens,
        charge.completion_tokens,
        charge.reasoning_tokens,
        charge.cached_tokens,
        charge.time_to_first_token_ms,
        charge.latency_ms,
    )


def _day(day: DaySpending) -> Row:
    figures = day.figures
    return (
        day.day,
        day.model,
        day.provider,
        day.origin,
        day.private,
        figures.charges,
        figures.pending,
        figures.unknown,
        figures.failed,
        figures.cost,
        from_pico(figures.reported_pico),
        from_pico(figures.settled_pico),
        from_pico(figures.saved_pico),
        from_pico(figures.provider_pico),
        figures.prompt_tokens,
        figures.completion_tokens,
        figures.reasoning_tokens,
        figures.cached_tokens,
    )


def _moment(unix_seconds: float) -> str | None:
    """In UTC, since the day beside it is local; a time that is none is left out."""
    moment = read_utc(unix_seconds)
    return None if moment is None else moment.isoformat(timespec="seconds")
