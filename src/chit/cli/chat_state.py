"""What a chat at the terminal stands at: where the next question goes, and what goes along with it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chit.app import App
from chit.cli.questions import advise_on_files
from chit.core.attachments import Attachment, join_parts, list_attachments
from chit.core.defaults import choose_parameters, model_parameters
from chit.core.messages import Message
from chit.core.surrogates import join_surrogates
from chit.errors import InputError
from chit.places import Place, locate
from chit.prefs import UserPrefs
from chit.running import Running


@dataclass(slots=True, kw_only=True)
class ChatState:
    """As a person has left it."""

    conversation_id: str | None = None
    """None until something was asked in it."""
    leaf_id: str | None = None
    """The message that the next question follows."""
    model: str | None = None
    """Several with commas, "" for the account's default, None for the preferred one."""
    parameters: dict[str, Any] = field(default_factory=dict)
    """The conversation's own."""
    system: str | None = None
    """Instructions that stand before the next question."""
    files: list[Attachment] = field(default_factory=list)
    """Those of the next question."""
    private: bool = False
    rewriting: Message | None = None
    """The question in whose place the next one stands."""
    changes: dict[str, Any] = field(default_factory=dict)
    """What was set since something was sent: a JSON Merge Patch."""

    def choose_model(self, text: str) -> None:
        """From the next request on."""
        self.model = text
        self.changes |= {"model": None, "models": None, **model_parameters(text)}

    def take_up(self, place: Place) -> None:
        """Go on there."""
        self.conversation_id, self.leaf_id = place.conversation.id, place.leaf_id
        self.private = place.conversation.private
        self.parameters = dict(place.parameters)
        self.changes = {}
        self.forget_rewriting()
        if place.model is not None:
            self.model = place.model

    def rewrite(self, question: Message) -> None:
        """Let the next question stand beside this one, with its files."""
        self.rewriting, self.files = question, list_attachments(question)

    def forget_rewriting(self) -> None:
        """The next question is a new one: the files of the one to be rewritten do not go along with it."""
        if self.rewriting is not None:
            self.rewriting, self.files = None, []

    def settle_at(self, running: Running) -> None:
        """What was waiting has been sent."""
        self.conversation_id, self.leaf_id = running.message.conversation_id, running.message.id
        self.system, self.rewriting, self.files, self.changes = None, None, [], {}


class Turns:
    """What a person does in a chat, as the engine does it."""

    def __init__(self, app: App, prefs: UserPrefs, state: ChatState, find_key: Callable[[], Awaitable[object]]) -> None:
        """`app` has no defaults of its own. `find_key` is awaited before anything is sent: the vault may have been
        locked meanwhile.
        """
        self._app = app
        self._find_key = find_key
        self._defaults = prefs.defaults
        self.state = state

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Of the next question."""
        return choose_parameters({}, self.state.parameters, self._defaults, model=self.state.model)

    async def ask(self, text: str) -> Running:
        """Raises as `Engine.send`, and `KeyUnavailable`."""
        await self._find_key()
        state, parameters = self.state, self.parameters
        await advise_on_files(self._app, tuple(state.files), parameters)
        parent = state.leaf_id
        if state.rewriting is not None:
            parent = state.rewriting.parent_id or ""
        running = await self._app.engine.send(
            join_parts(join_surrogates(text), state.files),
            parameters=parameters,
            system=state.system,
            conversation_id=state.conversation_id,
            parent_id=parent if state.conversation_id else None,
            private=state.private,
            own=state.parameters,
            origin="cli",
        )
        state.settle_at(running)
        return running

    async def retry(self, changes: Mapping[str, Any]) -> Running:
        """The last reply anew, with what was set since. Raises as `Engine.regenerate`."""
        reply, given = self._reply(), {**self.state.changes, **changes}
        await self._find_key()
        return self._begin(await self._app.engine.regenerate(reply, changes=given, origin="cli"))

    async def go_on(self) -> Running:
        """Raises as `Engine.continue_reply`."""
        reply, changes = self._reply(), self.state.changes
        await self._find_key()
        return self._begin(await self._app.engine.continue_reply(reply, changes=changes, origin="cli"))

    async def find_path(self) -> tuple[Message, ...]:
        """The messages up to the next question, oldest first. Raises `StoreError`."""
        if self.state.conversation_id is None:
            return ()
        return (await locate(self._app.store, self.state.conversation_id, self.state.leaf_id)).path

    def _begin(self, running: Running) -> Running:
        self.state.leaf_id, self.state.changes = running.message.id, {}
        return running

    def _reply(self) -> str:
        if self.state.leaf_id is None:
            raise InputError("there is no reply yet", hint="Ask something first.")
        return self.state.leaf_id
