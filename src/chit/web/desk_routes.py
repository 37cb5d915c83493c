"""All that can be asked of a desk, for the server's table."""

import time
from collections.abc import Callable, Mapping

from chit.web.desk import Desk
from chit.web.key_ring import HandedOver
from chit.web.key_routes import KeyRoutes
from chit.web.prefs_routes import PrefsRoutes
from chit.web.routes import Route
from chit.web.sandbox_routes import SandboxRoutes
from chit.web.sign_ins import SignIns


def desk_routes(
    desk: Desk,
    handed: HandedOver,
    *,
    address: str,
    environment: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> list[Route]:
    """`address` is the server's, `environment` where preferences are read from, `clock` that of the sign-ins."""
    sign_ins = SignIns(desk.keeping, desk.own.prefs.base_url, learn=handed.learn, clock=clock)
    return [
        *KeyRoutes(desk, handed, sign_ins, address=address).routes(),
        *PrefsRoutes(desk, environment).routes(),
        *SandboxRoutes(desk).routes(),
    ]
