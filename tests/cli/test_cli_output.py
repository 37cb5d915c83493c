"""Where an answer goes."""

import os
from pathlib import Path
from typing import Any

import pytest

from chit.cli.output import OutputFile
from chit.errors import ChitError, InputError


def listing(folder: Path) -> dict[str, str]:
    """Everything in it."""
    return {each.name: each.read_text() for each in folder.iterdir()}


def test_a_file_is_there_once_it_is_whole(tmp_path: Path) -> None:
    """Its name is taken at once; before the end nobody reads half of it."""
    output = OutputFile(str(tmp_path / "a.md"), overwrite=False)
    assert (tmp_path / "a.md").read_text() == ""
    output.write("Hé\ud800")
    assert (tmp_path / "a.md").read_text() == ""
    output.keep()
    output.discard()
    assert listing(tmp_path) == {"a.md": "Hé?"}
    assert not output.is_terminal


def test_nothing_is_left_of_what_was_not_kept(tmp_path: Path) -> None:
    """Neither the name nor the part."""
    output = OutputFile(str(tmp_path / "a.md"), overwrite=False)
    output.write("Half")
    output.discard()
    output.discard()
    assert listing(tmp_path) == {}


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    """Unless that is said; and then it stays until the new one is whole, and keeps its mode."""
    (tmp_path / "a.md").write_text("Old")
    (tmp_path / "a.md").chmod(0o640)
    (tmp_path / "link.md").symlink_to(tmp_path / "a.md")
    with pytest.raises(InputError, match="is there already, and was left as it is"):
        OutputFile(str(tmp_path / "link.md"), overwrite=False)
    output = OutputFile(str(tmp_path / "link.md"), overwrite=True)
    output.write("Half")
    output.discard()
    assert (tmp_path / "a.md").read_text() == "Old"
    output = OutputFile(str(tmp_path / "link.md"), overwrite=True)
    output.write("New")
    output.keep()
    assert (tmp_path / "link.md").is_symlink()
    assert listing(tmp_path) == {"a.md": "New", "link.md": "New"}
    assert (tmp_path / "a.md").stat().st_mode & 0o777 == 0o640


def test_somebody_else_takes_the_name_meanwhile(tmp_path: Path) -> None:
    """What they wrote is not removed by an answer that came to nothing."""
    output = OutputFile(str(tmp_path / "a.md"), overwrite=False)
    (tmp_path / "a.md").write_text("Theirs")
    output.discard()
    assert listing(tmp_path) == {"a.md": "Theirs"}


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    """Told before anything is sent."""
    for name in (str(tmp_path / "none" / "a"), "a\0b", str(tmp_path)):
        with pytest.raises(InputError, match=r"cannot be written: .*"):
            OutputFile(name, overwrite=True)


def test_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    """So is a device."""
    os.mkfifo(tmp_path / "pipe")
    reading = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    output = OutputFile(str(tmp_path / "pipe"), overwrite=False)
    output.write("Hi")
    output.keep()
    assert os.read(reading, 10) == b"Hi"
    os.close(reading)


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """When writing, and when the file is put in its place."""
    output = OutputFile("/dev/full", overwrite=False)
    with pytest.raises(ChitError, match="/dev/full cannot be written: No space left") as caught:
        output.write("Hi")
    assert caught.value.kind == "output_failed"
    output.discard()
    output = OutputFile(str(tmp_path / "b"), overwrite=False)
    (tmp_path / "b").unlink()
    (tmp_path / "b").mkdir()
    with pytest.raises(ChitError, match="cannot be written"):
        output.keep()
    output.discard()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b"]


@pytest.mark.parametrize(("name", "kind"), [("a.PNG", "image"), ("a.mp3", "audio"), ("a.md", None), ("png", None)])
def test_the_name_says_what_it_is_for(tmp_path: Path, name: str, kind: Any) -> None:
    """By its ending."""
    output = OutputFile(str(tmp_path / name), overwrite=False)
    assert output.media == kind
    output.discard()
