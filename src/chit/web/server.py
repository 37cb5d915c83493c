"""The server of the pages, from its sockets to its end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from chit.app import end_task
from chit.errors import InputError
from chit.notices import Notices
from chit.store.protocol import Store
from chit.web.codes import Codes
from chit.web.connection import Limits, make_connection
from chit.web.guard import Guard
from chit.web.instance import InstanceRoute
from chit.web.instance_file import Instance, remove_instance, save_instance
from chit.web.listening import Listening
from chit.web.live import LiveStreams
from chit.web.opening import Openings
from chit.web.routes import Handler, Route, add_routes
from chit.web.session_routes import SessionRoutes
from chit.web.sessions import Sessions
from chit.web.shell import shell_routes
from chit.web.static_files import static_routes
from chit.web.walls import Admit, Walls

_LAST_WORDS = 1.0
"""Seconds that requests under way get when the server closes; as many again until they are cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """It serves."""

    address: str
    """`http://127.0.0.1:PORT`: the one that is printed and opened."""
    openings: Openings
    sessions: Sessions
    routes: tuple[Route, ...]
    """All there are."""


@asynccontextmanager
async def open_server(
    listening: Listening,
    *,
    store: Store,
    notices: Notices,
    run: Path,
    routes: Sequence[Route] = (),
    allowed_hosts: Sequence[str] = (),
    admit_local: Admit | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Server]:
    """Serve `routes`, the shell and the sessions until the context ends; takes over and closes the sockets.

    `run` is the home's folder for what lives as long as a process. Raises `InputError`.
    """
    limits = limits or Limits()
    address = f"http://127.0.0.1:{listening.port}"
    codes, sessions, live = Codes(), Sessions(store, notices), LiveStreams(store)
    openings = Openings(codes, address=address, folder=run)
    instance = Instance.make(listening.port)
    table = [
        *shell_routes(),
        *static_routes(),
        *SessionRoutes(codes, sessions).routes(),
        *InstanceRoute(instance, openings).routes(),
        *routes,
    ]
    async with AsyncExitStack() as closing:
        closing.callback(listening.close)
        guard = Guard(port=listening.port, allowed_hosts=allowed_hosts)
        runner = _make_runner(guard, table, sessions, live, admit_local, limits)
        await runner.setup()
        closing.push_async_callback(runner.cleanup)
        closing.callback(codes.close)
        closing.callback(live.end_all)
        closing.callback(notices.subscribe(live.on_notice))
        closing.push_async_callback(end_task, asyncio.create_task(live.watch(), name="live streams"))
        _announce(run, instance, openings)
        closing.callback(_withdraw, run, instance)
        for each in await _serve(runner, listening, limits):
            closing.callback(each.close)
        yield Server(address=address, openings=openings, sessions=sessions, routes=tuple(table))


def _make_runner(
    guard: Guard,
    routes: Sequence[Route],
    sessions: Sessions,
    live: LiveStreams,
    admit_local: Admit | None,
    limits: Limits,
) -> web.AppRunner:
    async def pass_walls(request: web.Request, handler: Handler) -> web.StreamResponse:
        return await walls.handle(request, handler)

    app = web.Application(middlewares=[web.middleware(pass_walls)], client_max_size=limits.body_bytes)
    table = add_routes(app, routes)
    walls = Walls(guard=guard, table=table, sessions=sessions, live=live, admit_local=admit_local)
    app.on_response_prepare.append(walls.begin)
    return web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=_LAST_WORDS)


async def _serve(runner: web.AppRunner, listening: Listening, limits: Limits) -> list[asyncio.Server]:
    assert runner.server is not None  # noqa: S101 - it is set up
    make = make_connection(runner.server, limits)
    loop = asyncio.get_running_loop()
    return [await loop.create_server(make, sock=each) for each in listening.sockets]


def _announce(run: Path, instance: Instance, openings: Openings) -> None:
    try:
        save_instance(run, instance)
    except OSError as error:
        raise InputError(
            f"{run} cannot be written: {error.strerror}", hint="Check the folder's owner and permissions."
        ) from error
    openings.clear()


def _withdraw(run: Path, instance: Instance) -> None:
    with suppress(OSError):
        remove_instance(run, instance)
