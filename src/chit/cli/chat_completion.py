"""What Tab offers in a chat: commands, models, parameters, and paths of files."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document

from chit.cli.chat_commands import COMMANDS, find_command
from chit.core.params import PARAMETERS
from chit.errors import ChitError
from chit.web.suggestions import suggest_models

ListModels = Callable[[], Awaitable[Sequence[Mapping[str, Any]]]]


class ChatCompleter(Completer):
    """Models are asked for when the first of them is wanted."""

    def __init__(self, list_models: ListModels) -> None:
        self._list_models = list_models
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """None without an event loop."""
        return ()

    async def get_completions_async(
        self, document: Document, complete_event: CompleteEvent
    ) -> AsyncGenerator[Completion, None]:
        """For the text before the cursor, if it is a command."""
        text = document.text_before_cursor
        if not text.startswith("/") or "\n" in text:
            return
        name, space, rest = text.partition(" ")
        if not space:
            for each in COMMANDS:
                if f"/{each.name}".startswith(name):
                    yield Completion(f"/{each.name}", -len(name), display_meta=each.about)
            return
        command = find_command(name[1:])
        takes = command.takes if command else ""
        found: Iterable[Completion] = ()
        if takes == "model":
            found = await self._complete_model(rest.rpartition(",")[2].lstrip())
        elif takes == "path":
            found = self._paths.get_completions(Document(rest), complete_event)
        elif takes == "parameter":
            found = _complete_parameter(rest.rpartition(" ")[2])
        for completion in found:
            yield completion

    async def _complete_model(self, typed: str) -> list[Completion]:
        try:
            models = await self._list_models()
        except ChitError:  # then there is nothing to offer
            return []
        found = suggest_models(models, typed)
        return [Completion(each.id, -len(typed), display_meta=" · ".join(each.facts)) for each in found]


def _complete_parameter(word: str) -> Iterable[Completion]:
    for name, about in PARAMETERS.items():
        if name.startswith(word):
            yield Completion(f"{name}=", -len(word), display_meta=about)
