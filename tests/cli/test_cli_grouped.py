"""Help in groups."""

import re

import pytest
from tests.cli.person import Person

GROUPS = ["Question", "Conversation", "Model and providers", "Reply", "Key", "Options"]


def test_options_stand_under_headings(person: Person) -> None:
    """Each once, and the examples below, a line each."""
    told = person.call("ask", "--help").out
    assert re.findall(r"^(\w[\w ]+):$", told, re.MULTILINE)[-6:] == GROUPS
    options = re.findall(r"^  (?:-\w, )?(--[\w-]+)", told, re.MULTILINE)
    assert len(options) == len(set(options)) > 20
    assert "  chit ask --continue 'And at night?'\n" in told
    assert "PROMPT]...\n  -h" not in told


@pytest.mark.parametrize("columns", ["40", "200"])
def test_narrow_and_wide(person: Person, columns: str) -> None:
    """No line is wider than the window."""
    person.variables["COLUMNS"] = columns
    outcome = person.run("ask", "--help")
    assert outcome.code == 0
