"""`chit demo`: the main job without a key."""

import re
from collections.abc import Iterator

import pytest
from tests.cli.person import Person, encode_stream

from chit.cli import demonstration
from chit.sandbox.reply import Reply
from chit.sandbox.server import Sandbox


class Quick(Sandbox):
    """A sandbox in a hurry."""

    def __init__(self) -> None:
        super().__init__(pace=0, settle_after=0)
        self.queue(*self.prepared)

    prepared: tuple[Reply, ...] = ()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Quick]]:
    """The demonstration's sandbox, without delays."""
    monkeypatch.setattr(demonstration, "Sandbox", Quick)
    yield Quick
    Quick.prepared = ()


def test_the_receipt_is_printed_settled(person: Person, quick: type[Quick]) -> None:
    """Question, answer, pending line and settled slip stand in order; no key and no other upstream is used."""
    person.variables = {"OPENROUTER_API_KEY": "", "CHIT_BASE_URL": ""}
    outcome = person.call("demo", "Why", "chits?")
    assert (outcome.code, outcome.err) == (0, "")
    steps = ("nothing is billed", "you\nWhy chits?\n\nmodel\n", "> Why chits?", "pending\n", "settled ...", "· equal\n")
    without_ids = re.sub(r" · [0-9a-f]{8}\n", "\n", outcome.out)
    positions = [without_ids.index(step) for step in steps]
    assert positions == sorted(positions)
    assert not person.upstream.ledger.requests


def test_what_it_kept_can_be_shown(person: Person, quick: type[Quick]) -> None:
    """The command printed at the end works; the money of the demonstration is in a home of its own."""
    outcome = person.call("demo")
    words = outcome.out.strip().splitlines()[-1].split()
    assert words[0] == f"CHIT_HOME={person.home / 'sandbox'}"
    person.variables["CHIT_HOME"] = words[0].partition("=")[2]
    assert person.call(*words[2:]).code == 0
    assert not (person.home / "chit.db").exists()


def test_a_failure_has_its_code(person: Person, quick: type[Quick]) -> None:
    """What would go wrong in `chit ask` goes wrong in the same words."""
    quick.prepared = (Reply(status=402, body=b'{"error": {"code": 402, "message": "Insufficient credits."}}'),)
    outcome = person.call("demo")
    assert outcome.code == 5
    assert outcome.err.startswith("chit: ")


def test_a_reply_without_an_id_has_no_receipt(person: Person, quick: type[Quick]) -> None:
    """There is nothing to settle, so the demonstration ends with the answer."""
    stream = encode_stream("Anonymous.").replace(b'"id": "gen-canned", ', b"")
    quick.prepared = (Reply(content_type="text/event-stream", body=stream),)
    outcome = person.call("demo")
    assert outcome.code == 0
    assert "Anonymous." in outcome.out
    assert "settled" not in outcome.out


def test_it_works_as_a_process(person: Person) -> None:
    """As a person starts it, at the sandbox's own pace."""
    person.variables = {"OPENROUTER_API_KEY": ""}
    outcome = person.run("demo", "Hi")
    assert (outcome.code, outcome.err) == (0, "")
    assert "· equal\n" in outcome.out
