"""What is not text, as lines."""

from chit.cli.parts import part_lines
from chit.core.messages import MediaPart, Message, TextFilePart, TextPart, ToolCallPart, ToolResultPart


def test_each_part_that_is_not_text_is_a_line() -> None:
    """Calls, results and media in order, neutralised; text is shown elsewhere; data is never dumped."""
    parts = (
        TextPart("Hi"),
        ToolCallPart(id="c1", name="f\x1b", arguments="{}"),
        ToolResultPart(tool_call_id="c1", content="42"),
        MediaPart({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}),
        MediaPart({}),
        MediaPart({"type": "file"}, "a\x1b.pdf"),
        TextFilePart("notes.md", "x"),
    )
    message = Message(id="m1", conversation_id="c", source="actor", parts=parts)
    assert part_lines(message) == [
        "→ f\ufffd({})",
        "← c1: 42",
        "→ image_url (as data: chit show m1 --json)",
        "→ media (as data: chit show m1 --json)",
        "→ file a\ufffd.pdf (as data: chit show m1 --json)",
        "→ text notes.md (as data: chit show m1 --json)",
    ]
