"""The OpenAI library over real OpenRouter traffic, through Chit or not."""

from pathlib import Path

import pytest
from tests.judges.court import compare, hear_directly, hear_through_chit, require
from tests.replay.test_recordings import RECORDINGS

pytestmark = pytest.mark.skipif(not RECORDINGS.is_file(), reason=f"no recorded traffic at {RECORDINGS}")


async def test_recorded_traffic_is_read_the_same(tmp_path: Path) -> None:
    """Every recorded completion, response and embedding is the same to the client, and so is its request."""
    require("few")
    direct = await hear_directly("recorded_python.py", tmp_path, RECORDINGS)
    assert len(direct.requests) == len(direct.outcomes) > 0
    compare(direct, await hear_through_chit("recorded_python.py", tmp_path, RECORDINGS))
