"""A question as it goes to the engine, and on which conversation it goes on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chit.app import App
from chit.cli.terminal import neutralise, write_err
from chit.core.attachments import Attachment, join_parts, name_attachment, read_head
from chit.core.media_kind import find_media_kind
from chit.core.named_models import list_models
from chit.core.surrogates import join_surrogates
from chit.places import find_place, write_parameters
from chit.prefs import UserPrefs
from chit.running import Running


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to send: words and files with their parameters, or a whole request body."""

    text: str = ""
    files: tuple[Attachment, ...] = ()
    system: str | None = None
    model: str | None = None
    """Several with commas; None leaves it to the conversation, in a new one to the preferences."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = True
    goes_on: bool = False
    """Whether it goes on with a conversation."""
    place: str | None = None
    """Which one, as a person names it; None is the last one here."""
    private: bool = False
    request: bytes | None = None
    quiet: bool = False
    """Say nothing of what models make of the files."""


async def send_question(app: App, question: Question, prefs: UserPrefs) -> Running:
    """Raises as `find_place`, `Engine.send` and `Engine.send_request`."""
    if question.request is not None:
        return await app.engine.send_request(question.request, origin="cli")
    place = await find_place(app.store, question.place, "cli") if question.goes_on else None
    parameters = write_parameters(question.model, question.parameters, place, prefs)
    if not question.quiet:
        await advise_on_files(app, question.files, parameters)
    return await app.engine.send(
        join_parts(join_surrogates(question.text), question.files),
        parameters=parameters,
        system=question.system,
        conversation_id=place.conversation.id if place else None,
        parent_id=place.leaf_id if place else None,
        stream=question.stream,
        private=question.private,
        origin="cli",
    )


async def advise_on_files(app: App, files: tuple[Attachment, ...], parameters: Mapping[str, Any]) -> None:
    """A line for each file that the chosen models may not take, as far as they are known; it is sent all the same."""
    from chit.web.input_advice import advise

    known = await app.catalogue.list_kept() if files else ()
    chosen = list_models(parameters)
    for number, each in enumerate(files):
        kind = find_media_kind(read_head(each))
        if line := advise(kind.kind if kind else None, chosen, known):
            write_err(neutralise(f"chit: {name_attachment(each, number, kind)}: {line}\n"))
