"""Conversations of a ChatGPT export as ours."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.test_chatgpt_content import FOUND, find
from tests.dossiers import same, values
from tests.transfer.chatgpt_exports import conversation, node, picture, root, text

from chit.core.chatgpt import is_chatgpt, read_chatgpt
from chit.core.dossier import Dossier
from chit.core.dossier_json import encode_dossier
from chit.core.dossier_reading import decode_dossier
from chit.core.history import Tree
from chit.core.members import DossierInvalid
from chit.core.messages import Message, ReasoningPart, TextPart, ToolCallPart, ToolResultPart

THOUGHTS = {"content_type": "thoughts", "thoughts": [{"summary": "Hm", "content": ""}]}
RECAP = {"content_type": "reasoning_recap", "content": "Thought for 3 seconds"}


def read(*nodes: dict[str, Any], **members: Any) -> tuple[Message, ...]:
    """The messages of a conversation of these nodes, which our own export can hold."""
    return take(conversation(*nodes, **members)).messages


def take(value: dict[str, Any]) -> Dossier:
    """As ours; it comes back from our own export."""
    dossier = read_chatgpt(value, find)
    assert decode_dossier(encode_dossier(dossier, same)) == dossier
    return dossier


def texts(messages: tuple[Message, ...]) -> list[str]:
    """Their words."""
    return [message.text for message in messages]


def test_a_question_and_its_answer() -> None:
    """Times, model, title and origin are kept, and the node that says nothing is none of ours."""
    dossier = take(conversation(is_archived=True, pinned_time=5.0))
    told = dossier.conversation
    assert told is not None
    assert (told.title, told.origin, told.created_at) == ("A title", "import", 1_700_000_000.0)
    assert (told.archived_at, told.pinned_at) == (1_700_000_100.0, 5.0)
    ask, answer = dossier.messages
    assert (ask.source, ask.text, ask.parent_id, ask.created_at) == ("user", "Why?", None, 1_700_000_000.5)
    assert (answer.source, answer.text, answer.parent_id) == ("actor", "Because.", ask.id)
    assert answer.extra == {"ChatGPT": {"id": "answer", "model": "gpt-4o"}}
    assert ask.extra == {"ChatGPT": {"id": "ask"}}
    assert dossier.generations == ()


def test_twice_is_the_same() -> None:
    """And another conversation that holds the same nodes has messages of its own."""
    assert take(conversation()) == take(conversation())
    other = take(conversation(id="c-2"))
    assert {each.id for each in other.messages}.isdisjoint(each.id for each in take(conversation()).messages)


def test_branches() -> None:
    """All of them, and the one that was open last is where the conversation goes on."""
    nodes = [
        root(),
        node("a", "root", "user", "first"),
        node("a1", "a", "assistant", "one"),
        node("a2", "a", "assistant", "two"),
        node("b", "root", "user", "edited"),
    ]
    messages = read(*nodes, current_node="a1")
    assert sorted(texts(messages)) == ["edited", "first", "one", "two"]
    tree = Tree(tuple(messages[place] for place in range(4)))
    assert len(tree.children(None)) == 2
    assert messages[-1].text == "one"
    assert texts(read(*nodes, current_node="a"))[-1] == "edited"
    assert texts(read(*nodes, current_node=None))[-1] == "edited"


def test_nodes_without_children_or_parent() -> None:
    """Newer exports name parents only; a parent that is missing is none."""
    value = conversation(node("a", "gone", "user", "x"), node("b", "a", "assistant", "y"))
    for each in value["mapping"].values():
        del each["children"]
    first, second = take(value).messages
    assert (first.parent_id, second.parent_id) == (None, first.id)


def test_thoughts_go_to_the_reply_that_they_led_to() -> None:
    """Through what says how long they took; those that led nowhere stand by themselves."""
    nodes = (node("q", None, "user", "?"), node("t", "q", "assistant", THOUGHTS), node("r", "t", "assistant", RECAP))
    _, answer = read(*nodes, node("a", "r", "assistant", "So."))
    assert answer.parts == (ReasoningPart("Hm"), TextPart("So."))
    asked, alone, more = read(*nodes, node("u", "r", "user", "Never mind"))
    assert (alone.parts, alone.parent_id, more.parent_id) == ((ReasoningPart("Hm"),), asked.id, alone.id)
    assert texts(read(*nodes, node("a", "r", "assistant", "one"), node("b", "r", "assistant", "two"))) == [
        *("?", "", "one", "two")
    ]


def test_tools() -> None:
    """Calls and results are kept, together, and not told to the next model; a picture that was made is a reply."""
    call = node("c", "q", "assistant", {"content_type": "code", "text": "1+1"}, recipient="python")
    result = node("r", "c", "tool", {"content_type": "execution_output", "text": "2"})
    drawn = node("d", "r", "tool", text(picture("file-service://file-AAA"), "DALL·E displayed 1 image."))
    messages = read(node("q", None, "user", "?"), call, result, drawn, node("e", "d", "assistant", "Done."))
    assert messages[1].parts == (ToolCallPart("c", "python", '{"input":"1+1"}'),)
    assert (messages[2].source, messages[2].parts) == ("client", (ToolResultPart("c", "2"),))
    assert (messages[3].source, messages[3].parts) == ("actor", (FOUND,))
    assert [each.options.visible_to_engine for each in messages] == [True, False, False, False, True]
    assert all(each.options.visible_to_user for each in messages)
    assert read(node("q", None, "user", "?"), node("r", "q", "tool", ""))[1:] == ()


def test_who_sees_what() -> None:
    """What ChatGPT hid is hidden, but for what the person said; what it left out is not told to the next model."""
    hidden = {"is_visually_hidden_from_conversation": True}
    about = {"content_type": "user_editable_context", "user_profile": "I am"}
    messages = read(
        node("s", None, "system", "secret rules", metadata=hidden),
        node("p", "s", "user", about, metadata=hidden),
        node("o", "p", "system", "mine", metadata=hidden | {"is_user_system_message": True}),
        node("w", "o", "assistant", "weightless", weight=0.0),
    )
    seen = [(each.options.visible_to_user, each.options.visible_to_engine) for each in messages]
    assert seen == [(False, False), (True, True), (True, True), (True, False)]


def test_odd_members() -> None:
    """No title, no times, no author, no model: as far as it goes."""
    value = conversation(
        node("a", None, "user", "Tell me\nmore"),
        node("b", "a", "assistant", "y", author=None, metadata={"model_slug": "x" * 20_000}, create_time=None),
        node("c", "b", "assistant", {}, metadata={"model_slug": 5}),
        {"id": "d", "message": "odd", "parent": "c"},
        title=None,
        create_time="odd",
        conversation_id=None,
    )
    dossier = take(value)
    assert dossier.conversation is not None
    assert (dossier.conversation.title, dossier.conversation.created_at) == ("Tell me", 0.0)
    assert [each.source for each in dossier.messages] == ["user", "client"]
    assert dossier.messages[1].created_at == 1_700_000_000.5
    assert dossier.messages[1].extra == {"ChatGPT": {"id": "b"}}


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({}, "no conversation of ChatGPT"),
        ({"id": "", "mapping": {}}, "no conversation of ChatGPT"),
        ({"id": "c", "mapping": []}, "no conversation of ChatGPT"),
        ({"id": "c", "mapping": {"a": 5}}, "not an object"),
        ({"id": "c", "mapping": {"a": {"parent": "b"}, "b": {"parent": "a"}}, "title": 5}, "^its messages go round"),
        ({"id": "c", "mapping": {"a": {"parent": "a"}}, "title": "My talk"}, "^“My talk”: its messages go round"),
    ],
)
def test_what_is_none(value: dict[str, Any], why: str) -> None:
    """It is refused, with its title where it has one."""
    with pytest.raises(DossierInvalid, match=why):
        read_chatgpt(value, find)


def test_what_looks_like_one() -> None:
    """By the tree in it."""
    assert is_chatgpt(conversation())
    assert not is_chatgpt({"mapping": []})


odd_nodes = st.fixed_dictionaries(
    {"parent": st.sampled_from(["0", "1", "2", None, 5])},
    optional={
        "message": values
        | st.fixed_dictionaries(
            {"author": st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "tool", "system", 5])})},
            optional={
                "content": st.fixed_dictionaries(
                    {
                        "content_type": st.sampled_from(
                            ["text", "code", "thoughts", "tether_quote", "user_editable_context", "multimodal_text", 5]
                        )
                    },
                    optional={name: values for name in ("parts", "text", "thoughts", "user_profile", "language")},
                ),
                "metadata": st.dictionaries(
                    st.sampled_from(["attachments", "content_references", "model_slug", "user_context_message_data"]),
                    values | st.lists(st.dictionaries(st.sampled_from(["id", "name", "url", "items"]), values)),
                ),
                "create_time": values,
                "recipient": values,
                "weight": values,
            },
        )
    },
)


@given(
    st.dictionaries(st.sampled_from("0123"), odd_nodes),
    st.dictionaries(
        st.sampled_from(["title", "current_node", "create_time", "update_time", "pinned_time", "is_archived"]),
        values | st.sampled_from("0123"),
    ),
)
def test_attack_30_anything_in_it(mapping: dict[str, Any], members: dict[str, Any]) -> None:
    """Attack 30: whatever JSON stands in its places, it is refused, or what comes of it is as sound as our own."""
    try:
        dossier = read_chatgpt(members | {"id": "c", "mapping": mapping}, find)
    except DossierInvalid:
        return
    assert decode_dossier(encode_dossier(dossier, same)) == dossier
