"""docs/errors.md: written from the code, whole, and current."""

import subprocess
import sys
from pathlib import Path

import pytest

from chit.cli.exits import _OWN_KINDS
from chit.core.guidance_kinds import KINDS

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
OF_THE_COMMAND = {"output_failed", "stopped", "bug"}
"""Kinds that only the command line itself has."""


def test_the_document_is_current() -> None:
    """What the code says of its errors is what the document says."""
    subprocess.run([sys.executable, ROOT / "scripts" / "errors_doc.py", "--check"], check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_section(kind: str) -> None:
    """Each kind has one section, with its exit code and whether to try again."""
    _, _, section = DOCUMENT.partition(f"\n### `{kind}`\n")
    section = section.partition("\n#")[0]
    assert f"Retryable: {'yes' if KINDS[kind].retryable else 'no'}. Exit code: {KINDS[kind].exit_code}." in section
    assert all(label in section for label in KINDS[kind].labels)


@pytest.mark.parametrize("kind", sorted(set(_OWN_KINDS) - OF_THE_COMMAND))
def test_every_local_kind_has_its_row(kind: str) -> None:
    """Errors of this machine and of a sign-in stand in their tables with their exit codes."""
    rows = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{kind}` |")]
    assert rows
    assert all(row.endswith(f"| {_OWN_KINDS[kind]} |") for row in rows)
