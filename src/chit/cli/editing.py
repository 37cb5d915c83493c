"""The work of `chit prefs edit`: a copy is edited, checked, and only then put in the file's place."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from chit.core.preferences import PREFERENCES
from chit.core.stray_secret import holds_key, names_secret
from chit.errors import ChitError, InputError
from chit.prefs_change import explaining_os_errors, replace_file
from chit.prefs_file import check_toml, decode_toml, read_bytes

_NOT_CHANGED = "the preferences are as they were"


def edit_prefs_file(path: Path) -> None:
    """Raises `InputError` if nothing came of it. An edit that cannot be used is kept, and the error says where."""
    before = read_bytes(path)
    start = write_template().encode() if before is None else before
    copy = _write_copy(path, start)
    code = _run_editor(copy)
    after = read_bytes(copy)
    if after is None:
        raise InputError(f"the editor left no file behind; {_NOT_CHANGED}", hint="Try again, with another $EDITOR say.")
    if holds_key(after.decode("utf-8", "replace")):
        copy.unlink()
        raise InputError(
            f"there is an API key in the edit, which was therefore not kept; {_NOT_CHANGED}",
            hint="Keys go into the vault: chit key set",
        )
    if after == start:
        copy.unlink()
        _tell("nothing was changed.")
    if code:
        kept = "" if after == start else f" The edit is kept in {copy}."
        raise InputError(f"the editor ended with code {code}; {_NOT_CHANGED}.{kept}", hint="Try again.")
    if after != start:
        _put_in_place(path, before, after, copy)


def write_template() -> str:
    """What a first edit begins with: every preference, explained and set aside by a #."""
    parts = [f"# {each.about}\n# Takes {each.takes}.\n#{each.example}\n" for each in PREFERENCES]
    return "\n".join(["# Chit's preferences. Without the # in front of its last line, each is set.\n", *parts])


def _put_in_place(path: Path, before: bytes | None, after: bytes, copy: Path) -> None:
    try:
        content = check_toml(decode_toml(after, copy), copy)
        replace_file(path, before, after)
    except ChitError as error:
        there = "there" if str(copy) in error.message else f"in {copy}"
        told = f"{error.message}; the edit is kept {there}, and {_NOT_CHANGED}"
        raise type(error)(told, hint="Mend that file and move it into place, or edit again.") from error
    copy.unlink()
    for warning in content.warnings:
        _tell(warning.replace(str(copy), str(path)))


def _write_copy(path: Path, data: bytes) -> Path:
    """Beside the file, for this user alone."""
    with explaining_os_errors(path):
        folder = Path(os.path.realpath(path)).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, name = tempfile.mkstemp(prefix="prefs.edit-", suffix=".toml", dir=folder)
        copy = Path(name)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(data)
        except OSError:
            copy.unlink()
            raise
    return copy


def _run_editor(copy: Path) -> int:
    """Its exit code. It is told nothing that is, or is named like, a secret."""
    editor = next((text for name in ("VISUAL", "EDITOR") if (text := os.environ.get(name, "").strip())), "vi")
    environment = {name: value for name, value in os.environ.items() if not names_secret(name) and not holds_key(value)}
    try:
        command = [*shlex.split(editor), str(copy)]
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 (the person's own)
    except (OSError, ValueError) as error:
        copy.unlink()
        raise InputError(f"the editor {editor!r} cannot be started: {error}", hint="Set $EDITOR to one.") from error


def _tell(text: str) -> None:
    from chit.cli.terminal import neutralise, write_err

    write_err(f"chit: {neutralise(text)}\n")
