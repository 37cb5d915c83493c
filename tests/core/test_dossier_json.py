"""A dossier as JSON, in the format of docs/export.md."""

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given
from tests.dossiers import PICTURE, PICTURE_ADDRESS, a_dossier, a_generation, dossiers, same

from chit.core.dossier import Dossier
from chit.core.dossier_json import encode_dossier
from chit.core.dossier_reading import decode_dossier
from chit.core.messages import MediaPart, TextPart
from chit.core.scrub import Scrubber


@given(dossiers())
def test_any_dossier_comes_back(dossier: Dossier) -> None:
    """As the same value, in one line, and always in the same bytes; media in requests as references."""
    line = encode_dossier(dossier, same)
    read = decode_dossier(line)
    assert (line.count(b"\n"), line[-1:]) == (1, b"\n")
    assert encode_dossier(read, same) == line
    assert (read.conversation, read.messages) == (dossier.conversation, dossier.messages)
    assert [replace(each, request=b"") for each in read.generations] == [
        replace(each, request=b"") for each in dossier.generations
    ]


def test_the_format_is_what_the_document_says() -> None:
    """Every member of every object, costs as decimal text, and the record as it came."""
    dossier = a_dossier()
    value = json.loads(encode_dossier(dossier, same))
    assert list(value) == ["format", "version", "conversation", "messages", "generations", "blobs"]
    assert (value["format"], value["version"]) == ("chit-conversation", 1)
    [generation] = value["generations"]
    assert generation["usage"]["cost"] == "0.0000013"
    assert generation["settlement"]["record"]["provider_name"] == "Somebody"
    assert json.loads(generation["request"])["model"] == "a/b"
    document = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8")
    told = {*value, *value["conversation"], *value["messages"][0], *value["messages"][0]["options"], *generation}
    told |= {*generation["usage"], *generation["settlement"], "first", "new", "last", "deleted"}
    assert {name for name in told if f"`{name}`" not in document} == set()


def test_media_is_told_once() -> None:
    """However many messages and requests hold a picture."""
    dossier = a_dossier()
    picture = MediaPart({"type": "image_url", "image_url": {"url": PICTURE_ADDRESS}})
    messages = tuple(replace(each, parts=(picture,)) for each in dossier.messages)
    line = encode_dossier(replace(dossier, messages=messages), same)
    assert line.count(PICTURE.encode()) == 1
    assert decode_dossier(line).messages == messages


def test_a_key_is_nowhere_in_it() -> None:
    """Attack 35: in a title, a message, a request, a reply, an error, a record or the name of a member."""
    key = "sk-or-v1-" + "5ca1ab1e" * 8
    dossier = a_dossier(f"my key is {key}")
    dirty = a_generation(
        dossier.messages[1],
        request=f'{{"messages":[{{"content":"{key}"}}]}}'.encode(),
        completion={key: [key]},
        error=None,
        provider=key,
    )
    line = encode_dossier(replace(dossier, generations=(dirty,)), Scrubber(()).scrub).decode()
    assert "5ca1ab1e5ca1" not in line
    part = decode_dossier(line.encode()).messages[0].parts[0]
    assert isinstance(part, TextPart)
    assert part.text == "my key is sk-or-…ab1e"
