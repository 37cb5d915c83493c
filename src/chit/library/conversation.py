"""Conversations as a program has them: read whole, as the tree that they are."""

from dataclasses import dataclass, fields
from decimal import Decimal

from chit.core import conversation
from chit.core.conversation import ConversationSummary
from chit.core.history import Tree
from chit.core.messages import Message as AnyMessage
from chit.errors import NotFound
from chit.library.desk import Desk
from chit.library.message import Message, bind_message
from chit.named import get_conversation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation(conversation.Conversation):
    """One conversation as it was when it was read."""

    messages: tuple[Message, ...]
    """Of all branches, oldest first."""
    cost: Decimal | None
    """US dollars, exact; each reply's settled cost, else its reported one. None where none is known."""

    def branch(self, leaf: AnyMessage | str | None = None) -> tuple[Message, ...]:
        """The path from the first message to this one, else to the newest. Raises `NotFound`.

        The last eight characters of an id are enough.
        """
        if not self.messages:
            return ()
        last = self.messages[-1].id if leaf is None else leaf if isinstance(leaf, str) else leaf.id
        found = [each.id for each in self.messages if last in (each.id, each.id[-8:])]
        if len(found) != 1:
            raise NotFound(f"there is no message {last} in this conversation", hint="`messages` has them all.")
        by_id = {each.id: each for each in self.messages}
        return tuple(by_id[each.id] for each in Tree(self.messages).path(found[0]))

    @property
    def leaves(self) -> tuple[Message, ...]:
        """The last message of each branch, oldest first."""
        followed = {each.parent_id for each in self.messages}
        return tuple(each for each in self.messages if each.id not in followed)


Named = AnyMessage | conversation.Conversation | ConversationSummary | str
"""What names a conversation: itself, a message in it, or an id of either."""


async def find_conversation_id(desk: Desk, named: Named) -> str:
    """Raises `NotFound`."""
    if isinstance(named, AnyMessage):
        return named.conversation_id
    if not isinstance(named, str):
        return named.id
    return await get_conversation_id(desk.store, await desk.find(named))


async def get_conversation(desk: Desk, named: Named) -> Conversation:
    """Whole. Raises `NotFound`."""
    conversation_id = await find_conversation_id(desk, named)
    row = await desk.store.get_conversation(conversation_id)
    generations = {each.message_id: each for each in await desk.store.list_generations(conversation_id)}
    messages = await desk.store.list_messages(conversation_id)
    return Conversation(
        **{each.name: getattr(row, each.name) for each in fields(row)},
        messages=tuple(bind_message(desk, each, generations.get(each.id)) for each in messages),
        cost=await desk.store.sum_conversation(conversation_id),
    )
