"""What an import adds: only what is missing, and nothing where the two contradict each other."""

from dataclasses import replace
from typing import Any

import pytest
from tests.dossiers import a_dossier, same

from chit.core.dossier import Dossier, empty, withhold
from chit.core.dossier_merge import DossierConflict, Merge, plan_merge
from chit.core.generation import Generation, Settlement
from chit.core.messages import TextPart

PENDING = {"state": "pending", "record": None, "ended_at": 4.0, "next_attempt_at": 6.0}


def known(dossier: Dossier) -> dict[str, Settlement]:
    """Its settlements, as they are here."""
    return {each.settlement.generation_id: each.settlement for each in dossier.generations if each.settlement}


def plan(home: Dossier | None, incoming: Dossier) -> Merge:
    """Without a key in either."""
    return plan_merge(home, known(home) if home else {}, incoming, same)


def change(dossier: Dossier, **members: Any) -> Dossier:
    """Its generation changed."""
    return replace(dossier, generations=(replace(dossier.generations[0], **members),))


def settle(dossier: Dossier, **members: Any) -> Dossier:
    """Its settlement changed."""
    settlement = dossier.generations[0].settlement
    assert settlement
    return change(dossier, settlement=replace(settlement, **members))


def test_nothing_is_here() -> None:
    """Everything is added."""
    dossier = a_dossier()
    merge = plan(None, dossier)
    assert (merge.adds_conversation, merge.messages, merge.generations) == (
        True,
        dossier.messages,
        dossier.generations,
    )
    assert [each.generation_id for each in merge.settlements] == list(known(dossier))
    assert not merge.is_nothing


def test_all_is_here() -> None:
    """Nothing is, also where titles, pins and parameters were changed since."""
    dossier = a_dossier()
    assert dossier.conversation
    renamed = replace(dossier.conversation, title="Other", pinned_at=5.0, parameters={"seed": 1})
    assert plan(dossier, dossier).is_nothing
    assert plan(replace(dossier, conversation=renamed), dossier).is_nothing


def test_what_grew_here_stays() -> None:
    """An earlier export of a conversation that went on adds nothing."""
    dossier = a_dossier()
    earlier = replace(dossier, messages=dossier.messages[:1], generations=())
    assert plan(dossier, earlier).is_nothing
    merge = plan(earlier, dossier)
    assert (merge.messages, merge.generations) == (dossier.messages[1:], dossier.generations)


def test_a_record_that_was_missing_is_taken() -> None:
    """Pending or given up here, settled there; the other way round nothing changes."""
    dossier = a_dossier()
    for here in (PENDING, PENDING | {"state": "gave_up", "next_attempt_at": None}):
        assert plan(settle(dossier, **here), dossier).settlements == (dossier.generations[0].settlement,)
        assert plan(dossier, settle(dossier, **here)).is_nothing
    assert plan(settle(dossier, attempts=9), dossier).is_nothing


@pytest.mark.parametrize("state", ["cut", "unknown", "streaming"])
def test_a_reply_that_still_ran_when_it_was_exported(state: Any) -> None:
    """More of it is known here: that stays, and is no contradiction."""
    dossier = a_dossier()
    earlier = change(dossier, state=state, completion=None, duration_ms=None, provider=None)
    started = replace(dossier.messages[1], parts=(TextPart("Bec"),))
    assert plan(dossier, replace(earlier, messages=(dossier.messages[0], started))).is_nothing
    elsewhere = replace(started, source="user")
    with pytest.raises(DossierConflict, match="a message in it is another one here"):
        plan(dossier, replace(earlier, messages=(dossier.messages[0], elsewhere)))
    without = change(earlier, generation_id=None, settlement=None)
    assert plan(dossier, without).is_nothing


def test_a_deleted_conversation_comes_back() -> None:
    """What was said is put back into rows that are only costs by now; the costs alone add nothing."""
    dossier = a_dossier()
    gone = withhold(replace(dossier, conversation=None))
    merge = plan(gone, dossier)
    assert (merge.adds_conversation, merge.messages, merge.generations) == (True, dossier.messages, ())
    assert merge.filled == dossier.generations
    assert plan(dossier, gone).is_nothing
    assert plan(gone, gone).is_nothing


def other_cost(generation: Generation) -> Generation:
    """Dearer."""
    return replace(generation, usage=replace(generation.usage, prompt_tokens=99))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda each: replace(each, conversation=replace(each.conversation, created_at=9.0)), "created_at"),
        (lambda each: replace(each, conversation=replace(each.conversation, private=True)), "private"),
        (lambda each: replace(each, messages=(replace(each.messages[0], parts=()), each.messages[1])), "parts"),
        (lambda each: change(each, provider="Other"), "provider"),
        (lambda each: change(each, state="cut", created_at=9.0), "created_at"),
        (lambda each: change(each, state="cut", generation_id="gen-other", settlement=None), "generation_id"),
        (lambda each: change(each, request=b"other"), "request"),
        (lambda each: replace(each, generations=(other_cost(each.generations[0]),)), "usage"),
        (lambda each: replace(each, generations=(empty(other_cost(each.generations[0])),)), "usage"),
        (lambda each: settle(each, record={"id": "x", "total_cost": 5}), "the record of gen-"),
    ],
)
def test_a_contradiction_is_told(spoil: Any, why: str) -> None:
    """The same id for another thing: which, and in what."""
    dossier = a_dossier()
    with pytest.raises(DossierConflict, match=why):
        plan(dossier, spoil(dossier))


def test_what_is_here_is_compared_without_keys() -> None:
    """An export has none: a text that holds one here is the same there."""
    dossier = a_dossier("my KEY")

    def scrub(text: str) -> str:
        return text.replace("KEY", "…")

    clean = replace(dossier.messages[0], parts=(TextPart("my …"),))
    exported = replace(dossier, messages=(clean, dossier.messages[1]))
    assert plan_merge(dossier, known(dossier), exported, scrub).is_nothing
