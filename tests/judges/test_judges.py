"""Other people's clients: what they return through Chit is what they return from OpenRouter."""

from pathlib import Path

import pytest
from tests.judges.court import Hearing, hear_directly, hear_through_chit, list_surprises, require
from tests.replay.test_recordings import RECORDINGS

FEW = ("openai_python.py", "openrouter_python.py", "openai_js.mjs")
OTHERS = (
    "anthropic_python.py",
    "langchain_python.py",
    "llm_python.py",
    "pydantic_ai_python.py",
    "ai_sdk_js.mjs",
    "openrouter_js.mjs",
)
JUDGES = [*((judge, "few") for judge in FEW), *(pytest.param(judge, "all", marks=pytest.mark.long) for judge in OTHERS)]


def compare(direct: Hearing, through: Hearing) -> None:
    """Scenario by scenario, then what OpenRouter got and billed."""
    assert direct.outcomes.keys() == through.outcomes.keys()
    for name, outcome in direct.outcomes.items():
        assert through.outcomes[name] == outcome, name
    assert through.requests == direct.requests
    assert through.generations == direct.generations


@pytest.mark.parametrize(("judge", "which"), JUDGES)
async def test_a_client_cannot_tell_chit_from_openrouter(judge: str, which: str, tmp_path: Path) -> None:
    """Every scenario gives the same, the same requests reach OpenRouter byte for byte, and the same is billed."""
    require(which)
    direct = await hear_directly(judge, tmp_path)
    assert list_surprises(direct.outcomes) == {}
    compare(direct, await hear_through_chit(judge, tmp_path))


@pytest.mark.skipif(not RECORDINGS.is_file(), reason=f"no recorded traffic at {RECORDINGS}")
async def test_recorded_traffic_is_read_the_same(tmp_path: Path) -> None:
    """Every recorded completion, response and embedding is the same to the OpenAI library, through Chit or not."""
    require("few")
    direct = await hear_directly("recorded_python.py", tmp_path, RECORDINGS)
    assert len(direct.outcomes) > 100
    compare(direct, await hear_through_chit("recorded_python.py", tmp_path, RECORDINGS))
