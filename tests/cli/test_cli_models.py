"""`chit models`: the list, and one of them with who serves it."""

from typing import Any

import pytest
from tests.cli.conftest import HandOver
from tests.cli.person import Person

from chit.cli.models_table import write_card, write_list
from chit.core.model_card import ModelCard, Offer, read_card, read_offers

RECORD: dict[str, Any] = {"id": "a/b", "name": "B", "pricing": {"prompt": "0.000001", "completion": "0.000002"}}


def card(**members: Any) -> ModelCard:
    """One."""
    made = read_card(RECORD | members)
    assert made is not None
    return made


def test_all_of_them(person: Person) -> None:
    """A line for each: prices a million tokens, context, and what it can do."""
    outcome = person.call("models")
    assert outcome.code == 0
    lines = {line.split()[0]: line for line in outcome.out.splitlines()}
    assert lines["openai/gpt-5-mini"].split() == [
        "openai/gpt-5-mini",
        "$0.25",
        "/",
        "$2.00",
        "400k",
        *("image", "tools"),
        "schema",
        "reasoning",
    ]
    assert "  free  " in lines["openai/gpt-oss-20b:free"]


def test_some_of_them(person: Person) -> None:
    """By words of names and abilities, at most so many; none is an error."""
    assert [line.split()[0] for line in person.call("models", "claude", "haiku").out.splitlines()] == [
        "anthropic/claude-haiku-4.5"
    ]
    assert person.call("models", "free").out.count("\n") == 2
    assert person.call("models", "-n", "3").out.count("\n") == 3
    outcome = person.call("models", "no", "such")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == "chit: no model fits 'no such'. Try fewer words; `chit models` lists all.\n"


def test_json(person: Person) -> None:
    """A list of the same, or one with its endpoints."""
    record = person.call("models", "haiku", "--json").record["items"]
    assert [each["id"] for each in record] == ["anthropic/claude-haiku-4.5"]
    assert record[0]["prompt_per_million"] == "1"
    one = person.call("models", "DeepSeek/deepseek-chat", "--json").record
    assert one["id"] == "deepseek/deepseek-chat"
    assert [(each["provider"], each["quantization"], each["zero_data_retention"]) for each in one["endpoints"]] == [
        *(("DeepInfra", "fp8", True), ("Novita", "fp8", True)),
    ]


def test_one_of_them(person: Person) -> None:
    """Who serves it, for how much, how well, and what is done with data."""
    out = person.call("models", "deepseek/deepseek-chat").out
    assert out.startswith(
        "DeepSeek: DeepSeek V3\ndeepseek/deepseek-chat\n\nprice       $0.257 in, $1.03 out, a million tokens\n"
    )
    assert "context     131,072 tokens, replies up to 16,384\n" in out
    assert "can         image · tools · schema · reasoning\n" in out
    assert (
        "\nDeepInfra (deepinfra)\n"
        "  $0.257 in, $1.03 out · fp8 · 99.9 % up · first token 0.6 s · 61 tok/s · keeps no data · US\n"
        "  privacy policy: https://deepinfra.example/privacy\n"
    ) in out
    assert "may keep data" in person.call("models", "openai/gpt-oss-20b:free").out


def test_without_a_key(stranger: Person) -> None:
    """The public list needs none."""
    assert "openai/gpt-5-mini" in stranger.call("models").out
    assert stranger.call("models", "openai/gpt-5-mini").code == 0


def test_a_locked_vault(keeper: Person, hand_over: HandOver) -> None:
    """Nobody is asked for a passphrase for what is public; one that is handed over is used."""
    assert keeper.call("models", "-n", "1").code == 0
    assert keeper.call("models", "-n", "1", "--passphrase-fd", hand_over("correct horse battery staple")).code == 0


def test_the_list_is_kept_for_a_day(person: Person) -> None:
    """It is asked for once, and anew when that is wanted."""
    person.call("models")
    person.upstream.account.data_policy = "deny"
    assert "gpt-oss-20b:free" in person.call("models").out
    assert "gpt-oss-20b:free" not in person.call("models", "--refresh").out


def test_narrow_lists() -> None:
    """What has no room is left out, from the right; ids are cut last."""
    cards = [card(id="author/a-very-long-name-of-a-model", context_length=128_000, supported_parameters=["tools"])]
    assert write_list(cards, 60) == "author/a-very-long-name-of-a-model  $1.00 / $2.00  128k\n"
    assert write_list(cards, 30) == "author/a-very-…  $1.00 / $2.00\n"
    assert write_list([card()], None) == "a/b  $1.00 / $2.00  –\n"


def test_cards_of_which_little_is_known() -> None:
    """Nothing is made up; a terminal gets lines that fit, and nothing that it obeys."""
    bare = read_card({"id": "a/\x1bb"})
    assert bare is not None
    assert (
        write_card(bare, [], 40)
        == "a/\ufffdb\n\nprice       unknown\ncan         text\n\nNobody serves it at present.\n"
    )
    offers: list[Offer] = read_offers([{"pricing": {}, "context_length": 5}], [], None)
    assert write_card(card(expiration_date="2027-01-31"), offers, None).endswith(
        "until       2027-01-31\n\n– (–)\n  – in, – out · 5 tokens\n"
    )
    free = read_offers([{"pricing": {"prompt": "0", "completion": "0"}}], [], {"x"})
    assert "\n  free · may keep data\n" in write_card(card(), free, 80)
    wrapped = write_card(card(supported_parameters=["tools", "structured_outputs", "reasoning"]), offers, 30)
    assert all(len(line) <= 30 for line in wrapped.splitlines())


@pytest.mark.parametrize("columns", [40, 200])
def test_terminals(person: Person, columns: int) -> None:
    """No line is wider than the terminal, but for addresses."""
    terminal = person.sit_down("models", columns=columns)
    assert terminal.close() == 0
    assert all(len(line) <= columns for line in terminal.screen.splitlines())
