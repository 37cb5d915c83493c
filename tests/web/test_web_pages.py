"""The templates: whatever they are given stays text (attack case 17), and what they miss is an error."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import UndefinedError
from markupsafe import Markup
from tests.web import stage_samples as samples

from chit.core.generation import Chit
from chit.core.media_kind import find_media_kind
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    ReasoningPart,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.core.parameter_chips import Chip
from chit.core.parameter_field import Field, Kind
from chit.core.parameter_form import Problem
from chit.sandbox.picture import draw_png
from chit.transfer.import_report import Report
from chit.web import pages
from chit.web.branches import Branch, NamedVersion
from chit.web.parameter_panel import Control, Sheet
from chit.web.parameter_templates import Template
from chit.web.slip import Slip
from chit.web.staging import Staged

EVIL = "\"'><script>alert(1)</script><img src=//evil.example/x onerror=alert(1)><b style='x'>{{ 7 * 7 }}</b>"

_NOTHING = r"data:image/svg\+xml,%3Csvg(?: xmlns='http:|%20xmlns%3D%27http%3A)//www.w3.org/2000/svg['a-zA-Z0-9%]*/%3E"
ROOM = f"{_NOTHING}|"
"""An empty picture that keeps room: whatever else a page draws, its script brings."""


class Elements(HTMLParser):
    """The elements of some html, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep it."""
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Keep it."""
        self.text += data


def evil_message(source: Any) -> Message:
    """Hostile in every part."""
    parts = (
        TextPart(EVIL),
        ReasoningPart(EVIL),
        ToolCallPart("t", EVIL, EVIL),
        ToolResultPart("t", EVIL),
        AnnotationPart({"url_citation": {"url": "https://a.example/" + "'\"<>", "title": EVIL}}),
        MediaPart({"type": "image_url", "image_url": {"url": draw_png()}}, EVIL),
        MediaPart({"type": "image_url", "image_url": {"url": "https://evil.example/"}}),
        MediaPart({"type": "input_audio", "input_audio": {"data": "T2dnUw=="}}, EVIL),
        TextFilePart(EVIL, EVIL),
        MediaPart({"type": EVIL, "file": {"filename": EVIL}}),
    )
    return Message(id=EVIL, conversation_id=EVIL, parent_id=EVIL, source=source, parts=parts)


def evil_slip(**changes: Any) -> Slip:
    """Hostile in every text."""
    texts = {"generation_id": EVIL, "requested_model": EVIL + "!", "model": EVIL, "provider": EVIL}
    money = {"reported_cost": Decimal(1), "settled_cost": Decimal(2), "settlement": "settled"}
    tokens = {
        "cached_tokens": 1,
        "reasoning_tokens": 1,
        "completion_tokens": 9,
        "time_to_first_token_ms": 1,
        "duration_ms": 9,
    }
    rest = {"is_sandbox": True, "saved": Decimal(1), "searches": 2, "provider_cost": Decimal(1), **changes}
    return Slip(chit=Chit(**texts, **money, **tokens), **rest)  # type: ignore[arg-type] # each of its own type


def evil_error() -> dict[str, Any]:
    """Hostile in every member."""
    kinds = ("retry", "retry_with", "open_link", "switch_model", "unlock", "add_key", EVIL)
    actions: list[dict[str, Any]] = [{"kind": kind, "label": EVIL, "url": "javascript:alert(1)"} for kind in kinds]
    actions += [{"kind": "retry_with", "label": EVIL, "changes": {"a": EVIL}}]
    actions += [{"kind": "switch_model", "label": EVIL, "models": [EVIL]}]
    actions += [{"kind": "open_link", "label": EVIL, "url": "https://openrouter.ai/settings/privacy"}]
    told = {"kind": EVIL, "message": EVIL, "hint": EVIL, "raw": EVIL, "code": EVIL, "provider": EVIL}
    return {**told, "actions": actions, "status": 404, "retry_after": 3.0}


def evil_key() -> Any:
    """As settings list it."""
    names = ("name", "masked", "where", "label", "fingerprint")
    return SimpleNamespace(**dict.fromkeys(names, EVIL), is_used=False, can_remove=True)


SESSION = SimpleNamespace(hash=EVIL, label=EVIL, is_this=True, last_used_at=1.0, expires_at=2.0)
BRANCH = Branch(
    position=1, versions=[NamedVersion(name=EVIL, href=f"/c/1?leaf={each}", is_current=each == 1) for each in (1, 2)]
)
ITEM = samples.Item(id="1", title=EVIL, cost=None, pending=True)
STAGED = [
    Staged(id="ab", name=EVIL, kind=find_media_kind(b"GIF89a"), size=1),
    Staged(id="cd", name=EVIL, kind=None, size=2),
]
ACTOR: dict[str, Any] = {"message": evil_message("actor"), "reasoning_ms": 10, "status": EVIL, "branch": BRANCH}
SETTINGS: dict[str, Any] = {
    "sandbox": True,
    "keys": [evil_key()],
    "vault": SimpleNamespace(state="unusable", path=EVIL, problem=EVIL),
    "keychain": SimpleNamespace(name=EVIL, problem=EVIL),
    "warning": EVIL,
    "passphrase": "new",
    "has_management_key": True,
    "model": EVIL,
    "theme": EVIL,
    "low_balance": EVIL,
    "auto_lock_minutes": EVIL,
    "fixed": {name: EVIL for name in ("model", "theme", "low_balance", "auto_lock_minutes")},
    "sessions": [SESSION, SESSION],
    "parameters": EVIL,
    "data_folder": EVIL,
    "version": EVIL,
    "imported": EVIL,
}
KINDS: tuple[tuple[Kind, int | None], ...] = (
    ("number", None),
    ("words", 2),
    ("json", 3),
    ("lines", 4),
    ("choice", None),
)
CONTROLS = [
    Control(
        field=Field(name=EVIL, label=EVIL, kind=kind, path=(EVIL,), about=EVIL),
        text=EVIL,
        problem=Problem(text=EVIL, caret=caret),
        remark="",
        usual=EVIL,
        options=[(EVIL, EVIL)],
        off=EVIL,
        off_word=EVIL,
        is_off=True,
        off_problem=Problem(text=EVIL),
    )
    for kind, caret in KINDS
]
PANEL: dict[str, Any] = {
    "sheet": Sheet(texts={}, base={EVIL: EVIL}, system=EVIL, templates=[Template(id=EVIL, name=EVIL)]),
    "groups": [{"title": EVIL, "about": EVIL, "controls": CONTROLS, "is_open": True}],
    "raw": EVIL,
    "raw_problem": None,
    "raw_remark": EVIL,
    "raw_usual": EVIL,
    "focus": EVIL,
    "prefix": "p",
}
LOCKED = SimpleNamespace(state="locked", path=EVIL, problem=None)
UNLOCKED = SimpleNamespace(state="unlocked", path=EVIL, seconds_left=60.0, sharing_problem=EVIL)
REPORT = Report(total=3, done=3, added=1, completed=1, messages=2, here=1, refused=2, problems=(EVIL,))
CASES: list[tuple[str, dict[str, Any]]] = [
    ("import_report", {"report": REPORT, "problem": SimpleNamespace(message=EVIL, hint=EVIL), "is_running": False}),
    ("message_user", {"message": evil_message("user"), "branch": BRANCH}),
    (
        "message_actor",
        {**ACTOR, "state": "cut", "blocks": [EVIL], "error": None, "slip": evil_slip(), "continues": True},
    ),
    ("message_actor", {**ACTOR, "state": "sent", "blocks": [], "error": None, "slip": None, "continues": False}),
    ("message_actor", {**ACTOR, "state": EVIL, "blocks": [], "error": evil_error(), "slip": None, "continues": False}),
    ("parts", {"message": evil_message("actor")}),
    ("staged", {"files": STAGED, "notes": {each.id: EVIL for each in STAGED}}),
    ("failure", {"error": evil_error()}),
    ("chit_line", {"slip": evil_slip()}),
    ("receipt", {"slip": evil_slip(prompt_cost=Decimal(1), completion_cost=Decimal(1), tools_cost=Decimal(1))}),
    ("message_system", {"message": evil_message("system"), "branch": BRANCH}),
    ("conversation", {"title": EVIL, "conversation_id": EVIL, "messages": [EVIL], "private": True}),
    ("archive", {"items": [ITEM], "more": 7}),
    ("forgotten", {"cost": Decimal(1)}),
    ("new", {"model": EVIL, "sandbox": True}),
    ("first", {"model": EVIL, "passphrase": "open"}),
    ("sign_in", {"passphrase": "new"}),
    ("locked", {"auto_lock_minutes": EVIL}),
    ("leave", {"address": EVIL, "href": "https://a.example/", "host": EVIL, "is_punycode": True}),
    ("leave", {"address": EVIL, "href": None, "host": None, "is_punycode": False}),
    ("model_field", {"model": EVIL}),
    ("balance", {"state": EVIL, "amount": Decimal(1), "what": EVIL, "age": 1.0, "wants_management_key": True}),
    ("notice", {"text": EVIL, "link": EVIL, "label": EVIL}),
    ("badge", {}),
    ("conversations", {"days": [{"name": EVIL, "items": [ITEM]}], "is_first": True}),
    ("conversation_item", {"item": ITEM}),
    (
        "parameters",
        {
            "chips": [Chip(text=EVIL, control=EVIL, reset=EVIL) for _ in range(4)],
            "has_system": True,
            "wide": 2,
            "narrow": 1,
        },
    ),
    ("parameter_panel", PANEL),
    ("parameter_panel", {**PANEL, "sheet": Sheet(texts={}, is_defaults=True, variable=EVIL), "prefix": "d"}),
    ("conversation_item", {"item": samples.Item(id=EVIL, title=EVIL, cost=None, pinned_at=1.0, private=True)}),
    ("settings", SETTINGS),
    ("settings", {**SETTINGS, "vault": LOCKED, "keys": []}),
    ("settings", {**SETTINGS, "vault": UNLOCKED}),
]


@pytest.mark.parametrize(("name", "variables"), CASES)
def test_hostile_text_stays_text(name: str, variables: dict[str, Any]) -> None:
    """No element, attribute or address comes from what a template was given."""
    elements = Elements(pages.render(name, **variables))
    tags = {tag for tag, _ in elements.found}
    attributes = {attribute for _, given in elements.found for attribute in given}
    assert not tags & {"script", "style", "iframe", "object", "base", "meta", "link"}
    assert not [attribute for attribute in attributes if attribute.startswith("on") or attribute == "style"]
    for tag, given in elements.found:
        assert re.fullmatch(ROOM, given.get("src") or ""), (tag, given)
        assert re.fullmatch(r"/(?!/)[!-~]*|", given.get("data-media") or ""), (tag, given)
        href = given.get("href") or "/"
        assert re.match(r"/(?!/)|https://(openrouter\.ai|a\.example)(/|$)", href), (tag, given)
    assert "49" not in elements.text.replace("{{ 7 * 7 }}", "")


@pytest.mark.parametrize("name", sorted({name for name, variables in CASES if variables}))
def test_a_missing_variable_is_an_error(name: str) -> None:
    """No template shows an empty place where its caller forgot something."""
    with pytest.raises(UndefinedError):
        pages.render(name)


def test_trusted_blocks_are_markup() -> None:
    """What the renderer wrote is put in as it is; the same as plain text is not."""
    assert "<p>hello</p>" in samples.answer("m", "hello")
    assert "&lt;p&gt;" in samples.answer("m", "hello", blocks=["<p>hello</p>"])
    assert isinstance(pages.trust("<p>"), Markup)


def test_the_receipt_names_its_sources() -> None:
    """A settled receipt compares with what was reported; a pending one says so."""
    settled, pending = (Elements(pages.render("receipt", slip=samples.slip(settled=each))) for each in (True, False))
    words = " ".join(settled.text.split())
    assert "settled $0.00284 reported $0.00284 · equal" in words
    assert "380 of them cached, saved $0.00034" in words
    assert "first token, here 812 ms latency, OpenRouter 604 ms generation, OpenRouter 3.79 s" in words
    assert "reported $0.00284 pending" in " ".join(pending.text.split())


def test_the_line_is_that_of_the_look() -> None:
    """Cost, provider, first token, speed; pending only until settled."""
    line = " ".join(Elements(pages.render("chit_line", slip=samples.slip())).text.split())
    assert line == "$0.00284 · Amazon Bedrock · first token 0.8 s · 84 tok/s"
    pending = Elements(pages.render("chit_line", slip=samples.slip(settled=False, sandbox=True))).text
    assert " ".join(pending.split()).startswith("$0.00284 · sandbox · ")
    assert " ".join(pending.split()).endswith("· pending")


def test_a_failure_offers_its_actions() -> None:
    """Pages to open are links, what is sent again are buttons that carry their changes."""
    found = Elements(pages.render("failure", error=evil_error())).found
    changes = [given["data-changes"] for _, given in found if given.get("data-do") == "retry"]
    assert changes[:2] == ["{}", "{}"]
    assert any('"model"' in (each or "") for each in changes)
    assert [given["href"] for tag, given in found if tag == "a" and given.get("target")] == [
        "https://openrouter.ai/settings/privacy"
    ]
