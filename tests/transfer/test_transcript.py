"""A conversation as Markdown: readable, and harmless in whatever opens it."""

import re
from dataclasses import replace
from typing import Any

from tests.dossiers import PICTURE_ADDRESS, a_dossier, a_generation
from tests.render.xss_corpus import VECTORS
from tests.transfer.chatgpt_exports import conversation

from chit.core.chatgpt import read_chatgpt
from chit.core.conversation import Conversation
from chit.core.dossier import Dossier
from chit.core.generation import Settlement
from chit.core.messages import (
    AnnotationPart,
    MediaPart,
    Message,
    Options,
    Part,
    ReasoningPart,
    TextFilePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from chit.errors import ChitError
from chit.render.neutral import is_harmless
from chit.transfer.pictures import find_picture, name_media
from chit.transfer.transcript import write_transcript


def write(dossier: Dossier) -> str:
    """With pictures in files; messages have their order from a store."""
    messages = tuple(replace(each, seq=place) for place, each in enumerate(dossier.messages, 1))
    return write_transcript(replace(dossier, messages=messages), lambda address: "pictures/x.png")


def with_parts(*parts: Part, **members: Any) -> Dossier:
    """The reply says this."""
    dossier = a_dossier()
    reply = replace(dossier.messages[1], parts=parts)
    generation = replace(dossier.generations[0], **members)
    return replace(dossier, messages=(dossier.messages[0], reply), generations=(generation,))


def titled(dossier: Dossier, **members: Any) -> Dossier:
    """Its conversation changed."""
    assert dossier.conversation
    return replace(dossier, conversation=replace(dossier.conversation, **members))


def test_a_plain_conversation() -> None:
    """Front matter, a heading for each turn, and the chit."""
    dossier = titled(with_parts(TextPart("Because.")), created_at=1_750_000_000.0)
    generation = dossier.generations[0]
    assert write(dossier) == (
        '---\ntitle: "Why?"\ndate: "2025-06-15T15:06:40Z"\nmodel: "a/b-1"\ncost: "0.0000012"\ncurrency: "USD"\n'
        f'conversation: "{dossier.id}"\n---\n\n# Why\\?\n\n## You\n\nWhy?\n\n## a\\/b\\-1\n\nBecause.\n\n'
        "*Chit: \\$0\\.0000012 · Somebody · first token 0\\.2 s · 5 tok\\/s · "
        f"{str(generation.generation_id).replace('-', chr(92) + '-')}*\n"
    )


def test_everything_that_a_reply_holds() -> None:
    """Reasoning folded, tools, results, pictures, other media, sources."""
    cited = {"url": "https://a.example/x?y=1", "title": "A [title]"}
    told = write(
        with_parts(
            ReasoningPart("Hm <b>\n\n```\n<i>\n```"),
            TextPart("Look"),
            TextFilePart("a_b.py", "x = 1"),
            ToolCallPart("1", "find", '{"q":1}'),
            ToolCallPart("2", "", "x"),
            ToolResultPart("1", "found"),
            ToolResultPart("2", [{"type": "text", "text": "x"}]),
            MediaPart({"type": "image_url", "image_url": {"url": PICTURE_ADDRESS}}),
            MediaPart({"type": "file", "file": {"filename": "a_b.pdf"}}),
            AnnotationPart({"url_citation": cited}),
            AnnotationPart({"url_citation": {"url": "javascript:alert(1)"}}),
            AnnotationPart({"url_citation": {"title": "no address"}}),
            AnnotationPart({"file": {}}),
        )
    )
    for piece in (
        "<details>\n<summary>Thoughts</summary>\n\nHm &lt;b>\n\n```\n&lt;i>\n```\n\n</details>",
        "Attached: a\\_b\\.py\n\n```\nx = 1\n```",
        'Tool find:\n\n```json\n{"q":1}\n```',
        "Tool without a name:",
        "```\nfound\n```",
        '[{"type":"text","text":"x"}]',
        "![Picture](pictures/x.png)",
        "*Attached: file\\: a\\_b\\.pdf*",
        "Sources:\n\n- [A \\[title\\]](https://a.example/x?y=1)\n"
        "- javascript\\:alert\\(1\\): javascript\\:alert\\(1\\)",
    ):
        assert piece in told, piece
    assert "no address" not in told


def test_how_a_reply_ended() -> None:
    """In a line: an error, a stop, a cut; and what is not known of its cost."""
    failed = with_parts(state="failed", error=ChitError("no *luck*", hint="Try again.").as_dict())
    assert "**no \\*luck\\*** Try again\\." in write(failed)
    assert "*You stopped this reply.*" in write(with_parts(state="stopped"))
    waiting = Settlement(generation_id="gen-1")
    cut = with_parts(state="cut", model=None, settlement=waiting, generation_id="gen-1", time_to_first_token_ms=None)
    assert "## a\\/b\n" in write(cut)
    assert "*This reply broke off.*\n\n*Chit: \\$0\\.0000013 · Somebody · pending · gen\\-1*" in write(cut)
    bare = with_parts(state="unknown", model=None, requested_model=None, settlement=None, generation_id=None)
    assert "## Model\n" in write(bare)
    assert 'model: ""' in write(bare)


def test_other_versions_are_noted() -> None:
    """The branch that is shown is written; which version it is stands where others are."""
    dossier = a_dossier()
    again = replace(dossier.messages[1], id="again", parts=(TextPart("Otherwise."),))
    told = write(replace(dossier, messages=(*dossier.messages, again)))
    assert "Otherwise." in told
    assert "Because." not in told
    assert "*This is version 2 of 2. The others are in the export as JSON.*" in told


def test_who_speaks() -> None:
    """Instructions, the person, tools; and nothing of what is not shown."""
    id = a_dossier().id
    conversation = Conversation(id=id, title="", origin="api")
    messages: list[Message] = []
    for source in ("system", "client", "user", "user"):
        hidden = Options(visible_to_user=len(messages) < 3)
        parent = messages[-1].id if messages else None
        messages.append(
            Message(
                id=f"m{len(messages)}",
                conversation_id=id,
                parent_id=parent,
                source=source,
                parts=(TextPart(f"says {len(messages)}"),),
                options=hidden,
            )
        )
    told = write(Dossier(id=id, conversation=conversation, messages=tuple(messages)))
    assert re.findall(r"^#+ .*", told, re.MULTILINE) == [
        "# Untitled",
        "## Instructions",
        "## Results of tools",
        "## You",
    ]
    assert 'cost: ""' in told
    assert "says 3" not in told


def test_an_id_that_was_met_twice_costs_once() -> None:
    """As on the page."""
    dossier = a_dossier()
    twice = replace(dossier, generations=(dossier.generations[0], replace(dossier.generations[0], id="again")))
    assert 'cost: "0.0000012"' in write(twice)
    both = replace(dossier, generations=(dossier.generations[0], a_generation(dossier.messages[1])))
    assert 'cost: "0.0000024"' in write(both)


def test_a_private_a_deleted_and_an_empty_one() -> None:
    """A private one says so, of a deleted one there is nothing, an empty one has its front matter."""
    assert "is private" in write(titled(a_dossier(), private=True))
    assert write(replace(a_dossier(), conversation=None)) == ""
    assert write(replace(a_dossier(), messages=(), generations=())).endswith("# Why\\?\n")


def test_attack_41_wherever_a_text_can_stand() -> None:
    """Attack 41: each vector in title, message, reasoning, tool, source, names and error, and the file is harmless."""
    for text in VECTORS:
        evil = with_parts(
            TextPart(text),
            ReasoningPart(text),
            ToolCallPart(text, text, text),
            ToolResultPart(text, text),
            MediaPart({"type": text, "image_url": text}),
            MediaPart({"type": "file", "file": {"filename": text}}),
            AnnotationPart({"url_citation": {"url": text, "title": text}}),
            AnnotationPart({"url_citation": {"url": f"https://a.example/{text}", "title": text}}),
            model=text,
            provider=text,
            error={"message": text, "hint": text},
        )
        told = write(titled(evil, title=text)).partition("\n---\n")
        assert "\n" not in told[0].partition('title: "')[2].partition('"\ndate')[0]
        body = re.sub(r"^(<details>|<summary>Thoughts</summary>|</details>)$", "", told[2], flags=re.MULTILINE)
        assert is_harmless(body), text


def test_what_is_no_picture() -> None:
    """Kinds that can hold a script, addresses on the web, and what only claims to be base64."""
    for address in ("data:image/svg+xml;base64,AAAA", "https://a.example/x.png", "data:image/png;base64,A", None, 1):
        assert find_picture({"image_url": address}) is None
    assert find_picture({"image_url": {"url": PICTURE_ADDRESS}}) == PICTURE_ADDRESS
    assert name_media({"type": "input_audio"}) == "audio"


def test_what_another_program_asked() -> None:
    """The model is named, and there is no chit."""
    told = write(read_chatgpt(conversation(), lambda id, name: None))
    assert "## gpt\\-4o\n" in told
    assert "Chit:" not in told
