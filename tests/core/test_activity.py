"""What OpenRouter says that an account spent, added up."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chit.core.activity import Activity, activity_record, add_activity, sum_activity


def row(day: str, model: str = "a/b", provider: str = "P", **members: Any) -> dict[str, Any]:
    """As OpenRouter has it."""
    told = {"date": day, "model": model, "provider_name": provider, "usage": 0.1, "requests": 1, "prompt_tokens": 5}
    return told | members


def test_by_day_model_and_provider() -> None:
    """Days in order, the others the dearest first; sums of floats are exact."""
    rows = [row("2026-03-02"), row("2026-03-01", "c/d", "Q", usage=0.2), row("2026-03-01", "c/d")]
    days = sum_activity(rows, "day")
    assert [(each.name, each.usage_pico) for each in days] == [
        ("2026-03-01", 300_000_000_000),
        ("2026-03-02", 100_000_000_000),
    ]
    assert [each.name for each in sum_activity(rows, "model")] == ["c/d", "a/b"]
    assert [(each.name, each.requests) for each in sum_activity(rows, "provider")] == [("P", 2), ("Q", 1)]
    assert add_activity(days).requests == 3
    assert add_activity(days).prompt_tokens == 15


def test_odd_members() -> None:
    """What is no number counts as none, and what has no name is nameless."""
    (found,) = sum_activity([{"usage": "odd", "requests": -1}, {"date": 5, "byok_usage_inference": 0.5}], "day")
    assert found == Activity(name="", byok_pico=500_000_000_000)
    assert sum_activity([row("2026-03-01T00:00:00Z")], "day")[0].name == "2026-03-01"


def test_json() -> None:
    """Money as decimal text."""
    assert activity_record(Activity(name="a/b", usage_pico=10**12, requests=2)) == {
        "name": "a/b",
        "usage": "1",
        "byok_usage": "0",
        "requests": 2,
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "reasoning_tokens": 0,
    }


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 10**9)), max_size=10))
def test_nothing_is_lost(rows: list[tuple[str, int]]) -> None:
    """However it is told apart, the whole is the same."""
    records = [row("2026-03-01", model, usage=nano / 10**9) for model, nano in rows]
    wholes = {add_activity(sum_activity(records, by)).usage_pico for by in ("day", "model", "provider")}
    assert wholes == {sum(nano for _, nano in rows) * 1000}
