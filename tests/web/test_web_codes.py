"""Codes: once each, for a minute."""

import asyncio

import pytest
from tests.web.site import Site, codes_at

from chit.web.codes import CODE_SECONDS, Codes


def test_a_code_is_good_once() -> None:
    """Attack 12, replay: the second use fails, and so does a code that was never issued."""
    codes = Codes()
    code = codes.issue()
    assert [codes.take(code), codes.take(code), codes.take("x"), codes.take("")] == [True, False, False, False]


def test_a_code_is_good_for_a_minute() -> None:
    """Attack 11, a code that is found later: after 60 seconds it is none, whatever else happens."""
    moment = [0.0]
    codes = codes_at(moment)
    first, second = codes.issue(), codes.issue()
    moment[0] = CODE_SECONDS - 0.001
    assert codes.take(first)
    moment[0] = CODE_SECONDS
    assert not codes.take(second)


def test_codes_cannot_be_guessed() -> None:
    """Each has 256 bits and is new; the server keeps only hashes of them."""
    codes = Codes()
    issued = {codes.issue() for _ in range(20)}
    assert (len(issued), {len(code) for code in issued}) == (20, {43})
    assert not any(code in repr(vars(codes)) for code in issued)


def test_the_end_of_a_code_is_told_once() -> None:
    """By use, by time, by too many others and by closing."""
    moment, ended = [0.0], list[str]()
    codes = codes_at(moment)
    used = codes.issue(lambda: ended.append("used"))
    codes.take(used)
    codes.take(used)
    codes.issue(lambda: ended.append("old"))
    moment[0] = CODE_SECONDS
    codes.sweep()
    codes.issue(lambda: ended.append("crowded out"))
    for _ in range(64):
        codes.issue()
    codes.issue(lambda: ended.append("closed"))
    codes.close()
    assert ended == ["used", "old", "crowded out", "closed"]


async def test_fifty_at_once(site: Site) -> None:
    """Attack 12, a race: of 50 parallel exchanges of one code exactly one gets a token, and one session exists."""
    code = site.server.openings.invite().address.partition("#code=")[2]
    replies = await asyncio.gather(*(site.ask("POST", "/session", body={"code": code}) for _ in range(50)))
    assert sorted(reply.status for reply in replies) == [200] + [401] * 49
    assert len(await site.server.sessions.list()) == 1
    assert (await site.ask("POST", "/session", body={"code": code})).status == 401


@pytest.mark.parametrize("body", [{}, {"code": None}, {"code": 1}, {"code": ["x"]}, {"code": ""}])
async def test_what_is_no_code(site: Site, body: object) -> None:
    """Attack 8, anything else in the place of a code: 401."""
    site.server.openings.invite()
    assert (await site.ask("POST", "/session", body=body)).status == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b"[" * 4000, 400),
        (b'"' + b"x" * 5000 + b'"', 413),
        (b"\xff", 400),
        (b'{"code": "\\ud800"}', 400),
    ],
)
async def test_what_is_no_object(site: Site, body: bytes, status: int) -> None:
    """A body that is no JSON object, or is too large for one with a code, is refused before anything is looked up."""
    assert (await site.ask("POST", "/session", body=body)).status == status
