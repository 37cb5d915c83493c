"""The parts of a message beside its text."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Part,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.sandbox.picture import draw_png
from chit.web import pages
from chit.web.pieces import attached, citations, is_web_address, tool_calls

PNG = b64decode(draw_png().partition(",")[2])


def message(*parts: Part) -> Message:
    """With those parts."""
    return Message(id="m", conversation_id="c", source="actor", parts=parts)


def picture(url: Any) -> MediaPart:
    """As OpenRouter sends it."""
    return MediaPart({"type": "image_url", "image_url": {"url": url}})


@pytest.mark.parametrize(
    ("content", "shown"),
    [("3 pages", "3 pages"), ([{"text": "a"}, {"text": "b"}, {"text": 1}, "c"], "a\nb"), ({"odd": 1}, "")],
)
def test_a_tool_call_stands_with_its_result(content: Any, shown: str) -> None:
    """By its id, whatever shape the result has."""
    [call] = tool_calls(message(TextPart("x"), ToolCallPart("1", "look", "{}"), ToolResultPart("1", content)))
    assert (call.name, call.arguments, call.result) == ("look", "{}", shown)


def test_a_tool_call_may_have_no_result() -> None:
    """None has come yet."""
    assert tool_calls(message(ToolCallPart("1", "look", "{")))[0].result is None


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://\u043epenrouter.ai/x", "xn--penrouter-z2h.ai"),
        ("https://a\u202e.example", "xn--a-qin.example"),
        ("https://a\ud800.example", "xn--a-rc4g.example"),
        ('https://a"onclick=alert(1)/', None),
        ("https://a.example:x/", None),
    ],
)
def test_the_host_of_a_citation_is_plain(address: str, host: str | None) -> None:
    """Attack 26: letters that pass for others are spelled out, and what browsers could read differently is left out."""
    found = citations(message(AnnotationPart({"url_citation": {"url": address}})))
    assert [each.host for each in found] == ([] if host is None else [host])
    assert all(each.href.startswith(f"/leave?to=https%3A%2F%2F{host}") for each in found)


def test_citations_lead_through_our_page() -> None:
    """Each page once, by its title or else its host; what is not a plain https address is left out."""

    def cite(url: Any, title: Any = None) -> AnnotationPart:
        return AnnotationPart({"url_citation": {"url": url, "title": title}})

    bad = [cite("javascript:alert(1)"), cite(None), AnnotationPart({"file": {}}), cite("https://a@evil.example/")]
    found = citations(
        message(
            *bad, cite("https://a.example/x?y=1", "A"), cite("https://a.example/x?y=1"), cite("https://b.example?q")
        )
    )
    assert [(each.title, each.host, each.href) for each in found] == [
        ("A", "a.example", "/leave?to=https%3A%2F%2Fa.example%2Fx%3Fy%3D1"),
        ("b.example", "b.example", "/leave?to=https%3A%2F%2Fb.example%3Fq"),
    ]


@pytest.mark.parametrize("url", ["https://evil.example/x.png", "data:image/png,x", "data:image/png;base64,A", 7])
def test_what_stands_elsewhere_is_only_named(url: Any) -> None:
    """Attack 23: no address of a model's is in the page, and what is no data of ours has nothing to show or save."""
    [shown] = attached(message(picture(url)))
    assert (shown.bytes, shown.is_picture, shown.name) == (
        None if url != "data:image/png;base64,A" else 0,
        False,
        "file-1",
    )
    assert "evil" not in pages.render("parts", message=message(picture(url)))


@pytest.mark.parametrize(
    ("data", "is_picture"),
    [
        (PNG, True),
        (b"GIF89a" + bytes(8) + b"<script>alert(1)</script>", True),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", False),
        (b"<!doctype html><script>alert(1)</script>", False),
        (b"%PDF-1.7 <html>", False),
        (b"", False),
    ],
)
@pytest.mark.parametrize("said", ["image/png", "image/svg+xml", "text/html"])
def test_bytes_decide_what_is_drawn(data: bytes, is_picture: bool, said: str) -> None:
    """Attack 19: SVG, HTML and what passes for a picture by its type alone are never drawn, pictures always are."""
    [shown] = attached(message(picture(f"data:{said};base64,{b64encode(data).decode()}")))
    assert shown.is_picture is is_picture


def test_room_is_kept_for_a_picture() -> None:
    """Of its own size, or of some where it does not tell; nothing of the picture itself is in the page."""
    address = f"data:image/png;base64,{b64encode(PNG).decode()}"
    bare = MediaPart({"type": "image_url", "image_url": address})
    first, second = attached(message(picture(address), bare))
    assert (first.width, first.height, first.path, second.path) == (64, 64, "/m/m/media/0", "/m/m/media/1")
    assert "width%3D%2764%27%20height%3D%2764%27" in first.room
    [odd] = attached(message(picture("data:image/png;base64," + b64encode(PNG[:12]).decode())))
    assert (odd.width, odd.height) == (400, 300)
    html = pages.render("parts", message=message(picture(address)))
    assert "base64" not in html
    assert 'data-media="/m/m/media/0"' in html


def test_files_are_named() -> None:
    """By their name where there is one, else by what they are and their number."""
    wav = b64encode(b"RIFF0000WAVE").decode()
    parts = (
        MediaPart({"type": "file", "file": {"filename": "../a.pdf", "file_data": "data:x/y;base64,JVBERi0="}}),
        MediaPart({"type": "input_audio", "input_audio": {"data": wav, "format": "wav"}}),
        TextFilePart("notes.md", "hello"),
    )
    assert [(each.name, each.bytes, each.is_sound) for each in attached(message(*parts))] == [
        ("a.pdf", 5, False),
        ("sound-2.wav", 12, True),
        ("notes.md", 5, False),
    ]
    html = pages.render("message_user", message=message(*parts), branch=None)
    assert html.count('data-do="download"') == 3
    assert 'data-files="m"' in html


def test_web_addresses() -> None:
    """Only https without a login, a space or a backslash."""
    assert is_web_address("https://openrouter.ai/settings/privacy")
    assert not any(map(is_web_address, ["http://a.example", "https://a b", "https://a\\@b", "//a", None]))
