"""OpenRouter's side of a sign-in: the page where a person approves, and the exchange of the code for a key."""

import secrets
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
from aiohttp import web

from chit.sandbox.account import Key
from chit.sandbox.box import BOX, Box
from chit.sandbox.codes import BAD_REQUEST, NOT_POST, SignInRequest, read_request
from chit.sandbox.completions import send_failure
from chit.sandbox.failures import Failure
from chit.sandbox.lookups import send_json


async def show_approval(request: web.Request) -> web.StreamResponse:
    """`GET /auth`: the page with the button; if the account's `sign_in` is `approve`, at once what that does."""
    box = request.app[BOX]
    wanted = read_request(request.query)
    if isinstance(wanted, str):
        return _page("This sign-in cannot work", f"<p>{escape(wanted)}</p>", status=400)
    if box.account.sign_in == "approve":
        return _approve(box, wanted)
    members = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in request.query.items()
    )
    question = f"<p>May <strong>{escape(wanted.title)}</strong> have a key of this sandbox? Nothing is billed.</p>"
    form = f'<form method="post" action="/auth">{members}<button>Approve</button></form>'
    return _page("Sign in with the sandbox", question + form, form_action=wanted.callback_origin)


async def approve(request: web.Request) -> web.StreamResponse:
    """`POST /auth`, from the page's own form only: on to the callback with the code, or the code on screen."""
    if request.headers.get("Origin") not in (None, f"{request.scheme}://{request.host}"):
        return _page("Not from here", "<p>Only this page’s own button approves.</p>", status=403)
    form = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    wanted = read_request(form)
    if isinstance(wanted, str):
        return _page("This sign-in cannot work", f"<p>{escape(wanted)}</p>", status=400)
    return _approve(request.app[BOX], wanted)


async def exchange(request: web.Request) -> web.StreamResponse:
    """`POST /api/v1/auth/keys`: a new ordinary key for a code, its verifier and its method."""
    if request.method != "POST":
        return send_failure(NOT_POST)
    box = request.app[BOX]
    body = _decode(await request.read())
    granted = BAD_REQUEST if body is None else box.codes.redeem(body)
    if isinstance(granted, Failure):
        return send_failure(granted)
    key = f"sk-or-v1-{secrets.token_hex(32)}"
    box.account.keys[key] = Key(label=granted.title)
    return send_json({"key": key, "user_id": box.account.user_id})


def _approve(box: Box, wanted: SignInRequest) -> web.Response:
    code = box.codes.issue(wanted)
    if wanted.callback_url is None:
        return _page("Copy this code", f"<p>Paste it where you began:</p><p><code>{escape(code)}</code></p>")
    joint = "&" if urlsplit(wanted.callback_url).query else "?"
    place = f"{wanted.callback_url}{joint}{urlencode({'code': code})}"
    return web.Response(status=303, headers={"Location": place, "Cache-Control": "no-store"})


def _decode(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None


def _page(title: str, content: str, *, status: int = 200, form_action: str | None = None) -> web.Response:
    """`form_action` is where the button's answer may lead on to: browsers hold redirects to that rule too."""
    leads = f" {form_action}" if form_action else ""
    headers = {
        "Content-Security-Policy": f"default-src 'none'; base-uri 'none'; form-action 'self'{leads}; "
        "frame-ancestors 'none'",
        "Cache-Control": "no-store",
        "Referrer-Policy": "same-origin",  # with no-referrer the button would send `Origin: null`
        "X-Content-Type-Options": "nosniff",
    }
    html = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        f"<title>{title}</title><h1>{title}</h1>{content}</html>"
    )
    return web.Response(status=status, text=html, content_type="text/html", headers=headers)
