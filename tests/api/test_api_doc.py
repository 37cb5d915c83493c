"""docs/local-api.md says of Chit what is so, and its snippets are ones that their programs can read."""

import ast
import inspect
import json
import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from chit.about import DEFAULT_PORT
from chit.api import budgets, crowd, gate
from chit.cli.main import cli
from chit.core.local_token import Terms
from chit.core.terms_text import read_budgets, read_models

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "local-api.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
WITHOUT_V1 = ("anthropic import Anthropic", "ANTHROPIC_BASE_URL")
"""Programs that add `/v1` by themselves."""


def find_snippets(language: str) -> list[str]:
    """Those in that language."""
    return [text for name, text in SNIPPETS if name == language]


def list_commands() -> list[list[str]]:
    """Every `chit …` that can be typed, without its comment."""
    lines = [line for text in find_snippets("sh") for line in text.splitlines()]
    inline = re.findall(r"`(chit [^`]+)`", TEXT)
    return [shlex.split(line, comments=True)[1:] for line in (*lines, *inline) if line.startswith("chit ")]


def test_there_are_commands() -> None:
    """The search finds them."""
    assert len(list_commands()) >= 8


@pytest.mark.parametrize("words", list_commands(), ids=" ".join)
def test_commands_can_be_typed(words: list[str]) -> None:
    """Every command of the document exists and takes these options, budgets and models."""
    words = ["7" if word == "N" else word for word in words]
    command: click.Command = cli
    context = click.Context(cli, info_name="chit")
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    parsed = command.make_context(command.name, list(words)).params
    read_budgets(parsed.get("budgets") or (), Terms())
    read_models(parsed.get("models") or ())


def test_every_address_is_that_of_chit() -> None:
    """The port is the default one; `/v1` is there unless a program adds it."""
    for match in re.finditer(r"http://127\.0\.0\.1:(\d+)(/v1)?", TEXT):
        assert int(match[1]) == DEFAULT_PORT
    for _, text in SNIPPETS:
        adds_it = any(sign in text for sign in WITHOUT_V1)
        assert ("127.0.0.1" not in text) or (("/v1" in text) != adds_it), text


def test_snippets_can_be_read() -> None:
    """Python, JSON, TOML and shell parse."""
    for text in find_snippets("python"):
        assert ast.parse(text).body
    for text in find_snippets("sh"):
        assert shlex.split(text, comments=True)
    (opencode,) = map(json.loads, find_snippets("json"))
    assert opencode["provider"]["openrouter"]["options"]["apiKey"] == "{env:CHIT_TOKEN}"
    (codex,) = map(tomllib.loads, find_snippets("toml"))
    assert codex["model_providers"][codex["model_provider"]]["wire_api"] == "responses"
    assert all(text.count("{") == text.count("}") for _, text in SNIPPETS)


def test_limits_are_those_of_the_code() -> None:
    """How many run and wait, and how long a reply that broke off is waited for."""
    words = " ".join(TEXT.split())
    assert f"At most {crowd.RUNNING} calls run at once, and {crowd.WAITING} more wait" in words
    assert (budgets.PATIENCE, "for ten seconds at most" in words) == (10.0, True)
    assert gate.FRESH_SECONDS < 1


def test_codes_are_those_of_the_code() -> None:
    """Every code that a caller of ours can meet here stands in the table, with its status."""
    found = set()
    for module in (gate, budgets, crowd):
        for call in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "ApiRefusal":
                status, _, code, *_ = call.args
                found.add((ast.literal_eval(status), ast.literal_eval(code)))
    assert len(found) == 4
    for pair in found:
        assert "| {} | `{}` |".format(*pair) in TEXT
