"""Which requests are ours to answer, tried with raw bytes on real sockets."""

from pathlib import Path

import pytest
from tests.web.site import LOCAL_TOKEN, Site, opened_site

from chit.errors import InputError
from chit.store.protocol import Store
from chit.web.guard import Guard
from chit.web.refusal import Refused

NAVIGATION = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
@pytest.mark.parametrize("family", ["127.0.0.1", "::1"])
async def test_our_three_names_are_answered(site: Site, name: str, family: str) -> None:
    """By each name, and on both families of addresses, the page is served."""
    reply = await site.send(f"GET / HTTP/1.1\r\nHost: {name}:{site.port}\r\n\r\n".encode(), host=family)
    assert reply.status == 200


@pytest.mark.parametrize("path", ["/", "/read", "/static/app.js", "/nothing"])
async def test_dns_rebinding(site: Site, path: str) -> None:
    """Attack 1, DNS rebinding: by a foreign name with our port, 421 for every path, and no handler runs."""
    token = await site.sign_in()
    reply = await site.ask("GET", path, token=token, host=f"evil.example:{site.port}")
    assert (reply.status, site.handled) == (421, [])


@pytest.mark.parametrize(
    "host",
    [
        "localhost.:{port}",
        "127.1:{port}",
        "0.0.0.0:{port}",
        "x.localhost:{port}",
        "127.0.0.1:1",
        "127.0.0.1",
        "localhost",
        "LOCALHOST:{port}",
        "::1:{port}",
        "[0:0:0:0:0:0:0:1]:{port}",
        "[::ffff:127.0.0.1]:{port}",
        "2130706433:{port}",
        "127.0.0.1:0{port}",
        "user@127.0.0.1:{port}",
        "127.0.0.1:{port},evil",
        "http://127.0.0.1:{port}",
        "127.0.0.1:{port}/",
        "evil",
    ],
)
async def test_other_ways_to_write_the_host(site: Site, host: str) -> None:
    """Attack 2, variants of Host: a trailing dot, short and wildcard addresses, other ports, no port: 421."""
    token = await site.sign_in()
    reply = await site.ask("GET", "/read", token=token, host=host.format(port=site.port))
    assert (reply.status, site.handled) == (421, [])


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: 127.0.0.1:{port}\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nHost: evil\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", 421),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.0\r\n\r\n", 400),
        ("GET /\r\n\r\n", 400),
    ],
)
async def test_two_hosts_and_none(site: Site, head: str, status: int) -> None:
    """Attack 2, two Hosts, an empty one, or none at all: refused, in every version of HTTP."""
    assert (await site.send(head.format(port=site.port).encode())).status == status


@pytest.mark.parametrize(
    "head",
    [
        "GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        "GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
        "OPTIONS http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n",
    ],
)
async def test_absolute_addresses(site: Site, head: str) -> None:
    """Attack 15, an address in absolute form: 400, also where it names us."""
    assert (await site.send(head.format(port=site.port).encode())).status == 400


async def test_forwarded_headers_are_ignored(site: Site) -> None:
    """Attack 15, X-Forwarded-*: they neither let a foreign host in nor keep ours out."""
    forged = {"X-Forwarded-Host": f"127.0.0.1:{site.port}", "Forwarded": f"host=127.0.0.1:{site.port}"}
    assert (await site.ask("GET", "/", host="evil", headers=forged)).status == 421
    foreign = {"X-Forwarded-Host": "evil", "X-Forwarded-Proto": "https", "X-Forwarded-For": "8.8.8.8"}
    assert (await site.ask("GET", "/", headers=foreign)).status == 200


@pytest.mark.parametrize(
    "rest",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
        "Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "X: a\nY: b\r\n\r\n",
        "X: a\r\n\n",
        "X: a\r\n folded\r\n\r\n",
        "X: a\0\r\n\r\n",
    ],
)
async def test_smuggled_requests(site: Site, rest: str) -> None:
    """Attack 15, two lengths, length and chunks, bare line feeds, folded lines: 400, and no handler runs."""
    token = await site.sign_in()
    head = f"POST /write HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nAuthorization: Bearer {token}\r\n"
    reply = await site.send((head + "Content-Type: application/json\r\n" + rest).encode())
    assert (reply.status, site.handled) == (400, [])


async def test_a_bare_line_feed_in_the_request_line(site: Site) -> None:
    """Attack 15, a request written with bare line feeds throughout is none."""
    assert (await site.send(f"GET / HTTP/1.1\nHost: 127.0.0.1:{site.port}\n\r\n\r\n".encode())).status == 400


@pytest.mark.parametrize(
    ("path", "token"), [("/write", "session"), ("/v1/chat/completions", LOCAL_TOKEN), ("/session", None)]
)
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/x-www-form-urlencoded", b"a=b"),
        ("text/plain", b"{}"),
        ("text/plain;charset=UTF-8", b"{}"),
        ("multipart/form-data; boundary=x", b"--x--"),
        ("", b"{}"),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}])
async def test_forms_and_plain_text(
    site: Site, store: Store, path: str, token: str | None, kind: str, body: bytes, headers: dict[str, str]
) -> None:
    """Attack 3, a form or text/plain POST, with or without the marks of another site: 403, and nothing is written."""
    token = await site.sign_in() if token == "session" else token
    reply = await site.ask("POST", path, token=token, body=body, headers={"Content-Type": kind, **headers})
    assert (reply.status, site.handled, await store.find_setting("written")) == (403, [], None)


async def test_other_kinds_of_body(site: Site) -> None:
    """JSON in any letter case and with parameters is read, XML is not; two types are none of ours."""
    token = await site.sign_in()
    for kind, status in (("Application/JSON; charset=utf-8", 200), ("application/xml", 415)):
        assert (await site.ask("POST", "/write", token=token, body={}, headers={"Content-Type": kind})).status == status
    assert (await site.ask("DELETE", "/sessions", token=token)).status == 204


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/octet-stream", 200),
        ("Application/Octet-Stream; x=y", 200),
        ("application/json", 415),
        ("image/png", 415),
        ("text/plain", 403),
        ("multipart/form-data; boundary=x", 403),
        ("application/x-www-form-urlencoded", 403),
        ("", 403),
    ],
)
async def test_a_route_that_takes_bytes(site: Site, kind: str, status: int) -> None:
    """Attack 3: they must say that they are nothing but bytes, which no form can, and no type at all is none."""
    token = await site.sign_in()
    for body in (b"x", b""):
        reply = await site.ask("POST", "/bytes", token=token, body=body, headers={"Content-Type": kind})
        assert reply.status == status
    assert site.handled == (["bytes"] * 2 if status == 200 else [])
    assert (await site.ask("POST", "/bytes", token=token)).status == 403


@pytest.mark.parametrize("path", ["/", "/read", "/write", "/stream", "/session", "/v1/chat/completions", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "https://evil.example",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:{port}/",
        "http://127.0.0.1:{port}.evil.example",
        "HTTP://127.0.0.1:{port}",
    ],
)
async def test_foreign_origins(site: Site, path: str, method: str, origin: str) -> None:
    """Attacks 4, 5 and 9, any other Origin (null, another port of this host): 403, no Access-Control header, with
    a cookie and a token or without.
    """
    headers = {"Origin": origin.format(port=site.port), "Cookie": "session=x", "Access-Control-Request-Method": "POST"}
    reply = await site.ask(method, path, token=LOCAL_TOKEN, headers=headers)
    assert (reply.status, site.handled) == (403, [])


async def test_our_own_origin(site: Site) -> None:
    """A page of ours may ask, by each of our names; two Origins must both be ours."""
    token = await site.sign_in()
    for name in ("127.0.0.1", "localhost", "[::1]"):
        host = f"{name}:{site.port}"
        headers = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert (await site.ask("POST", "/write", token=token, body={}, host=host, headers=headers)).status == 200
    twice = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nOrigin: http://127.0.0.1:{site.port}\r\nOrigin: null\r\n"
    assert (await site.send(f"{twice}\r\n".encode())).status == 403


@pytest.mark.parametrize("method", ["OPTIONS", "HEAD", "PUT", "TRACE"])
async def test_other_methods(site: Site, method: str) -> None:
    """Attack 4, a preflight: no permission is ever given, and no method does what another would."""
    token = await site.sign_in()
    reply = await site.ask(method, "/write", token=token)
    assert (reply.status, reply.header("Allow"), site.handled) == (405, "POST", [])
    assert (await site.ask("OPTIONS", "*")).status == 404


@pytest.mark.parametrize("path", ["/read", "/stream", "/static/app.js", "/sessions", "/nothing"])
@pytest.mark.parametrize("kind", ["cross-site", "same-site", "x"])
async def test_fetches_of_other_sites(site: Site, path: str, kind: str) -> None:
    """Attacks 6 and 9, a page of another site or port fetches or opens an event stream: 403, whatever its token."""
    token = await site.sign_in()
    for more in ({"Sec-Fetch-Mode": "cors"}, NAVIGATION):
        reply = await site.ask("GET", path, token=token, headers={"Sec-Fetch-Site": kind, **more})
        assert (reply.status, site.handled) == (403, [])


@pytest.mark.parametrize("origin", ["", "https://evil.example", "http://127.0.0.1:{port}"])
@pytest.mark.parametrize("path", ["/", "/stream", "/read", "/nothing"])
async def test_websockets(site: Site, origin: str, path: str) -> None:
    """Attack 6, a WebSocket from another site is refused, and there is none to be had by anybody."""
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    headers |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Origin": origin.format(port=site.port)}
    reply = await site.ask("GET", path, headers=headers)
    wanted = {"/": 200, "/nothing": 404}.get(path, 401)
    assert reply.status == (403 if "evil" in origin else wanted)


@pytest.mark.parametrize("path", ["/", "/c/some-id", "/settings/privacy", "/sign-in/abc?code=x"])
async def test_a_link_leads_to_the_shell(site: Site, path: str) -> None:
    """A link on another site, or OpenRouter's way back, opens the empty page; a frame or a script gets nothing."""
    headers = {"Sec-Fetch-Site": "cross-site", **NAVIGATION}
    assert (await site.ask("GET", path, headers=headers)).status == 200
    for name, text in (("Sec-Fetch-Dest", "iframe"), ("Sec-Fetch-Mode", "no-cors"), ("Sec-Fetch-Dest", "")):
        assert (await site.ask("GET", path, headers={**headers, name: text})).status == 403
    assert (await site.ask("HEAD", path, headers=headers)).status == 403


async def test_clickjacking(site: Site) -> None:
    """Attack 14, clickjacking: every page says that it goes into no frame, in both ways that browsers know."""
    for path in ("/", "/settings", "/static/app.js", "/read", "/nothing"):
        reply = await site.ask("GET", path)
        policy = reply.header("Content-Security-Policy")
        assert (reply.header("X-Frame-Options"), policy and "frame-ancestors 'none'" in policy) == ("DENY", True)


async def test_allowed_hosts(store: Store, run: Path) -> None:
    """A proxy's name is answered, its pages may come by https, and names beside it are still foreign."""
    async with opened_site(store, run, allowed_hosts=("Chit.example", "box.tail:8443")) as site:
        token = await site.sign_in()
        for host in ("chit.example", "box.tail:8443"):
            for scheme in ("https", "http"):
                headers = {"Origin": f"{scheme}://{host}"}
                assert (
                    await site.ask("POST", "/write", token=token, body={}, host=host, headers=headers)
                ).status == 200
        for host in ("box.tail", "chit.example:443", "x.chit.example"):
            assert (await site.ask("GET", "/", host=host)).status == 421
        crossed = await site.ask("GET", "/", host="chit.example", headers={"Origin": "https://box.tail:8443"})
        assert crossed.status == 403


@pytest.mark.parametrize(
    "host", ["", "*", "*.example", "https://chit.example", "a b", "[::1]", "a/b", ".example", "ä.de"]
)
def test_a_host_that_cannot_be_allowed(host: str) -> None:
    """Wildcards, addresses with a scheme and what is no name at all are refused with advice."""
    with pytest.raises(InputError, match="allowed host") as caught:
        Guard(port=1, allowed_hosts=[host])
    assert "name:port" in caught.value.hint


def test_the_port_that_browsers_leave_out() -> None:
    """On port 80 our names come without it; on no other."""
    assert "localhost" in Guard(port=80)._origins
    assert "localhost" not in Guard(port=8080)._origins
    assert Refused(400, "x", WWW_Authenticate="y").headers == {"WWW-Authenticate": "y"}
