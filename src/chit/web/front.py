"""The pages as a whole: everything that is served of a desk, wired together."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from chit.app import end_task
from chit.errors import StoreError
from chit.web.attaching import open_staging
from chit.web.attachment_routes import AttachmentRoutes
from chit.web.compression_routes import CompressionRoutes
from chit.web.conversation_routes import ConversationRoutes
from chit.web.costs_routes import CostsRoutes
from chit.web.data_routes import DataRoutes
from chit.web.desk import Desk
from chit.web.desk_routes import desk_routes
from chit.web.hub import Hub
from chit.web.key_ring import HandedOver
from chit.web.listening import Listening
from chit.web.parameter_routes import ParameterRoutes
from chit.web.prefs_routes import PrefsRoutes
from chit.web.routes import Route
from chit.web.server import Server, open_server
from chit.web.sessions import Sessions
from chit.web.stream_routes import StreamRoutes
from chit.web.talk import Talk
from chit.web.tidings import Tidings
from chit.web.view_routes import ViewRoutes
from chit.web.views import Views
from chit.web.walls import Admit

UNDO_SECONDS = 3600.0
"""How long a deleted conversation can be had back."""
_PURGE_EVERY = 900.0


@asynccontextmanager
async def open_front(
    listening: Listening,
    desk: Desk,
    handed: HandedOver,
    *,
    run: Path,
    allowed_hosts: Sequence[str] = (),
    programs: Sequence[Route] = (),
    admit_local: Admit | None = None,
) -> AsyncIterator[Server]:
    """Serve the desk until the context ends, and `programs`, which `admit_local` lets in. Raises `InputError`."""
    hub = Hub()
    talk, tidings = Talk(desk, hub), Tidings(desk, hub)
    sessions = Sessions(desk.own.store, desk.own.notices)
    routes = [
        *desk_routes(desk, handed, address=f"http://127.0.0.1:{listening.port}"),
        *ConversationRoutes(desk, talk, hub).routes(),
        *AttachmentRoutes(desk, talk).routes(),
        *ViewRoutes(desk, Views(desk, talk, sessions, hub), hub).routes(),
        *StreamRoutes(hub).routes(),
        *ParameterRoutes(desk, hub, PrefsRoutes(desk)).routes(),
        *CostsRoutes(desk).routes(),
        *CompressionRoutes(desk).routes(),
        *DataRoutes(desk, hub, desk.imports, scrub=handed.scrub).routes(),
        *programs,
    ]
    async with AsyncExitStack() as closing:
        closing.push_async_callback(talk.close)
        closing.push_async_callback(tidings.close)
        closing.callback(desk.notices.subscribe(tidings.take))
        closing.push_async_callback(end_task, asyncio.create_task(_purge(desk), name="purging"))
        server = await closing.enter_async_context(
            open_server(
                listening,
                store=desk.own.store,
                notices=desk.own.notices,
                run=run,
                routes=routes,
                allowed_hosts=allowed_hosts,
                admit_local=admit_local,
            )
        )
        closing.callback(hub.close)
        yield server


async def _purge(desk: Desk) -> None:
    """For ever: forget what was deleted longer ago than it could be wanted back, and files that nobody sent."""
    while True:
        with suppress(StoreError):
            await desk.app.store.purge_deleted(time.time() - UNDO_SECONDS)
        open_staging(desk).sweep()
        await asyncio.sleep(_PURGE_EVERY)
