"""What one message of a ChatGPT export says."""

import json
from typing import Any

import pytest
from tests.transfer.chatgpt_exports import picture, text

from chit.core.chatgpt_content import MOST_SOURCES, has_media, read_call, read_content, read_plain, read_sources
from chit.core.messages import AnnotationPart, MediaPart, Part, ReasoningPart, TextFilePart, TextPart

FOUND = MediaPart({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}, "cat.png")


def find(id: str, name: str) -> Part | None:
    """Of the files there is one, called as whoever asks calls it."""
    files: dict[str, Part] = {"file-AAA": FOUND, "file_bbb": TextFilePart(name, "notes")}
    return files.get(id)


def read(content: dict[str, Any], **metadata: Any) -> list[Part]:
    """Its parts."""
    return read_content(content, metadata, find)


def test_words() -> None:
    """Each piece that says something, without the marks of citations."""
    assert read(text("a", " ", "", "b")) == [TextPart("a"), TextPart("b")]
    assert read(text("so\ue200cite\ue202turn0search1\ue201.")) == [TextPart("so.")]
    assert read(text("")) == []
    assert read({}) == []
    assert read(text("a", {"content_type": "audio_transcription", "text": "spoken"}, 5, {"x": 1})) == [
        TextPart("a"),
        TextPart("spoken"),
    ]


def test_pictures_and_recordings() -> None:
    """Those that are in the export; of a picture that is not a line is left, of a recording nothing: its words are."""
    assert read(text(picture("file-service://file-AAA"), "What is it?")) == [FOUND, TextPart("What is it?")]
    assert read(text(picture("sediment://file_bbb#page"))) == [TextFilePart("", "notes")]
    assert read(text(picture("sediment://file_zzz"))) == [TextPart("[An image that is not in the export]")]
    sound = {"content_type": "audio_asset_pointer", "asset_pointer": "sediment://file_zzz"}
    call = {"content_type": "real_time_user_audio_video_asset_pointer", "audio_asset_pointer": sound}
    assert read(text(sound, call)) == []
    assert read(text({**call, "audio_asset_pointer": {"asset_pointer": "file-service://file-AAA"}})) == [FOUND]
    assert read(text({"content_type": "image_asset_pointer", "asset_pointer": "../../etc/passwd"})) == []


def test_files_beside_a_question() -> None:
    """By the names that they have there; what is shown as a picture already is not shown twice."""
    files = [{"id": "file_bbb", "name": "notes.txt"}, {"id": "file-AAA"}, {"id": "file-x", "name": "a.docx"}, {"id": 5}]
    parts = read(text("See", picture("file-service://file-AAA")), attachments=files)
    assert parts == [
        TextPart("See"),
        FOUND,
        TextFilePart("notes.txt", "notes"),
        TextPart("[A file that is not in the export: a.docx]"),
    ]
    assert read(text(" "), attachments=[{"id": "file-y"}]) == [TextPart("[A file that is not in the export: file-y]")]


@pytest.mark.parametrize(
    ("code", "language", "shown"),
    [
        ("x = 1", "python", "```python\nx = 1\n```"),
        ("x", "unknown", "```\nx\n```"),
        ("x", "no such\n", "```\nx\n```"),
        ("a ``` b", None, "````\na ``` b\n````"),
    ],
)
def test_code(code: str, language: Any, shown: str) -> None:
    """Fenced, whatever stands in it."""
    assert read({"content_type": "code", "text": code, "language": language}) == [TextPart(shown)]


def test_other_kinds() -> None:
    """As far as they hold words; what is not known and holds none says nothing."""
    assert read({"content_type": "code", "text": " "}) == []
    assert read({"content_type": "execution_output", "text": "42"}) == [TextPart("42")]
    assert read({"content_type": "tether_browsing_display", "result": "", "summary": "found"}) == [TextPart("found")]
    assert read({"content_type": "system_error", "name": "E", "text": "broke"}) == [TextPart("broke")]
    assert read({"content_type": "model_editable_context", "model_set_context": ""}) == []
    assert read({"content_type": "tether_quote", "title": "T", "url": "u", "text": "q"}) == [TextPart("T\n\nu\n\nq")]
    assert read({"content_type": "reasoning_recap", "content": "Thought for 8 seconds"}) == []
    assert read({"content_type": "news", "what": {"a": 1}}) == []


def test_thoughts() -> None:
    """As reasoning, with their headings."""
    told = [{"summary": "First", "content": "so"}, {"summary": " ", "content": "then"}, {}, 5]
    assert read({"content_type": "thoughts", "thoughts": told}) == [ReasoningPart("First\n\nso\n\nthen")]
    assert read({"content_type": "thoughts", "thoughts": None}) == []


def test_custom_instructions() -> None:
    """They stand in the message, or beside it."""
    here = {"content_type": "user_editable_context", "user_profile": "I am", "user_instructions": "be brief"}
    assert read(here) == [TextPart("I am\n\nbe brief")]
    beside = {"about_user_message": "I was", "about_model_message": None}
    empty = {"content_type": "user_editable_context", "user_profile": ""}
    assert read(empty, user_context_message_data=beside) == [TextPart("I was")]
    assert read(empty) == []


def test_calls() -> None:
    """JSON is kept as it is, anything else becomes an argument."""
    assert read_call({"text": '{"query":"x"}'}) == '{"query":"x"}'
    assert json.loads(read_call({"text": "print(1)"})) == {"input": "print(1)"}
    assert json.loads(read_call({"parts": ["[1]", 5]})) == {"input": "[1]"}
    assert json.loads(read_call({"text": "\ud800"})) == {"input": "\ud800"}


def test_sources() -> None:
    """Each page once, and none that is no address of the web."""
    page = {"url": "https://a.example/", "title": "A"}
    references = [
        {"type": "webpage", "url": "http://b.example/"},
        {"type": "grouped_webpages", "items": [page, page, {"url": "javascript:alert(1)"}]},
        {"type": "sources_footnote", "sources": [page, {"url": 5}]},
        "x",
    ]
    cited = [
        part.annotation["url_citation"]
        for part in read_sources({"content_references": references})
        if isinstance(part, AnnotationPart)
    ]
    assert cited == [{"url": "http://b.example/", "title": "http://b.example/"}, page]
    many = [{"url": f"https://a.example/{number}"} for number in range(200)]
    assert len(list(read_sources({"content_references": many}))) == MOST_SOURCES


def test_small_questions() -> None:
    """The words of parts, and whether there is a picture."""
    assert read_plain([TextPart("a"), ReasoningPart("no"), TextFilePart("n", "b")]) == "a\n\nb"
    assert has_media([TextPart("a"), FOUND])
    assert not has_media([TextPart("a")])
