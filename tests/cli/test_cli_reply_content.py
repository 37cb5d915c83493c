"""Several pictures of one reply, in files: `chit ask -o` as a whole."""

import base64
import json
from pathlib import Path

import pytest
from tests.cli.person import Person

from chit.cli.output import OutputFile
from chit.errors import ChitError
from chit.sandbox.reply import Reply

PNG = b"\x89PNG\r\n\x1a\n"


def draw(person: Person, *endings: bytes) -> None:
    """The next reply: a picture for each."""
    urls = [f"data:image/png;base64,{base64.b64encode(PNG + ending).decode()}" for ending in endings]
    images = [{"type": "image_url", "image_url": {"url": url}} for url in urls]
    body = {"id": "gen-1", "choices": [{"message": {"content": "", "images": images}, "finish_reason": "stop"}]}
    person.upstream.queue(Reply(body=json.dumps(body)))


def pictures(folder: Path) -> dict[str, bytes]:
    """Those in it by name; of each what follows the signature."""
    return {path.name: path.read_bytes().removeprefix(PNG) for path in folder.glob("*.png") if path.is_file()}


@pytest.mark.parametrize(
    ("options", "left", "names"),
    [
        ((), {"a-2.png": b"old", "a-4.png": b"old"}, ("a.png", "a-3.png", "a-5.png")),
        (("--force",), {}, ("a.png", "a-2.png", "a-4.png")),
    ],
)
def test_several_pictures_stand_beside_each_other(
    person: Person, tmp_path: Path, options: tuple[str, ...], left: dict[str, bytes], names: tuple[str, ...]
) -> None:
    """The first has the name that was given, the others the next numbers; what is there is replaced only by force."""
    (tmp_path / "a-2.png").write_bytes(b"old")
    (tmp_path / "a-4.png").write_bytes(b"old")
    (tmp_path / ("a-3.png" if options else "a-6.png")).mkdir()
    draw(person, b"1", b"2", b"3")
    outcome = person.call("ask", "--no-stream", "Draw.", "-o", str(tmp_path / "a.png"), *options)
    assert outcome.code == 0
    assert pictures(tmp_path) == left | dict(zip(names, (b"1", b"2", b"3"), strict=True))
    first, second, third, chit = outcome.err.splitlines()[3:]
    told = [f"→ picture-{at}.png is in {tmp_path / name}" for at, name in enumerate(names, 1)]
    assert [first, second, third] == told
    assert chit.startswith("▸ ")


def test_a_name_that_is_taken_meanwhile_is_left_out(person: Person, tmp_path: Path) -> None:
    """As is a link that leads nowhere, whose name only looks free."""
    (tmp_path / "a-2.png").symlink_to(tmp_path / "none" / "such.png")
    draw(person, b"1", b"2")
    assert person.call("ask", "--no-stream", "Draw.", "-o", str(tmp_path / "a.png")).code == 0
    assert pictures(tmp_path) == {"a.png": b"1", "a-3.png": b"2"}


def test_a_picture_that_cannot_be_written_costs_no_other(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are kept and told, nothing is told of it but why, and the chit is printed."""
    keep = OutputFile.keep

    def fill_up(file: OutputFile) -> None:
        if file.name.endswith("-2.png"):
            raise ChitError(f"{file.name} cannot be written: No space", kind="output_failed")
        keep(file)

    monkeypatch.setattr(OutputFile, "keep", fill_up)
    draw(person, b"1", b"2", b"3")
    outcome = person.call("ask", "--no-stream", "Draw.", "-o", str(tmp_path / "a.png"))
    assert outcome.code == 6
    assert pictures(tmp_path) == {"a.png": b"1", "a-3.png": b"3"}
    first, third, chit, error = outcome.err.splitlines()[3:]
    assert (first, third) == (
        f"→ picture-1.png is in {tmp_path / 'a.png'}",
        f"→ picture-3.png is in {tmp_path / 'a-3.png'}",
    )
    assert chit.startswith("▸ ")
    assert error.startswith(f"chit: {tmp_path / 'a-2.png'} cannot be written: No space")
