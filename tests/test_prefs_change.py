"""Changing the file: whole, private, and one after the other."""

import os
import resource
import signal
import stat
import subprocess
import sys
import threading
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chit.errors import DiskFull, InputError
from chit.prefs import load_prefs
from chit.prefs_change import explaining_os_errors, replace_file, set_in_file, unset_in_file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file will be, in a folder that is not there yet."""
    return tmp_path / "deep" / "home" / "prefs.toml"


def test_the_first_change_makes_the_file(path: Path) -> None:
    """File and folder come into being for this user alone, and nothing else stays in the folder."""
    set_in_file(path, ["theme"], "dark")
    assert path.read_text() == 'theme = "dark"\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_readable_file_becomes_private(path: Path) -> None:
    """A change takes away what others may do with the file."""
    set_in_file(path, ["theme"], "dark")
    path.chmod(0o644)
    set_in_file(path, ["theme"], "light")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_change_leaves_the_file_alone(path: Path) -> None:
    """Setting what is set does not even write."""
    set_in_file(path, ["theme"], "dark")
    before = path.stat()
    set_in_file(path, ["theme"], "dark")
    assert path.stat().st_ino == before.st_ino


def test_unsetting(path: Path) -> None:
    """Whether there was something to unset is told, and without a file nothing is made."""
    assert not unset_in_file(path, ["theme"])
    assert not path.parent.exists()
    set_in_file(path, ["theme"], "dark")
    assert not unset_in_file(path, ["model"])
    assert unset_in_file(path, ["theme"])
    assert path.read_text() == ""


def test_a_symbolic_link_stays_one(path: Path, tmp_path: Path) -> None:
    """Settings that rest in a repository of dotfiles are changed there."""
    dotfiles = tmp_path / "dotfiles"
    dotfiles.mkdir()
    path.parent.mkdir(parents=True)
    path.symlink_to(dotfiles / "chit.toml")
    set_in_file(path, ["theme"], "dark")
    assert path.is_symlink()
    assert (dotfiles / "chit.toml").read_text() == 'theme = "dark"\n'


@pytest.mark.parametrize("data", [b"theme = \n", b'theme = "\xff"\n'])
def test_a_broken_file_is_never_overwritten(path: Path, data: bytes) -> None:
    """Setting and unsetting refuse a broken file with its line, and every byte of it stays."""
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    with pytest.raises(InputError, match="line 1"):
        set_in_file(path, ["theme"], "dark")
    with pytest.raises(InputError, match="line 1"):
        unset_in_file(path, ["theme"])
    assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_a_wrong_value_can_be_mended(path: Path) -> None:
    """Valid TOML with wrong values is changed, so that a command can mend each of them."""
    path.parent.mkdir(parents=True)
    path.write_text('theme = "blue"\nlow_balance = "much"\n')
    set_in_file(path, ["theme"], "dark")
    unset_in_file(path, ["low_balance"])
    assert load_prefs({"CHIT_HOME": str(path.parent)}).theme == "dark"


def test_what_is_too_intricate_is_told(path: Path) -> None:
    """Where a change would change more, the error names file and preference, and the file stays."""
    path.parent.mkdir(parents=True)
    path.write_text("parameters = 3\n")
    with pytest.raises(InputError, match=r"parameters\.seed cannot be changed: parameters has no members") as caught:
        set_in_file(path, ["parameters", "seed"], 1)
    assert "chit prefs edit" in caught.value.hint
    assert path.read_text() == "parameters = 3\n"


def test_what_a_dead_process_left_is_no_hindrance(path: Path) -> None:
    """A file half written by a process that was killed is replaced."""
    path.parent.mkdir(parents=True)
    (path.parent / ".prefs.toml.new").write_text("the")
    set_in_file(path, ["theme"], "dark")
    assert list(path.parent.iterdir()) == [path]


def test_a_replacement_needs_the_file_it_was_made_from(path: Path) -> None:
    """An edit takes the place of what was edited, and of nothing that came between."""
    replace_file(path, None, b"a = 1\n")
    replace_file(path, b"a = 1\n", b"a = 2\n")
    with pytest.raises(InputError, match="changed by another program"):
        replace_file(path, b"a = 1\n", b"a = 3\n")
    with pytest.raises(InputError, match="changed by another program"):
        replace_file(path, None, b"a = 3\n")
    assert path.read_bytes() == b"a = 2\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file in the folder's place is an error that names the path."""
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"prefs\.toml cannot be written"):
        set_in_file(tmp_path / "file" / "home" / "prefs.toml", ["theme"], "dark")


def test_a_full_disk_keeps_the_old_file(path: Path) -> None:
    """Where nothing more can be written, the old file stays whole and nothing is left beside it."""
    set_in_file(path, ["theme"], "dark")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        with pytest.raises(DiskFull, match="was not changed") as caught:
            set_in_file(path, ["theme"], "light")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert caught.value.hint
    assert path.read_text() == 'theme = "dark"\n'
    assert list(path.parent.iterdir()) == [path]


def test_an_error_without_words_is_told() -> None:
    """Where the system gives no reason, the error's own text stands in."""
    with pytest.raises(InputError, match="odd"), explaining_os_errors(Path("/x")):
        raise OSError("odd")


def test_two_at_a_time_both_count(path: Path) -> None:
    """Many changes at once, each of its own value, are all there in the end."""

    def change(worker: int) -> None:
        for number in range(5):
            set_in_file(path, ["parameters", f"x{worker}_{number}"], number)

    workers = [threading.Thread(target=change, args=(worker,)) for worker in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(tomllib.loads(path.read_text())["parameters"]) == 40


def test_killed_at_any_moment_the_file_is_whole(path: Path) -> None:
    """After `kill -9` amid changes the file is an old or a new one, and can be changed again."""
    code = (
        "import sys; from pathlib import Path; from chit.prefs_change import set_in_file\n"
        "for number in range(10**9):\n"
        "    set_in_file(Path(sys.argv[1]), ['parameters', 'seed'], number)\n"
        "    number or print('go', flush=True)\n"
    )
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    for _ in range(5):
        command = [sys.executable, "-c", code, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=unmeasured) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"go\n"
            process.kill()
        assert list(tomllib.loads(path.read_text())["parameters"]) == ["seed"]
    set_in_file(path, ["theme"], "dark")
    assert list(path.parent.iterdir()) == [path]


names = st.sampled_from(["parameters.seed", "parameters.provider.sort", "parameters.stop", "parameters.x-y"])
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)


@settings(max_examples=50)
@given(given_=st.dictionaries(names, st.integers() | lines | st.lists(lines, max_size=3), min_size=1), note=lines)
def test_what_is_set_is_loaded(tmp_path_factory: pytest.TempPathFactory, given_: dict[str, object], note: str) -> None:
    """Any values set one after the other are loaded as they were, and the comment above them is still there."""
    home = tmp_path_factory.mktemp("home")
    path = home / "prefs.toml"
    path.write_text(f"# note {note}\n", encoding="utf-8")
    for name, value in given_.items():
        set_in_file(path, name.split("."), value)
    loaded = load_prefs({"CHIT_HOME": str(home)}).parameters
    for name, value in given_.items():
        found: object = loaded
        for step in name.split(".")[1:]:
            assert isinstance(found, dict)
            found = found[step]
        assert found == value
    assert path.read_text(encoding="utf-8").startswith(f"# note {note}\n")
