"""The tree of a conversation's messages: one root-to-leaf path is a branch."""

from collections import defaultdict
from collections.abc import Iterable

from chit.core.messages import Message


class BrokenTree(ValueError):
    """Messages that form no tree: a missing parent, a parent from elsewhere, or a circle."""


class Tree:
    """All messages of one conversation. Siblings stand in order of their sequence numbers."""

    def __init__(self, messages: Iterable[Message]) -> None:
        """Raises `BrokenTree`."""
        self._by_id = {message.id: message for message in sorted(messages, key=lambda message: message.seq)}
        self._children: defaultdict[str | None, list[Message]] = defaultdict(list)
        for message in self._by_id.values():
            if message.parent_id is not None and message.parent_id not in self._by_id:
                raise BrokenTree(f"message {message.id} has a parent that is not in its conversation")
            self._children[message.parent_id].append(message)
        if len(self._reachable()) != len(self._by_id):
            raise BrokenTree("some messages are their own ancestors")

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, message_id: str) -> Message:
        """Raises `KeyError`."""
        return self._by_id[message_id]

    def find(self, message_id: str) -> Message | None:
        """None if there is no such message."""
        return self._by_id.get(message_id)

    def children(self, message_id: str | None) -> tuple[Message, ...]:
        """The messages that follow one, oldest first; of None, the roots."""
        return tuple(self._children.get(message_id, ()))

    def path(self, message_id: str) -> tuple[Message, ...]:
        """Root first, the message itself last. Raises `KeyError`."""
        path = [self._by_id[message_id]]
        while path[-1].parent_id is not None:
            path.append(self._by_id[path[-1].parent_id])
        return tuple(reversed(path))

    def leaves(self) -> tuple[Message, ...]:
        """The messages that nothing follows, oldest first: one for each branch."""
        return tuple(message for message in self._by_id.values() if not self._children.get(message.id))

    def newest_leaf(self) -> Message | None:
        """Where the conversation goes on unless the person chose another branch; None in an empty one."""
        leaves = self.leaves()
        return leaves[-1] if leaves else None

    def _reachable(self) -> set[str]:
        seen: set[str] = set()
        waiting = [root.id for root in self._children.get(None, ())]
        while waiting:
            seen.add(current := waiting.pop())
            waiting += [child.id for child in self._children.get(current, ())]
        return seen
