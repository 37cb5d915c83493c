"""What the court takes for the same, and for a surprise."""

from tests.judges.court import list_surprises, without_added, without_passing


def test_only_what_passes_is_left_out() -> None:
    """Ids, moments and addresses count as the same; a model, a cost or a text does not."""
    first = '{"id": "gen-1795830827-GbmHZdG7bAwivu2MI0jV", "created": 1795830827, "created_at": 1.5, "cost": 0.1}'
    second = '{"id": "gen-1795830999-v06UnGdTCPAaSSINr1bw", "created": 1795830999, "created_at": 2.5, "cost": 0.1}'
    assert without_passing(first) == without_passing(second)
    assert without_passing(first) != without_passing(second.replace("0.1", "0.2"))
    assert without_passing(first) != without_passing(second.replace("gen-", "gen-emb-"))
    told = '"item_id": "msg_tmp_gbmhzdg70", "at": "2026-11-28T01:55:56.525Z", "url": "http://127.0.0.1:80/api/v1/x"'
    assert without_passing(told) == '"item_id": "msg_tmp_…", "at": "…time…", "url": "…address…/v1/x"'


def test_only_errors_may_say_more() -> None:
    """`hint` and `link` beside a message are what Chit adds; anywhere else they would be a difference."""
    assert without_added([{"error": {"message": "no", "hint": "do", "link": "x"}}]) == [{"error": {"message": "no"}}]
    assert without_added({"hint": "do", "link": "x"}) == {"hint": "do", "link": "x"}


def test_surprises_are_found() -> None:
    """A scenario that raised, one that did not, and one with another status."""
    outcomes = {
        "unary": {"raised": "ValueError"},
        "error 404": {"raised": "NotFoundError", "status": 404},
        "error 402": {"raised": "NotFoundError", "status_code": 404},
        "error 429": {"id": 1},
        "error in the middle": [1],
        "wrong key": {"raised": "AuthenticationError"},
    }
    assert list_surprises(outcomes).keys() == {"unary", "error 402", "error 429"}
