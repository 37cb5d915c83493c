"""The empty page and its files."""

import re
from pathlib import Path

import pytest
from tests.web.site import Site

from chit.web.headers import CONTENT_SECURITY_POLICY, TRUSTED_TYPES_POLICY
from chit.web.static_files import FOLDER, SHELL, static_routes


@pytest.mark.parametrize("path", ["/", "/c/0190-x", "/costs", "/settings", "/settings/keys", "/sign-in/abc?code=x"])
async def test_every_page_is_the_same_empty_page(site: Site, path: str) -> None:
    """Attack 9, whoever may load it gets nothing: with a token or without, at every address, the same static bytes."""
    token = await site.sign_in()
    for given in (None, token):
        reply = await site.ask("GET", path, token=given)
        assert (reply.status, reply.body) == (200, (FOLDER / SHELL).read_bytes())
        assert reply.header("Content-Type") == "text/html; charset=utf-8"


async def test_files_have_their_types(site: Site) -> None:
    """A browser that is told not to guess needs the right one; HEAD has the same headers and no body."""
    kinds = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
    files = [path for path in FOLDER.rglob("*") if path.suffix in kinds]
    assert {path.suffix for path in files} == set(kinds)
    for path in files:
        where = f"/static/{path.relative_to(FOLDER)}"
        reply, head = await site.ask("GET", where), await site.ask("HEAD", where)
        assert (reply.body, reply.header("Content-Type")) == (path.read_bytes(), kinds[path.suffix])
        assert (head.body, head.header("Content-Length")) == (b"", str(len(reply.body)))


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/index.html",
        "/static/../server.py",
        "/static/..%2fserver.py",
        "/static/%2e%2e/server.py",
        "/static/....//server.py",
        "/static//app.js",
        "/static/app.js/",
        "/static/app.js%00",
        "/static/APP.JS",
        "/static/__init__.py",
        "//app.js",
        "/static\\app.js",
        "/../../../../etc/passwd",
    ],
)
async def test_nothing_but_the_list_is_served(site: Site, path: str) -> None:
    """Paths that climb, end oddly or name what is not on the list: 404, since no file is ever opened for a request."""
    assert (await site.ask("GET", path)).status in (400, 404)


def test_only_known_kinds_of_files(tmp_path: Path) -> None:
    """What an editor leaves behind or a tool puts there is not served; folders below are."""
    (tmp_path / "icons.svg").mkdir()
    for name in ("a.js", "a.js~", "b.map", ".env", "c.py", "index.html", "icons.svg/d.svg"):
        (tmp_path / name).touch()
    assert [route.path for route in static_routes(tmp_path)] == ["/static/a.js", "/static/icons.svg/d.svg"]


def test_the_pages_ask_no_other_host() -> None:
    """Attack 45, a request to another host: no file of the page names one, and the policy would not allow it."""
    texts = {path.name: path.read_text() for path in FOLDER.rglob("*") if path.suffix in {".html", ".js", ".css"}}
    named = {name: re.findall(r"(?:https?:)?//[a-z0-9][a-z0-9.-]*\.[a-z]{2,}", text) for name, text in texts.items()}
    assert {name: hosts for name, hosts in named.items() if hosts} == {}
    assert "http:" not in CONTENT_SECURITY_POLICY
    assert "*" not in CONTENT_SECURITY_POLICY


def test_the_page_fits_its_policy() -> None:
    """Nothing inline, and the one Trusted Types policy has the name that is allowed."""
    page = (FOLDER / SHELL).read_text()
    assert not re.search(r"<style|style=|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", page)
    made = [name for path in FOLDER.rglob("*.js") for name in re.findall(r'createPolicy\("(.*?)"', path.read_text())]
    assert made == [TRUSTED_TYPES_POLICY]


def test_the_policy_is_the_one_that_was_decided() -> None:
    """Attack 14 among others: word for word as in the rules, and one named policy for our own fragments."""
    assert CONTENT_SECURITY_POLICY == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src blob:; "
        "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types chit"
    )
