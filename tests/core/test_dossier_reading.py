"""A dossier from a file: whole and consistent, or refused with the name of the conversation and what is wrong."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.dossiers import a_dossier, same

from chit.core.dossier_json import dossier_record
from chit.core.dossier_reading import decode_dossier, read_dossier
from chit.core.members import DossierInvalid

Spoil = Callable[[dict[str, Any]], Any]


def a_record() -> dict[str, Any]:
    """A good one."""
    value: dict[str, Any] = json.loads(json.dumps(dossier_record(a_dossier("Title"), same)))
    return value


def settlement_of(value: dict[str, Any]) -> dict[str, Any]:
    """That of the only generation."""
    settlement: dict[str, Any] = value["generations"][0]["settlement"]
    return settlement


SPOILT: list[tuple[str, Spoil]] = [
    ("no conversation that Chit exported", lambda each: each.update(format="other")),
    ("another version", lambda each: each.update(version=2)),
    ("another version", lambda each: each.update(version=True)),
    ("the file has no blobs", lambda each: each.pop("blobs")),
    ("'more', which this Chit does not know", lambda each: each.update(more=1)),
    ("'more', which this Chit does not know", lambda each: each["conversation"].update(more=1)),
    ("'more', which this Chit does not know", lambda each: each["generations"][0].update(more=1)),
    ("'more', which this Chit does not know", lambda each: each["generations"][0]["usage"].update(more=1)),
    ("'more', which this Chit does not know", lambda each: settlement_of(each).update(more=1)),
    ("conversation of the file is not an object", lambda each: each.update(conversation=[])),
    ("id of the conversation", lambda each: each["conversation"].update(id="../../x")),
    ("id of the conversation", lambda each: each["conversation"].update(id="")),
    ("origin of the conversation", lambda each: each["conversation"].update(origin="evil")),
    ("created_at of the conversation", lambda each: each["conversation"].update(created_at=1e15)),
    ("generation 1 is not an object", lambda each: each.update(generations=[1])),
    ("is there twice", lambda each: each["generations"].append(each["generations"][0])),
    ("names no message", lambda each: each["generations"][0].update(message_id="x")),
    ("state of generation 1", lambda each: each["generations"][0].update(state="fine")),
    ("belong together", lambda each: each["generations"][0].update(settlement=None)),
    ("belong together", lambda each: each["generations"][0].update(generation_id=None)),
    ("cost of usage is no cost", lambda each: each["generations"][0]["usage"].update(cost="1e5")),
    ("cost of usage is no cost", lambda each: each["generations"][0]["usage"].update(cost="9" * 12 + "." + "9" * 400)),
    ("cost of usage is no text", lambda each: each["generations"][0]["usage"].update(cost=0.1)),
    ("prompt_tokens of usage", lambda each: each["generations"][0]["usage"].update(prompt_tokens=2**63)),
    ("record of the settlement", lambda each: settlement_of(each).update(record=None)),
    ("record of the settlement", lambda each: settlement_of(each).update(state="gave_up")),
    ("next_attempt_at", lambda each: settlement_of(each).update(state="pending", record=None)),
    ("next_attempt_at", lambda each: settlement_of(each).update(next_attempt_at=1.0)),
    ("the attachment 'abc'", lambda each: each["blobs"].update(abc="x")),
    ("it is deleted, and has", lambda each: each.update(conversation={"id": "x", "deleted": True})),
    ("deleted of the conversation", lambda each: each.update(conversation={"id": "x", "deleted": 1})),
    ("an error in it", lambda each: each["generations"][0].update(error={"message": "x"})),
    ("is not in the file", lambda each: each["generations"][0].update(request=f'"\\u0062lob:sha256:{"0" * 64}"')),
]


@pytest.mark.parametrize(("why", "spoil"), SPOILT)
def test_what_cannot_be_is_refused(why: str, spoil: Spoil) -> None:
    """One thing wrong each time; a good title is named."""
    value = a_record()
    spoil(value)
    with pytest.raises(DossierInvalid, match=why) as told:
        read_dossier(value)
    is_named = isinstance(value["conversation"], dict) and "title" in value["conversation"]
    if is_named and value["format"] == "chit-conversation" and value["version"] == 1 and value["version"] is not True:
        assert str(told.value).startswith("“Title”: ")


def test_two_of_one_id_must_agree() -> None:
    """Two generations with one `gen-…` id share their settlement."""
    value = a_record()
    other = json.loads(json.dumps(value["generations"][0])) | {"id": "other"}
    value["generations"].append(other)
    assert len(read_dossier(value).generations) == 2
    other["settlement"]["attempts"] = 9
    with pytest.raises(DossierInvalid, match="contradicts"):
        read_dossier(value)


def test_an_untitled_one_is_named_by_its_id() -> None:
    """And one without either is not named."""
    value = a_record()
    value["conversation"] |= {"title": " ", "origin": 1}
    with pytest.raises(DossierInvalid, match=f"^“{value['conversation']['id']}”: origin"):
        read_dossier(value)
    value["conversation"]["id"] = 1
    with pytest.raises(DossierInvalid, match=r"^id of the conversation"):
        read_dossier(value)


def test_a_deleted_one_is_read() -> None:
    """Its costs, and nothing else."""
    value = a_record()
    value |= {"conversation": {"id": "x", "deleted": True}, "messages": []}
    value["generations"][0] |= {"message_id": None}
    dossier = read_dossier(value)
    assert (dossier.id, dossier.conversation, dossier.generations[0].message_id) == ("x", None, "")
    value["conversation"]["title"] = "x"
    with pytest.raises(DossierInvalid, match="'title', which"):
        read_dossier(value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"format":"chit-conversation"}'])
def test_no_dossier_at_all(data: bytes) -> None:
    """Attack 30: whatever else is in a file."""
    with pytest.raises(DossierInvalid):
        decode_dossier(data)
