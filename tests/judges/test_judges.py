"""Other people's clients: what they return through Chit is what they return from OpenRouter."""

from pathlib import Path

import pytest
from tests.judges.court import compare, hear_directly, hear_through_chit, list_surprises, require

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


@pytest.mark.parametrize(("judge", "which"), JUDGES)
async def test_a_client_cannot_tell_chit_from_openrouter(judge: str, which: str, tmp_path: Path) -> None:
    """Every scenario gives the same, the same requests reach OpenRouter byte for byte, and the same is billed."""
    require(which)
    direct = await hear_directly(judge, tmp_path)
    assert list_surprises(direct.outcomes) == {}
    compare(direct, await hear_through_chit(judge, tmp_path))
