"""The parts of a message beside its text."""

from typing import Any

import pytest

from chit.core.messages import AnnotationPart, MediaPart, Message, Part, TextPart, ToolCallPart, ToolResultPart
from chit.web.pieces import citations, drawable, is_web_address, name_media, tool_calls


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


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x.png",
        "data:image/svg+xml;base64,PHN2Zz4=",
        "data:text/html;base64,PGI+",
        "data:image/png,x",
        7,
    ],
)
def test_only_data_of_safe_kinds_is_drawn(url: Any) -> None:
    """Nothing is fetched, and no picture that can hold script is shown; it is named instead."""
    assert drawable(message(picture(url))) == []
    assert name_media(message(picture(url))) == ["image"]


def test_a_picture_is_drawn() -> None:
    """Also where its address stands without an object around it."""
    address = "data:image/png;base64,AAAA"
    bare = MediaPart({"type": "image_url", "image_url": address})
    assert drawable(message(picture(address), bare)) == [address, address]
    assert name_media(message(picture(address))) == []


def test_files_are_named() -> None:
    """By their kind, and their name where there is one."""
    named = MediaPart({"type": "file", "file": {"filename": "a.pdf"}})
    assert name_media(message(named, MediaPart({"type": "input_audio"}))) == ["file: a.pdf", "audio"]


def test_web_addresses() -> None:
    """Only https without a login, a space or a backslash."""
    assert is_web_address("https://openrouter.ai/settings/privacy")
    assert not any(map(is_web_address, ["http://a.example", "https://a b", "https://a\\@b", "//a", None]))
