"""What goes along with a question: the files of a page's draft, or again those of a message that is written anew."""

from collections.abc import AsyncIterator

from chit.core.attachments import join_parts, list_attachments, make_attachment, name_attachment, read_content
from chit.core.media_kind import HEAD_BYTES, find_media_kind
from chit.core.messages import Part
from chit.store.home import Home
from chit.web.desk import Desk
from chit.web.question import Question
from chit.web.staging import Staging


def open_staging(desk: Desk) -> Staging:
    """The person's own, whatever home is shown."""
    return Staging(Home(desk.own.prefs.home).staged)


async def write_parts(question: Question, staging: Staging) -> list[Part]:
    """The words, and the draft's files. Raises `NotFound`."""
    files = [
        make_attachment(await staging.load(each.id), each.kind, each.name)
        for each in staging.list_draft(question.draft)
    ]
    return join_parts(question.text, files)


def forget_draft(draft: str, staging: Staging) -> None:
    """It was sent, or it is begun anew."""
    for each in staging.list_draft(draft):
        staging.remove(each.id)


async def take_again(message_id: str, draft: str, desk: Desk, staging: Staging) -> None:
    """The files of a message in the place of the draft's; what is not kept here cannot be sent from here.

    Raises `NotFound`, and as `Staging.add`.
    """
    message = await desk.app.store.get_message(message_id)
    forget_draft(draft, staging)
    for number, part in enumerate(list_attachments(message)):
        if data := read_content(part):
            name = name_attachment(part, number, find_media_kind(data[:HEAD_BYTES]))
            await staging.add(draft, name, _give(data))


async def _give(data: bytes) -> AsyncIterator[bytes]:
    yield data
