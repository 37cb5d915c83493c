"""Libraries that send again what failed: through Chit, nothing is sent twice that may have been billed."""

import json
from collections import Counter
from pathlib import Path

import pytest
from tests.judges.court import Hearing, hear_directly, hear_through_chit, require

pytestmark = pytest.mark.long
OVERLOADED = "sandbox/error-type-provider-overloaded"
"""Refused before it ran: it may be sent again."""


def count(hearing: Hearing) -> dict[tuple[str, str], int]:
    """How often each request reached OpenRouter, by path and model."""
    return Counter((path.removeprefix("/api/v1"), json.loads(body)["model"]) for path, _, body in hearing.requests)


@pytest.mark.parametrize("judge", ["persistent_python.py", "persistent_js.mjs"])
async def test_nothing_is_sent_twice_that_may_have_been_billed(judge: str, tmp_path: Path) -> None:
    """What the libraries send three times by themselves they send once through Chit, refusals by overload apart."""
    require("all")
    direct, through = count(await hear_directly(judge, tmp_path)), count(await hear_through_chit(judge, tmp_path))
    assert {times for (_, model), times in direct.items() if "error" in model} == {3}  # npm's does not repeat cut ones
    assert through == {asked: 3 if asked[1] == OVERLOADED else 1 for asked in direct}
