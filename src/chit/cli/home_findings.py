"""Findings about the home folder and the preferences in it."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chit.cli.exits import USAGE, exit_code
from chit.cli.findings import Finding, Hide, find_failure
from chit.core.preferences import PREFERENCES
from chit.errors import DiskFull, InputError
from chit.prefs import UserPrefs, check_value, find_home, find_prefs_file, load_prefs
from chit.store.home import ROOM_FOR_A_SEND, Home, explain_os_error
from chit.vault.vault_file import FILE_NAME

_OTHERS = 0o077
_GIB = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPrefs:
    """The preferences, as far as they can be used."""

    prefs: UserPrefs
    findings: list[Finding]
    names_base_url: bool
    """Whether the base URL is the one that the person means: a broken file may have named another, and a key must not
    go elsewhere."""


def load_patiently(environment: Mapping[str, str]) -> LoadedPrefs:
    """What is wrong becomes a finding, without the words of the error, which may repeat what the file says."""
    try:
        prefs = load_prefs(environment)
    except InputError as error:
        values = dict(_usable_variables(environment))
        finding = Finding(
            topic="preferences",
            verdict="bad",
            text="they cannot be used, so that what follows is true of the defaults",
            hint="`chit prefs list` says what is wrong, and `chit prefs edit` mends the file.",
            exit_code=exit_code(error),
        )
        prefs = UserPrefs(home=_find_home(environment), **values)
        return LoadedPrefs(prefs=prefs, findings=[finding], names_base_url="base_url" in values)
    return LoadedPrefs(prefs=prefs, findings=[_tell_warnings(prefs, environment)], names_base_url=True)


def _tell_warnings(prefs: UserPrefs, environment: Mapping[str, str]) -> Finding:
    if prefs.warnings:
        text = f"{len(prefs.warnings)} of the lines in prefs.toml may not mean what they should"
        return Finding(topic="preferences", verdict="warn", text=text, hint="See: chit prefs list")
    exists = find_prefs_file(environment).exists()
    text = "prefs.toml can be used" if exists else "there is no prefs.toml, so that the defaults hold"
    return Finding(topic="preferences", verdict="ok", text=text)


def _usable_variables(environment: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for each in PREFERENCES:
        if text := environment.get(each.variable):
            try:
                yield each.name, check_value(each, each.read(text))
            except InputError:
                continue


def _find_home(environment: Mapping[str, str]) -> Path:
    try:
        return find_home(environment)
    except InputError:
        return Path(environment["CHIT_HOME"]).absolute()  # there is nothing at a place that cannot be


def examine_home(folder: Path, hide: Hide) -> list[Finding]:
    """Whose it is, who can read it, whether there is room. It is not created."""
    home = Home(folder)
    shown = hide(str(folder))
    try:
        about = folder.stat()
        problems = list(_find_problems(home, about, hide))
        free = shutil.disk_usage(folder).free
    except FileNotFoundError:
        text = f"{shown} is not there yet; what is first saved makes it"
        return [Finding(topic="home", verdict="note", text=text)]
    except OSError as error:
        return [find_failure("home", explain_os_error(error, folder), hide)]
    if free < ROOM_FOR_A_SEND:
        problems.append(
            Finding(
                topic="home",
                verdict="bad",
                text=f"only {free // 1024**2} MiB are free in {shown}: nothing is sent any more",
                hint="Free some space. Reading works meanwhile.",
                exit_code=exit_code(DiskFull("")),
            )
        )
    if problems:
        return problems
    room = f"{free / _GIB:.1f} GiB free"
    return [Finding(topic="home", verdict="ok", text=f"{shown}: yours alone, writable, {room}")]


def _find_problems(home: Home, about: os.stat_result, hide: Hide) -> Iterator[Finding]:
    shown = hide(str(home.folder))
    if not stat.S_ISDIR(about.st_mode):
        yield _bad(f"{shown} is not a folder", "Move it away, or set CHIT_HOME to another place.")
        return
    if about.st_uid != os.geteuid():
        yield _warn(f"{shown} belongs to another user", "Run Chit as its owner, or set CHIT_HOME to another folder.")
    if not os.access(home.folder, os.R_OK | os.W_OK | os.X_OK):
        hint = "Check its owner and permissions. What is saved can be read meanwhile, and nothing is sent."
        yield _bad(f"{shown} cannot be written to", hint)
    for path, mode in (
        *((folder, "700") for folder in (home.folder, home.blobs, home.run)),
        *((file, "600") for file in (home.database, home.folder / FILE_NAME)),
    ):
        if _is_open_to_others(path):
            yield _warn(
                f"others may look into {hide(str(path))}", f"Make it yours alone: chmod {mode} {hide(str(path))}"
            )
    if any(map(_is_open_to_others, (home.backups, *home.backups.rglob("*")))):
        shown = hide(str(home.backups))
        yield _warn(f"others may look into backups in {shown}", f"Make them yours alone: chmod -R go= {shown}")


def _is_open_to_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & _OTHERS)


def _bad(text: str, hint: str) -> Finding:
    return Finding(topic="home", verdict="bad", text=text, hint=hint, exit_code=USAGE)


def _warn(text: str, hint: str) -> Finding:
    return Finding(topic="home", verdict="warn", text=text, hint=hint)
