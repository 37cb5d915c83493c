"""docs/reliability.md: the table of a full run, between two marks."""

import re
from collections.abc import Sequence
from pathlib import Path

from tests.chaos.verdict import FAULTS, Verdict

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
_TABLE = re.compile(r"(?<=<!-- chaos -->\n).*?(?=<!-- /chaos -->)", re.DOTALL)
_WORDS = {
    "asked": "questions asked",
    "billed": "completions billed by the upstream",
    "kills": "processes killed while they worked",
    "lost_characters": "characters shown and not kept (G1)",
    "unrecorded": "billed, neither recorded nor listed (G3)",
    "invented": "ids that the upstream does not know (G3)",
    "billed_twice": "questions billed twice (G5)",
    "unsettled": "records there, not fetched (G4)",
    "settled_twice": "ids settled twice (G4)",
    "wrong_cost": "costs that differ in any digit (G17)",
    "total_difference": "difference of the totals, in pico-dollars (G17)",
    "unfinished": "rows left unfinished",
    "damage": "findings of SQLite's integrity check (G8)",
}


def write_table(verdicts: Sequence[tuple[int, Verdict, float]]) -> str:
    """Markdown: a row for each count, a column for each seed."""
    lines = [
        "| | " + " | ".join(f"seed {seed}" for seed, _, _ in verdicts) + " |",
        "|---|" + "---:|" * len(verdicts),
    ]
    for name in ("asked", "billed", "kills", *FAULTS):
        figures = " | ".join(f"{getattr(verdict, name):,}" for _, verdict, _ in verdicts)
        lines.append(f"| {_WORDS[name]} | {figures} |")
    lines.append("| minutes | " + " | ".join(f"{seconds / 60:.1f}" for _, _, seconds in verdicts) + " |")
    return "\n".join(lines) + "\n"


def write_report(verdicts: Sequence[tuple[int, Verdict, float]]) -> None:
    """Put the table of this run in the place of the last one."""
    PAGE.write_text(_TABLE.sub(lambda _: write_table(verdicts), PAGE.read_text("utf-8")), "utf-8")
