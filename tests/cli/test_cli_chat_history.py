"""What was typed into chats."""

import json
import os
from pathlib import Path

import pytest

from chit.cli import chat_history
from chit.cli.chat_history import MOST_LINES, InputHistory


def load(path: Path) -> list[str]:
    """The newest first."""
    return list(InputHistory(path).load_history_strings())


def test_inputs_are_kept(tmp_path: Path) -> None:
    """With their lines, the newest first, for this user alone."""
    path = tmp_path / "chat-input"
    assert load(path) == []
    history = InputHistory(path)
    for text in ("one", "two\nthree", "Hé\udcff"):
        history.append_string(text)
    assert load(path) == ["Hé\udcff", "two\nthree", "one"]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    """With the next input."""
    path = tmp_path / "chat-input"
    path.touch(0o644)
    InputHistory(path).append_string("one")
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_is_not_kept(tmp_path: Path) -> None:
    """Whoever pastes one by mistake finds it nowhere."""
    InputHistory(tmp_path / "chat-input").append_string("my key is sk-or-v1-0123456789abcdef")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    """Lines of others, and half of one."""
    path = tmp_path / "chat-input"
    path.write_bytes(b'"one"\n{\n1\n\xff\n"two"\n"thr')
    assert load(path) == ["two", "one"]


def test_a_place_that_cannot_be_written_is_no_reason_not_to_chat(tmp_path: Path) -> None:
    """Neither is one that cannot be read."""
    InputHistory(tmp_path / "none" / "chat-input").append_string("one")
    assert load(tmp_path) == []


def test_it_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest stay: by number, and by size."""
    path = tmp_path / "chat-input"
    path.write_text("".join(f"{json.dumps(str(number))}\n" for number in range(2 * MOST_LINES + 1)))
    (tmp_path / "chat-input.new").touch()
    assert load(path)[:: MOST_LINES - 1] == [str(2 * MOST_LINES), str(MOST_LINES + 1)]
    assert len(path.read_bytes().splitlines()) == MOST_LINES
    assert os.listdir(tmp_path) == ["chat-input"]
    monkeypatch.setattr(chat_history, "_MOST_BYTES", 20)
    assert load(path) == ["2000"]
    assert path.stat().st_mode & 0o777 == 0o600
