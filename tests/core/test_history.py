"""The tree of messages: every message on a branch, every branch from a root."""

import itertools
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.core.history import BrokenTree, Tree
from chit.core.messages import Message


def message(name: str, parent: str | None = None, seq: int = 0) -> Message:
    """A message of which only the place matters."""
    return Message(id=name, conversation_id="c", parent_id=parent, source="user", seq=seq)


@st.composite
def forests(draw: st.DrawFn) -> list[Message]:
    """Messages of any number of roots and branches, in any order, each after its parent in sequence."""
    size = draw(st.integers(0, 12))
    parents = [draw(st.integers(-1, at - 1)) for at in range(size)]
    messages = [message(str(at), None if up < 0 else str(up), at + 1) for at, up in enumerate(parents)]
    Random(draw(st.integers(0, 99))).shuffle(messages)
    return messages


@given(forests())
@settings(max_examples=100, deadline=None)
def test_the_laws_of_the_tree(messages: list[Message]) -> None:
    """Paths start at a root, follow parents and cover every message; children and parents agree; nothing is lost."""
    tree = Tree(messages)
    paths = [tree.path(leaf.id) for leaf in tree.leaves()]
    assert {one.id for path in paths for one in path} == {one.id for one in messages}
    assert len(tree) == len(messages)
    for path in paths:
        assert path[0].parent_id is None
        assert path[0] in tree.children(None)
        for parent, child in itertools.pairwise(path):
            assert child.parent_id == parent.id
            assert child in tree.children(parent.id)
        assert tree.children(path[-1].id) == ()
    for one in messages:
        assert tree.get(one.id) is one
        assert all(child.parent_id == one.id for child in tree.children(one.id))
    assert sum(len(tree.children(name)) for name in [None, *(one.id for one in messages)]) == len(messages)


@given(forests())
@settings(max_examples=50, deadline=None)
def test_siblings_and_leaves_stand_oldest_first(messages: list[Message]) -> None:
    """Children, roots and leaves come in order of their sequence, and the newest leaf is the last of all messages."""
    tree = Tree(messages)
    for row in [tree.leaves(), *(tree.children(name) for name in [None, *(one.id for one in messages)])]:
        assert [one.seq for one in row] == sorted(one.seq for one in row)
    newest = tree.newest_leaf()
    assert (newest.seq if newest else 0) == len(messages)


@given(forests().filter(bool), st.data())
@settings(max_examples=50, deadline=None)
def test_a_tree_with_a_hole_or_a_circle_is_broken(messages: list[Message], data: st.DataObject) -> None:
    """A parent that is not there, and a message that is its own ancestor, are refused."""
    tree = Tree(messages)
    hole = data.draw(st.sampled_from(messages))
    with pytest.raises(BrokenTree, match="x has a parent that is not in its conversation"):
        Tree([*messages, message("x", "elsewhere")])
    path = tree.path(hole.id)
    circled = [message(one.id, hole.id, one.seq) if one is path[0] else one for one in messages]
    with pytest.raises(BrokenTree, match="their own ancestors"):
        Tree(circled)


def test_an_unknown_message_is_a_mistake_of_the_caller() -> None:
    """`get` and `path` raise KeyError; `find` finds nothing; children of nobody are none."""
    tree = Tree([message("a")])
    assert (tree.find("a"), tree.find("b")) == (message("a"), None)
    with pytest.raises(KeyError):
        tree.get("b")
    with pytest.raises(KeyError):
        tree.path("b")
    assert tree.children("b") == ()


def test_an_empty_conversation_has_no_leaf() -> None:
    """Without messages there is no root, no leaf and nowhere to go on."""
    tree = Tree([])
    assert (len(tree), tree.leaves(), tree.children(None), tree.newest_leaf()) == (0, (), (), None)


def test_a_long_branch_needs_no_deep_stack() -> None:
    """Five thousand turns in one line are walked without recursion."""
    line = [message(str(at), str(at - 1) if at else None, at) for at in range(5000)]
    assert len(Tree(line).path("4999")) == 5000
