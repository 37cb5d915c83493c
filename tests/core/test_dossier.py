"""What of a conversation leaves, and what does not."""

from dataclasses import replace

from tests.dossiers import a_dossier

from chit.core.dossier import interrupt, is_empty, scrub_dossier, withhold
from chit.core.messages import TextPart, ToolCallPart


def test_a_private_conversation_is_ids_and_costs() -> None:
    """Title, parameters, parts, extra data, requests and completions stay; everything that costs goes."""
    dossier = a_dossier("secret")
    assert dossier.conversation
    private = replace(dossier, conversation=replace(dossier.conversation, private=True, parameters={"a": "secret"}))
    kept = withhold(private)
    assert "secret" not in repr(kept)
    assert [each.id for each in kept.messages] == [each.id for each in dossier.messages]
    [mine], [theirs] = kept.generations, dossier.generations
    assert is_empty(mine)
    assert (mine.usage, mine.settlement, mine.message_id) == (theirs.usage, theirs.settlement, theirs.message_id)
    assert withhold(dossier) is dossier


def test_a_deleted_conversation_is_its_costs() -> None:
    """No message and nothing that was said."""
    dossier = a_dossier()
    kept = withhold(replace(dossier, conversation=None))
    assert (kept.messages, kept.blobs, kept.conversation) == ((), {}, None)
    assert [(is_empty(each), each.message_id, each.usage) for each in kept.generations] == [
        (True, "", dossier.generations[0].usage)
    ]


def test_what_runs_is_broken_off_elsewhere() -> None:
    """With an id it is cut, without one its outcome is unknown; what has ended stays as it is."""
    done = a_dossier().generations[0]
    running = [
        replace(done, state="streaming"),
        replace(done, state="sent", generation_id=None, settlement=None),
        done,
    ]
    ended = interrupt(replace(a_dossier(), generations=tuple(running)))
    assert [each.state for each in ended.generations] == ["cut", "unknown", "done"]


def test_scrubbing_reaches_all_that_is_read() -> None:
    """Title, parts, names, errors and records; a conversation that is gone has no title."""
    dossier = a_dossier("KEY")
    generation = replace(dossier.generations[0], provider="KEY", error={"message": "KEY"}, request=b"", completion=None)
    message = replace(dossier.messages[0], parts=(TextPart("KEY"), ToolCallPart("KEY", "KEY", "KEY")))
    dirty = replace(dossier, messages=(message,), generations=(generation, replace(generation, settlement=None)))
    for each in (dirty, replace(dirty, conversation=None)):
        assert "KEY" not in repr(scrub_dossier(each, lambda text: text.replace("KEY", "…")))
