"""One server for a home: who holds our port, and how it proves to be ours."""

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.upstream import Exchange, Upstream
from tests.web.site import Site, opened_site

from chit.errors import InputError
from chit.store.protocol import Store
from chit.web import instance as instance_module
from chit.web.instance import ask_instance
from chit.web.instance_file import Instance, find_instance, remove_instance, save_instance
from chit.web.proof import is_proof, make_challenge, prove_caller, prove_server


def names_in(folder: Path) -> list[str]:
    """What lies there."""
    return sorted(path.name for path in folder.iterdir())


def mode_of(path: Path) -> int:
    """Who may do what with it."""
    return stat.S_IMODE(path.stat().st_mode)


async def test_our_own_server_is_found(site: Site, run: Path) -> None:
    """Who can read the file gets a way in that works; asked for another port, there is none."""
    found = await ask_instance(run, site.port)
    assert found is not None
    instance, invitation = found
    assert (instance.port, instance.pid) == (site.port, os.getpid())
    body = {"code": invitation.address.partition("#code=")[2]}
    assert invitation.page.read_text().count(invitation.address) == 2
    assert (await site.ask("POST", "/session", body=body)).status == 200
    assert await ask_instance(run) is not None
    assert await ask_instance(run, site.port + 1) is None


async def test_the_file_is_for_us_alone(site: Site, run: Path) -> None:
    """Attack 13, another local user reads it: 0600 in a folder with 0700; and it is gone with the server."""
    assert [mode_of(path) for path in (run / "server.json", run)] == [0o600, 0o700]
    assert [name for name in names_in(run) if name.endswith(".new")] == []


async def test_after_the_end_there_is_none(store: Store, run: Path) -> None:
    """The file and the pages that led in are gone."""
    async with opened_site(store, run) as site:
        site.server.openings.invite()
    assert [name for name in names_in(run) if not name.endswith(".lock")] == []
    assert await ask_instance(run) is None


@pytest.mark.parametrize("harm", ["mode", "link", "folder", "text", "list", "port", "kind", "bool"])
async def test_a_file_that_is_not_to_be_trusted(tmp_path: Path, harm: str) -> None:
    """One that others can read, that is a link, or that says nonsense, is as good as none."""
    good = Instance.make(2448)
    save_instance(tmp_path, good)
    assert find_instance(tmp_path) == good
    file = tmp_path / "server.json"
    record = json.loads(file.read_text())
    match harm:
        case "mode":
            file.chmod(0o640)
        case "link":
            file.rename(tmp_path / "else")
            file.symlink_to("else")
        case "folder":
            file.unlink()
            file.mkdir(mode=0o700)
        case "text":
            file.write_text("{")
        case "list":
            file.write_text("[]")
        case "port":
            file.write_text(json.dumps(record | {"port": 70_000}))
        case "kind":
            file.write_text(json.dumps(record | {"secret": 5}))
        case _:
            file.write_text(json.dumps(record | {"port": True}))
    assert find_instance(tmp_path) is None
    assert good.secret not in repr(good)


async def test_a_file_of_another_server_stays(tmp_path: Path) -> None:
    """Whoever put itself in our place keeps it."""
    ours, other = Instance.make(1), Instance.make(1)
    save_instance(tmp_path, other)
    remove_instance(tmp_path, ours)
    assert find_instance(tmp_path) == other
    remove_instance(tmp_path, other)
    remove_instance(tmp_path, other)
    assert names_in(tmp_path) == []


@asynccontextmanager
async def squatter(answer: bytes | None, run: Path, secret: str) -> AsyncIterator[Upstream]:
    """A stranger on the port that our file names; None never answers."""

    async def reply(exchange: Exchange) -> None:
        if answer is None:
            await exchange.gone()
        else:
            await exchange.reply(200, answer)

    async with Upstream(reply) as stranger:
        save_instance(run, Instance(port=stranger.port, pid=1, secret=secret))
        yield stranger


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        b"x" * 10_000,
        b'{"address": "http://evil.example", "page": "/tmp/x", "proof": "' + b"0" * 64 + b'"}',
        '{"address": "http://evil.example", "page": "/tmp/x", "proof": "é"}'.encode(),
    ],
)
async def test_a_squatter_cannot_pretend(tmp_path: Path, answer: bytes) -> None:
    """Attack 10, a stranger on our port: whatever it answers, its address is not opened, and it learns no secret."""
    async with squatter(answer, tmp_path, "very-secret") as stranger:
        assert await ask_instance(tmp_path) is None
    [asked] = stranger.requests
    assert b"very-secret" not in asked.body
    assert asked.target == "/instance"


async def test_a_squatter_that_keeps_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Attack 10, one that never answers holds nobody up for long."""
    monkeypatch.setattr(instance_module, "ANSWER_SECONDS", 0.05)
    async with squatter(None, tmp_path, "s"):
        assert await ask_instance(tmp_path) is None


async def test_a_squatter_that_asks_the_real_one(site: Site, run: Path, tmp_path: Path) -> None:
    """Attack 10, a stranger hands our question on to the real server on its other port: it gets no answer."""
    real = find_instance(run)
    assert real is not None
    answers = []

    async def relay(exchange: Exchange) -> None:
        answers.append(await site.ask("POST", "/instance", body=exchange.request.body))
        await exchange.reply(answers[0].status, answers[0].body)

    async with Upstream(relay) as stranger:
        save_instance(tmp_path, replace(real, port=stranger.port))
        assert await ask_instance(tmp_path) is None
    assert [answer.status for answer in answers] == [401]


async def test_nobody_there(tmp_path: Path) -> None:
    """A file that a killed server left, and no file at all."""
    assert await ask_instance(tmp_path) is None
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    save_instance(tmp_path, Instance.make(port))
    assert await ask_instance(tmp_path) is None


@pytest.mark.parametrize(
    "body", [{}, {"challenge": "x"}, {"challenge": 1, "proof": "x"}, {"challenge": "x", "proof": 1}]
)
async def test_who_cannot_prove_anything(site: Site, body: object, run: Path) -> None:
    """Attack 8, the exchange for our own processes answers 401 without a proof, and makes no way in."""
    before = names_in(run)
    assert (await site.ask("POST", "/instance", body=body)).status == 401
    assert names_in(run) == before


def test_proofs_are_of_one_side_port_and_question() -> None:
    """None can be used as another, and a challenge never repeats."""
    secret, challenge = "s", make_challenge()
    proofs = {
        prove_caller(secret, port=1, challenge=challenge),
        prove_caller(secret, port=2, challenge=challenge),
        prove_caller("t", port=1, challenge=challenge),
        prove_caller(secret, port=1, challenge=make_challenge()),
        prove_server(secret, port=1, challenge=challenge, said=""),
        prove_server(secret, port=2, challenge=challenge, said=""),
        prove_server(secret, port=1, challenge=make_challenge(), said=""),
        prove_server(secret, port=1, challenge=challenge, said="x"),
    }
    assert (len(proofs), {len(proof) for proof in proofs}) == (8, {64})
    assert is_proof("x", "x")
    assert not is_proof("y", "x")


async def test_a_folder_that_cannot_be_written(store: Store, tmp_path: Path) -> None:
    """The server does not start where nobody could find it again, and its port is free."""
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot be written"):
        async with opened_site(store, tmp_path / "file"):
            raise AssertionError("it must not open")
