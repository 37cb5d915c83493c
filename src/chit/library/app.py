"""An open Chit as a program has it: every verb of the library."""

import asyncio
import time
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar, Unpack, overload

from chit.core.conversation import ConversationSummary
from chit.core.spending import SpendingQuery
from chit.errors import NotFound, OutputInvalid
from chit.library.conversation import Conversation, Named, find_conversation_id, get_conversation
from chit.library.costs import Costs, sum_costs
from chit.library.desk import Desk
from chit.library.message import Message, ValueMessage, get_message
from chit.library.prompt import Prompt
from chit.library.question import AskOptions, Question
from chit.library.reply import Reply
from chit.library.shape import Shape, make_shape
from chit.prefs import UserPrefs
from chit.spending_rows import By

T = TypeVar("T")


class App:
    """Chit, open. It comes from `chit.open`, and ends with the block of that."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    @property
    def prefs(self) -> UserPrefs:
        """What is preferred, as files, variables and `chit.open` say."""
        return self._desk.prefs

    @overload
    async def send(self, prompt: Prompt, *, returns: None = None, **options: Unpack[AskOptions]) -> Message: ...

    @overload
    async def send(self, prompt: Prompt, *, returns: type[T], **options: Unpack[AskOptions]) -> ValueMessage[T]: ...

    async def send(self, prompt: Prompt, *, returns: Any = None, **options: Unpack[AskOptions]) -> Message:
        """Ask, and wait for the reply. Cancelling it stops the reply; what came of it is kept.

        With `returns`, a type, the reply's `value` is of that type: a dataclass, a TypedDict, a pydantic model, a
        list of them, a Literal, …

        after: the message that the question follows, or a conversation, which is gone on with at its newest message;
            itself or its id. Without it a new conversation begins.
        model: a model id, or several with commas as fallbacks. Without it the one that the conversation had, else the
            preferred one, else the account's default.
        system: instructions that stand before the question.
        files: paths of pictures, PDFs, sounds and texts that go along.
        parameters: any parameters of a request; None leaves a default out.
        private: nothing of a new conversation but ids and costs is written down.
        tools: functions that the model may ask for; each is run, and the model asked again with the results.
        max_steps: how many times the model may be asked then, 10 by default.
        max_cost: US dollars from which on it is not asked again.

        Raises `UpstreamError` for a reply that failed or broke off, `OutputInvalid` for one of another type,
        `LimitReached` for one that wants more tools than it may have; `message_id` of the error names what was kept.
        Raises `KeyUnavailable`, `InputError`, `NotFound` and `StoreError` before anything is sent, and `TypeError` for
        what is no tool or no type.
        """
        reply = self.stream(prompt, returns=returns, **options)
        try:
            message: Message = await reply
        except asyncio.CancelledError:
            await reply.stop()
            raise
        return message

    @overload
    def stream(self, prompt: Prompt, *, returns: None = None, **options: Unpack[AskOptions]) -> Reply[Message]: ...

    @overload
    def stream(self, prompt: Prompt, *, returns: type[T], **options: Unpack[AskOptions]) -> Reply[ValueMessage[T]]: ...

    def stream(self, prompt: Prompt, *, returns: Any = None, **options: Unpack[AskOptions]) -> Reply[Any]:
        """Ask, and see the reply as it comes: `async for` its events, or its `texts()`; `await` gives the message.

        It begins at once. Options and errors are those of `send`.
        """
        shape = None if returns is None else make_shape(returns)
        question = Question(prompt=prompt, shape=shape, **options)
        return Reply(self._desk, question, _keep if shape is None else _reader(shape))

    async def get_message(self, name: str) -> Message:
        """By its id, the last eight characters of it, or the `gen-…` id of its generation. Raises `NotFound`."""
        return await get_message(self._desk, name)

    async def get_conversation(self, named: Named) -> Conversation:
        """With all its messages: by itself, a message in it, or an id of either. Raises `NotFound`."""
        return await get_conversation(self._desk, named)

    async def list_conversations(
        self, *, limit: int = 50, before: ConversationSummary | None = None
    ) -> list[ConversationSummary]:
        """The latest in use first, without what programs asked by the local API; `before` is the last one of a page."""
        return await self._desk.store.list_conversations(None if before is None else before.last_seq, limit)

    async def rename_conversation(self, named: Named, title: str) -> None:
        """Raises `NotFound`."""
        conversation_id = await find_conversation_id(self._desk, named)
        _check(await self._desk.store.rename_conversation(conversation_id, title))

    async def delete_conversation(self, named: Named) -> None:
        """Out of sight, and for good after a while; what it cost still counts. Raises `NotFound`."""
        conversation_id = await find_conversation_id(self._desk, named)
        _check(await self._desk.store.delete_conversation(conversation_id, now=time.time()))

    async def sum_costs(
        self,
        *,
        by: By | None = None,
        first: date | None = None,
        last: date | None = None,
        model: str | None = None,
        provider: str | None = None,
        origin: str | None = None,
    ) -> Costs:
        """What was spent, by every face of Chit on this history: all, or from day to day, of a model and so on."""
        query = SpendingQuery(first=first, last=last, model=model, provider=provider, origin=origin)
        return await sum_costs(self._desk.store, query, by)


def _keep(message: Message) -> Message:
    return message


def _reader(shape: Shape[T]) -> Callable[[Message], ValueMessage[T]]:
    def read(message: Message) -> ValueMessage[T]:
        try:
            return ValueMessage.make(message, shape.read(message.text, message.finish_reason))
        except OutputInvalid as error:
            error.message_id = message.id
            raise

    return read


def _check(is_done: bool) -> None:
    if not is_done:
        raise NotFound("that conversation is gone", hint="`list_conversations` tells what there is.")
