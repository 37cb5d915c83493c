"""The work of `chit models`: a line for each, or one model with those who serve it."""

import asyncio
import textwrap
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal

from chit.app import App, open_app
from chit.cli.cells import find_width, fit, measure, pad
from chit.cli.terminal import neutralise, write_json, write_out
from chit.cli.unlocking import CommandKeys
from chit.core.model_card import ModelCard, Offer, card_record, find_cards, offer_record, read_card
from chit.core.usage import show_cost
from chit.errors import KeyUnavailable, NotFound
from chit.openrouter.offers import fetch_offers

_UNKNOWN = "–"
_TITLE = 12
_LEAST = 8
"""Columns, without which it is not begun to tell what a model can do."""


def show_models(keys: CommandKeys, words: Sequence[str], *, limit: int | None, refresh: bool, as_json: bool) -> None:
    """Print them; without a key, of the public list. Raises `UpstreamError`, and `NotFound` where nothing fits."""

    async def run() -> tuple[list[ModelCard], list[Offer] | None]:
        with suppress(KeyUnavailable):
            await keys.find(asks=keys.has_descriptor)
        async with open_app(keys.prefs, key=keys.use, scrub=keys.scrub, settling=False) as app:
            return await _find(app, words, refresh=refresh)

    found, offers = asyncio.run(run())
    if offers is not None:
        if as_json:
            write_json({**card_record(found[0]), "endpoints": [offer_record(each) for each in offers]})
        else:
            write_out(write_card(found[0], offers, find_width()))
        return
    if not found:
        raise NotFound(f"no model fits {' '.join(words)!r}", hint="Try fewer words; `chit models` lists all.")
    shown = found[:limit]
    if as_json:
        write_json({"items": [card_record(each) for each in shown]})
    else:
        write_out(write_list(shown, find_width()))


async def _find(app: App, words: Sequence[str], *, refresh: bool) -> tuple[list[ModelCard], list[Offer] | None]:
    """Those that fit; of one that is named, who serves it as well."""
    records = await app.catalogue.list_models(is_fresh=refresh, may_lack_key=True)
    cards = [card for record in records if (card := read_card(record)) is not None]
    named = [card for card in cards if len(words) == 1 and card.id.lower() == words[0].lower()]
    if named:
        return named, await fetch_offers(app.client, named[0].id)
    return find_cards(cards, words), None


def write_list(cards: Sequence[ModelCard], width: int | None) -> str:
    """Id, prices a million tokens, context, and what it can do, as far as there is room."""
    prices = [_price(card) for card in cards]
    contexts = [_size(card.context) for card in cards]
    ids = max(measure(card.id) for card in cards)
    priced, sized = max(map(measure, prices)), max(map(measure, contexts))
    room = None if width is None else max(width - priced - 2, 12)
    names = ids if room is None else min(ids, room)
    lines = []
    for card, price, context in zip(cards, prices, contexts, strict=True):
        line = f"{pad(fit(card.id, names), names)}  {pad(price, priced, right=True)}"
        for more, least in ((pad(context, sized, right=True), sized), (" ".join(card.can), _LEAST)):
            left = None if width is None else width - measure(line) - 2
            if left is None or left >= least:
                line = f"{line}  {fit(more, left) if least == _LEAST else more}"
        lines.append(f"{line.rstrip()}\n")
    return neutralise("".join(lines))


def write_card(card: ModelCard, offers: Sequence[Offer], width: int | None) -> str:
    """Everything that there is to know of one."""
    told = {
        "price": f"{_prices(card)}, a million tokens" if card.prompt is not None else "unknown",
        "context": _tell_context(card.context, card.most_completion),
        "can": " · ".join(card.can) or "text",
        "until": card.expires or "",
    }
    lines = [card.name, *([card.id] if card.name != card.id else []), ""]
    for title, text in told.items():
        lines += _wrap(f"{title:<{_TITLE}}", text, width) if text else []
    if not offers:
        lines += ["", "Nobody serves it at present."]
    for offer in offers:
        lines += ["", f"{offer.provider or _UNKNOWN} ({offer.tag or _UNKNOWN})"]
        lines += _wrap("  ", " · ".join(_tell_offer(offer, card)), width)
        lines += [f"  privacy policy: {offer.policy}"] if offer.policy else []
    return neutralise("".join(f"{line}\n" for line in lines))


def _tell_offer(offer: Offer, card: ModelCard) -> list[str]:
    keeps = {True: "keeps no data", False: "may keep data", None: ""}[offer.keeps_nothing]
    facts = [
        _prices(offer),
        _tell_context(offer.context, offer.most_completion) if offer.context != card.context else "",
        offer.quantization or "",
        "" if offer.uptime is None else f"{offer.uptime.normalize():f} % up",
        "" if offer.first_token_ms is None else f"first token {offer.first_token_ms / 1000:.1f} s",
        "" if offer.speed is None else f"{offer.speed:.0f} tok/s",
        keeps,
        offer.place or "",
    ]
    return [fact for fact in facts if fact]


def _wrap(head: str, text: str, width: int | None) -> list[str]:
    if width is None:
        return [head + text]
    margin = " " * len(head)
    return textwrap.wrap(text, width, initial_indent=head, subsequent_indent=margin, break_on_hyphens=False)


def _price(card: ModelCard) -> str:
    if card.is_free:
        return "free"
    return f"{_money(card.prompt)} / {_money(card.completion)}"


def _prices(priced: ModelCard | Offer) -> str:
    if priced.prompt == 0 and priced.completion == 0:
        return "free"
    cached = "" if priced.cached is None else f", {_money(priced.cached)} cached"
    return f"{_money(priced.prompt)} in, {_money(priced.completion)} out{cached}"


def _money(price: Decimal | None) -> str:
    return _UNKNOWN if price is None else show_cost(price)


def _size(tokens: int | None) -> str:
    return _UNKNOWN if tokens is None else f"{tokens / 1000:,.0f}k"


def _tell_context(context: int | None, most: int | None) -> str:
    if context is None:
        return ""
    return f"{context:,} tokens" + (f", replies up to {most:,}" if most is not None else "")
