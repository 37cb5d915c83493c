"""One server for a home: a second `chit` asks the first for a way in, instead of starting another."""

import asyncio
from pathlib import Path

import aiohttp
from aiohttp import web

from chit.core.jsontext import JsonInvalid, decode_object, encode_json
from chit.web.body import read_at_most, read_object
from chit.web.instance_file import Instance, find_instance
from chit.web.opening import Invitation, Openings
from chit.web.proof import is_proof, make_challenge, prove_caller, prove_server
from chit.web.refusal import Refused
from chit.web.routes import Route

_MOST_BODY = 4096
ANSWER_SECONDS = 3.0
_PATH = "/instance"


class InstanceRoute:
    """Answers who proves to have read our file."""

    def __init__(self, instance: Instance, openings: Openings) -> None:
        self._instance = instance
        self._openings = openings

    def routes(self) -> list[Route]:
        """For the table."""
        return [Route(method="POST", path=_PATH, handler=self.answer, kind="json", needs="nothing")]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """`{"challenge", "proof"}` for `{"address", "page", "proof"}`."""
        asked = await read_object(request, most=_MOST_BODY)
        secret, port, challenge = self._instance.secret, self._instance.port, asked.get("challenge")
        if not isinstance(challenge, str) or not is_proof(
            asked.get("proof"), prove_caller(secret, port=port, challenge=challenge)
        ):
            raise Refused(401, "This is for Chit itself.", WWW_Authenticate="Bearer")
        invitation = self._openings.invite()
        page = str(invitation.page)
        proof = prove_server(secret, port=port, challenge=challenge, said=f"{invitation.address} {page}")
        said = {"address": invitation.address, "page": page, "proof": proof}
        return web.Response(body=encode_json(said), content_type="application/json", charset="utf-8")


async def ask_instance(folder: Path, port: int | None = None) -> tuple[Instance, Invitation] | None:
    """A way into the server that runs for this home, on `port` if that is given; None if none proves to be ours."""
    instance = find_instance(folder)
    if instance is None or port not in (None, instance.port):
        return None
    challenge = make_challenge()
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            record = await _ask(instance, challenge)
    except (aiohttp.ClientError, OSError, TimeoutError, JsonInvalid, ValueError):
        return None
    address, page = record.get("address"), record.get("page")
    expected = prove_server(instance.secret, port=instance.port, challenge=challenge, said=f"{address} {page}")
    if not is_proof(record.get("proof"), expected):
        return None
    return instance, Invitation(address=str(address), page=Path(str(page)))


async def _ask(instance: Instance, challenge: str) -> dict[str, object]:
    proof = prove_caller(instance.secret, port=instance.port, challenge=challenge)
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"http://127.0.0.1:{instance.port}{_PATH}",
            json={"challenge": challenge, "proof": proof},
            allow_redirects=False,
        ) as reply,
    ):
        return decode_object(await read_at_most(reply.content, _MOST_BODY) or b"")
