"""The chaos run: a short one, full ones (`make chaos` writes docs/reliability.md with them), and proof of its teeth."""

import pytest
from tests.chaos.breakages import BREAKAGES
from tests.chaos.report import write_table
from tests.chaos.run import Plan, run_chaos
from tests.chaos.verdict import FAULTS, Verdict


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # a killed process leaves its pipe to the collector
async def test_a_short_run_finds_nothing() -> None:
    """Forty billed completions and eight kills among mishaps: nothing lost, nothing billed twice, every cost exact."""
    verdict = await run_chaos(Plan(seed=7, billed=40, kills=8, most_seconds=45))
    assert verdict.faults == {}, verdict.notes
    assert verdict.billed >= 20
    assert verdict.kills >= 4


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_full_run_finds_nothing(seed: int) -> None:
    """A thousand billed completions and two hundred kills."""
    verdict = await run_chaos(Plan(seed=seed, billed=1000, kills=200))
    assert verdict.faults == {}, verdict.notes
    assert (verdict.billed >= 1000, verdict.kills >= 200) == (True, True)


PLANS = {
    "show_before_keeping": Plan(seed=1, billed=40, kills=16, has_household=False, kill_share=1.0, share=0.2),
    "retry_a_bare_500": Plan(seed=1, billed=20, kills=0, has_household=False, kill_share=0, weights={"bare": 1}),
    "settle_without_a_key": Plan(seed=1, billed=10, kills=0, has_household=False, kill_share=0),
}
CAUGHT_BY = {
    "show_before_keeping": "lost_characters",
    "retry_a_bare_500": "billed_twice",
    "settle_without_a_key": "settled_twice",
}


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("breakage", sorted(BREAKAGES))
async def test_what_is_broken_is_caught(breakage: str) -> None:
    """The same run against a Chit with one promise broken, and the same with it mended, tell the two apart."""
    plan = PLANS[breakage]
    members = {name: getattr(plan, name) for name in plan.__dataclass_fields__}
    broken = await run_chaos(Plan(**(members | {"breakage": breakage})))
    assert CAUGHT_BY[breakage] in broken.faults
    whole = await run_chaos(plan)
    assert whole.faults == {}, whole.notes


def test_the_table_names_every_count() -> None:
    """A row for each, a column for each seed."""
    table = write_table([(1, Verdict(billed=1234, kills=5), 60.0), (2, Verdict(lost_characters=7), 90.0)])
    assert "| completions billed by the upstream | 1,234 | 0 |" in table
    assert "| characters shown and not kept (G1) | 0 | 7 |" in table
    assert table.count("\n") == 2 + 3 + len(FAULTS) + 1
