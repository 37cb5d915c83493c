"""Every program in examples/ runs as it stands, and says what it should."""

import asyncio
import sys
from pathlib import Path

import pytest

from chit.sandbox.server import Sandbox

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
SAID = {
    "ask": ("This is the **Chit sandbox**", "cost: 0."),
    "batch": ("20 of 20 answered", "openai/gpt-5-mini-2025-08-07: $0.", "pending: "),
    "conversation": (
        "branch ",
        "user: A longer one, please.",
        "user: A shorter one, please.",
        "cost of all branches: 0.",
    ),
    "stream": ("This is the **Chit sandbox**", "reported: 0.", "settled: 0."),
    "structured": ("sandbox good 42", "1 reviews for 0."),
    "tools": ("count → 0", "order → a crate of sandbox will come tomorrow", "Thank you", "cost of all steps: 0."),
}
MODELS = {"tools": "sandbox/tools"}
"""For those that show what an ordinary model of the sandbox does not do."""


def test_every_example_is_known() -> None:
    """None is left out."""
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(SAID)


@pytest.mark.parametrize("name", sorted(SAID))
async def test_an_example_runs(name: str, box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process of its own, with nothing but a key and an address in its environment."""
    if name in MODELS:
        monkeypatch.setenv("CHIT_MODEL", MODELS[name])
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", EXAMPLES / f"{name}.py"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert err.decode() == ""
    for words in SAID[name]:
        assert words in out.decode()
