"""The chit as a line and as a slip."""

import io
import re
from decimal import Decimal

import pytest
from tests.cli.person import Screen

from chit.cli.receipt import chit_line, receipt
from chit.core.generation import Chit
from chit.core.receipt_words import differs

PIPE = io.TextIOWrapper(io.BytesIO())
FULL = Chit(
    generation_id="gen-1",
    model="a/b",
    provider="Amazon Bedrock",
    reported_cost=Decimal("0.00006"),
    settled_cost=Decimal("0.00006"),
    settlement="settled",
    prompt_tokens=1200,
    completion_tokens=84,
    reasoning_tokens=10,
    cached_tokens=1000,
    time_to_first_token_ms=800,
    duration_ms=1800,
    latency_ms=1400,
    generation_time_ms=999,
)


def test_the_line_of_a_settled_chit() -> None:
    """Cost, provider, first token and speed stand on one line, as the design shows it."""
    assert chit_line(FULL, PIPE) == "▸ $0.00006 · Amazon Bedrock · first token 800 ms · 84 tok/s"


@pytest.mark.parametrize(
    ("chit", "words"),
    [
        (Chit(settlement="pending"), "▸ – · pending"),
        (Chit(settlement="gave_up"), "▸ – · never settled"),
        (Chit(), "▸ – · no generation id came: it may have been billed"),
        (
            Chit(reported_cost=Decimal(1), settled_cost=Decimal(2), settlement="settled"),
            "▸ $2.00 · reported $1.00",
        ),
    ],
)
def test_the_line_tells_how_settlement_stands(chit: Chit, words: str) -> None:
    """Unknown figures are left out, an unknown cost is a dash, a difference is told."""
    assert chit_line(chit, PIPE) == words


def test_the_line_is_coloured_for_where_it_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the stream it is written to decides about colour."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[33mpending" in chit_line(Chit(settlement="pending"), Screen(io.BytesIO()))


def test_a_provider_cannot_speak_to_the_terminal() -> None:
    """Names from upstream are neutralised in line and slip."""
    chit = Chit(provider="\x1b[2J", model="\x9bm", generation_id="gen-\x07")
    assert not set(chit_line(chit, PIPE) + receipt(chit)) & set("\x1b\x9b\x07")


def test_the_slip_has_every_figure() -> None:
    """Tokens, cost with its source, times with theirs, the id last."""
    slip = receipt(FULL)
    for words in (
        "a/b\nserved by Amazon Bedrock\n",
        "1,200",
        "  1000 of them cached",
        "  10 of them reasoning",
        "reported $0.00006 · equal",
        "800 ms",
        "1.4 s",
        "999 ms",
    ):
        assert words in slip
    assert slip.endswith("gen-1")


@pytest.mark.parametrize(
    ("chit", "words"),
    [
        (Chit(requested_model="x/y"), "x/y"),
        (Chit(), "account default"),
        (Chit(settlement="pending"), "  pending"),
        (Chit(settlement="gave_up"), "  never settled"),
        (Chit(), "  no receipt"),
        (Chit(reported_cost=Decimal(1), settled_cost=Decimal(2), settlement="settled"), "· not equal"),
    ],
)
def test_the_slip_says_what_is_not_known(chit: Chit, words: str) -> None:
    """Nothing is made up: a missing figure is a dash and a missing record is said."""
    assert words in receipt(chit)
    assert "–" in receipt(chit)


def test_unknown_costs_do_not_differ() -> None:
    """A difference needs two known figures."""
    assert not differs(Chit(settled_cost=Decimal(2)))
    assert not differs(Chit(reported_cost=Decimal(2)))
    assert differs(Chit(reported_cost=Decimal(2), settled_cost=Decimal("2.1")))
    assert not differs(Chit(reported_cost=Decimal("2.0"), settled_cost=Decimal(2)))


def test_the_slip_counts_pictures() -> None:
    """Where there are any."""
    assert "images" not in receipt(FULL)
    assert re.search(r"images \.+ 2$", receipt(Chit(images=2)), re.MULTILINE)
