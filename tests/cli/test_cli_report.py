"""The findings as lines."""

import pytest

from chit.cli.findings import Finding, Verdict
from chit.cli.report import summarise, write_report


def a_finding(verdict: Verdict, **members: str) -> Finding:
    """About the home folder."""
    return Finding(topic="home", verdict=verdict, **({"text": "text"} | members))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdicts", "summary"),
    [
        ("", "everything works"),
        ("ok note", "everything works"),
        ("warn", "everything works; 1 warning: home folder"),
        ("bad", "1 problem: home folder"),
        ("bad bad warn warn", "2 problems: home folder; 2 warnings: home folder"),
    ],
)
def test_the_last_line(verdicts: str, summary: str) -> None:
    """Problems and warnings are counted and their topics named once."""
    assert summarise([a_finding(verdict) for verdict in verdicts.split()]) == summary  # type: ignore[arg-type]


def test_lines_hold_nothing_that_a_terminal_obeys() -> None:
    """Escape sequences in a text or a hint are seen, not obeyed, and the topic is named once."""
    report = write_report([a_finding("ok", text="a\x1b[2J", hint="b\x1b"), a_finding("note", text="")])
    assert report.splitlines() == [
        "✓ ok    home folder    a\ufffd[2J",
        "                       → b\ufffd",
        "· note",
        "",
        "everything works",
    ]
