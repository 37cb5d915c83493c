"""`chit prefs` as a person uses it."""

import io
import json
import os
import resource
import signal
import stat
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chit.cli.main import main
from chit.core.preferences import PREFERENCES

KEY = "sk-or-v1-" + "0ddba115" * 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one run ended."""

    code: int
    out: str
    err: str


@dataclass(slots=True, kw_only=True)
class Chooser:
    """A person with preferences, and a home of their own."""

    home: Path
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def file(self) -> Path:
        """Where the preferences are."""
        return self.home / "prefs.toml"

    def write(self, text: str) -> None:
        """The file, by hand."""
        self.home.mkdir(exist_ok=True)
        self.file.write_text(text, encoding="utf-8")

    def prefs(self, *arguments: str) -> Outcome:
        """`chit prefs` in this process."""
        out, err = io.BytesIO(), io.BytesIO()
        with pytest.MonkeyPatch.context() as patch:
            for name in [name for name in os.environ if name.startswith("CHIT_") or name in ("VISUAL", "EDITOR")]:
                patch.delenv(name)
            for name, value in {"CHIT_HOME": str(self.home), **self.variables}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="utf-8"))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding="utf-8", write_through=True))
            with pytest.raises(SystemExit) as ended:
                main(["prefs", *arguments])
            sys.stdout.flush()
            assert isinstance(ended.value.code, int)
            return Outcome(code=ended.value.code, out=out.getvalue().decode(), err=err.getvalue().decode())

    def refused(self, *arguments: str) -> str:
        """The one line of a command that must fail with exit code 2."""
        outcome = self.prefs(*arguments)
        assert (outcome.code, outcome.out, outcome.err.count("\n")) == (2, "", 1), outcome
        return outcome.err

    def edit_with(self, code: str) -> None:
        """An editor that runs `code`, Python with the file's path as `path`."""
        script = self.home.parent / "editor.key"  # its code may hold a canary
        script.write_text(f"import pathlib, sys\npath = pathlib.Path(sys.argv[1])\n{code}\n", encoding="utf-8")
        self.variables["EDITOR"] = f"'{sys.executable}' '{script}'"


@pytest.fixture
def person(tmp_path: Path) -> Chooser:
    """Somebody without preferences so far."""
    return Chooser(home=tmp_path / "home")


# --- list, get, path -------------------------------------------------------------------------------------------------


def test_list_shows_value_and_source(person: Chooser) -> None:
    """Each preference is one line with its value and whether default, file or environment gave it."""
    person.write('theme = "dark"\n[parameters]\nseed = 1\n')
    person.variables["CHIT_MODEL"] = "a/b"
    lines = [line.split(maxsplit=1) for line in person.prefs("list").out.splitlines()]
    told = dict(lines)
    assert told["model"] == "a/b  (environment: CHIT_MODEL)"
    assert told["theme"] == "dark  (file)"
    assert told["low_balance"] == "10.00  (default)"
    assert told["app_url"] == "–  (default)"
    assert told["parameters.seed"] == "1  (file)"


def test_list_as_json_is_one_object(person: Chooser) -> None:
    """A program reads the file's path, each value with source and variable, money as text, and the warnings."""
    person.write('low_balance = 2.5\nmodle = "x"\n')
    outcome = person.prefs("list", "--json")
    told = json.loads(outcome.out)
    assert told["file"] == str(person.file)
    assert list(told["preferences"]) == [each.name for each in PREFERENCES]
    assert told["preferences"]["low_balance"] == {"value": "2.50", "source": "file", "variable": "CHIT_LOW_BALANCE"}
    assert told["preferences"]["parameters"] == {"value": {}, "source": "default", "variable": "CHIT_PARAMETERS"}
    assert told["preferences"]["model"]["value"] is None
    assert "Did you mean model?" in told["warnings"][0]
    assert told["warnings"][0] in outcome.err


def test_get_prints_one_value(person: Chooser) -> None:
    """A preference, the whole table and a member of a member are each printed alone; an empty one as an empty line."""
    person.write('theme = "dark"\n[parameters.provider]\nsort = "price"\n')
    assert person.prefs("get", "theme").out == "dark\n"
    assert person.prefs("get", "model").out == "\n"
    assert person.prefs("get", "parameters").out == '{"provider":{"sort":"price"}}\n'
    assert person.prefs("get", "parameters.provider.sort").out == '"price"\n'


@pytest.mark.parametrize(
    ("name", "record"),
    [
        ("low_balance", {"name": "low_balance", "value": "10.00", "source": "default"}),
        ("parameters", {"name": "parameters", "value": {"provider": {"zdr": True}}, "source": "file"}),
        ("parameters.provider.zdr", {"name": "parameters.provider.zdr", "value": True, "source": "file"}),
    ],
)
def test_get_as_json_tells_the_source(person: Chooser, name: str, record: dict[str, Any]) -> None:
    """With --json, value and source are one object, for tables and members too."""
    person.write("[parameters.provider]\nzdr = true\n")
    assert json.loads(person.prefs("get", name, "--json").out) == record


@pytest.mark.parametrize("name", ["parameters.seed", "parameters.provider.sort", "parameters.provider.zdr.x"])
def test_get_of_what_is_not_set(person: Chooser, name: str) -> None:
    """A parameter without a default is told as such."""
    person.write("[parameters.provider]\nzdr = true\n")
    assert f"{name} is not set" in person.refused("get", name)


@pytest.mark.parametrize("command", [["get"], ["set"], ["unset"]])
@pytest.mark.parametrize(
    ("name", "meant"),
    [("modle", "Did you mean model?"), ("theme.x", "Did you mean theme?"), ("zzz", ""), ("parameters.", "")],
)
def test_an_unknown_name_is_refused(person: Chooser, command: list[str], name: str, meant: str) -> None:
    """No command takes a name that is no preference; the nearest is suggested, and nothing is written."""
    told = person.refused(*command, name, *(["x"] if command == ["set"] else []))
    assert "there is no preference" in told
    assert meant in told
    assert not person.file.exists()


def test_path_needs_no_valid_file(person: Chooser) -> None:
    """Where the file is, is told even if it is broken."""
    person.write("broken")
    assert person.prefs("path").out == f"{person.file}\n"


def test_values_cannot_move_the_cursor(person: Chooser) -> None:
    """What a terminal would obey is shown as a mark."""
    person.write('[parameters]\nuser = "a\\u009bb"\n')
    assert "\x9b" not in person.prefs("list").out + person.prefs("get", "parameters").out


# --- set and unset ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["model", "a/b:free, c/d"], 'model = "a/b:free, c/d"\n'),
        (["model", ""], 'model = ""\n'),
        (["app_name", "My", "App"], 'app_name = "My App"\n'),
        (["low_balance", "2.5"], "low_balance = 2.50\n"),
        (["auto_lock_minutes", "0"], "auto_lock_minutes = 0\n"),
        (["parameters.temperature", "0.2"], "[parameters]\ntemperature = 0.2\n"),
        (["parameters.top_k", "-1"], "[parameters]\ntop_k = -1\n"),
        (["parameters.service_tier", "flex"], '[parameters]\nservice_tier = "flex"\n'),
        (["parameters.provider.zdr", "true"], "[parameters]\nprovider = {zdr = true}\n"),
        (["parameters", '{"seed": 1}'], "[parameters]\nseed = 1\n"),
    ],
)
def test_set_writes_the_type(person: Chooser, arguments: list[str], text: str) -> None:
    """A value is read by the type of its preference, several words are one text, a parameter is JSON if it parses."""
    assert person.prefs("set", *arguments) == Outcome(code=0, out="", err="")
    assert person.file.read_text() == text
    assert stat.S_IMODE(person.file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("theme", "blue", "theme must be light, dark or system"),
        ("auto_lock_minutes", "-3", "auto_lock_minutes must be a whole number"),
        ("low_balance", "ten", "low_balance must be US dollars"),
        ("base_url", "http://x.test", "would send your key in the clear"),
        ("parameters", "3", "parameters must be a table"),
        ("parameters.stream", "true", "parameters.stream has no default"),
        ("parameters.seed", "null", "parameters.seed cannot be null"),
        ("model", "a\nb", "model must be one line"),
    ],
)
def test_set_refuses_in_one_line(person: Chooser, name: str, value: str, problem: str) -> None:
    """A wrong value is one line and exit code 2, and nothing is written."""
    assert problem in person.refused("set", name, value)
    assert not person.file.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["api_key", "hunter2"],
        ["token", "hunter2"],
        ["model", KEY],
        [KEY, "hunter2"],
        ["parameters.password", "hunter2"],
        [f"parameters.{KEY}", "hunter2"],
        ["parameters.stop", f'["{KEY}"]'],
        ["app_url", f"https://x.test/?k={KEY}"],
    ],
)
def test_set_never_takes_a_secret(person: Chooser, arguments: list[str]) -> None:
    """Secrets by name or by look are refused with the way to the vault, are not repeated, and are not written."""
    told = person.refused("set", *arguments)
    assert "chit key set" in told
    assert KEY not in told
    assert "hunter2" not in told
    assert not person.home.exists()


def test_set_tells_what_is_odd(person: Chooser) -> None:
    """An undocumented parameter, and a variable that wins over the file, are remarks beside a change that is made."""
    person.variables["CHIT_PARAMETERS"] = '{"seed": 1}'
    outcome = person.prefs("set", "parameters.temprature", "1")
    assert outcome.code == 0
    assert "Did you mean temperature?" in outcome.err
    assert "CHIT_PARAMETERS is set as well" in outcome.err
    assert person.prefs("get", "parameters.temprature").out == "1\n"


def test_a_broken_file_is_refused_with_its_line(person: Chooser) -> None:
    """Reading and changing refuse a broken file in one line, and it stays as it is."""
    person.write('theme = "dark"\nmodel =\n')
    for arguments in (["list"], ["get", "theme"], ["set", "theme", "light"], ["unset", "theme"]):
        assert f"{person.file}, line 2: not valid TOML" in person.refused(*arguments)
    assert person.file.read_text() == 'theme = "dark"\nmodel =\n'


def test_unset_goes_back_to_the_default(person: Chooser) -> None:
    """Preferences, members, unknown names and secrets can be taken out; what is not there is told."""
    person.write('api_key = "x"\nunheard = 1\ntheme = "dark"\n[parameters]\nseed = 1\ntop_p = 1\n')
    assert "api_key looks like a secret" in person.refused("list")
    for name in ("api_key", "unheard", "theme", "parameters.seed"):
        assert person.prefs("unset", name) == Outcome(code=0, out="", err="")
    assert person.file.read_text() == "[parameters]\ntop_p = 1\n"
    outcome = person.prefs("unset", "theme")
    assert (outcome.code, "nothing was changed" in outcome.err) == (0, True)
    assert KEY not in person.refused("unset", KEY)


plain = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cf", "Co", "Cn", "Zs"]), min_size=1, max_size=20
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["model", "app_name"]).flatmap(lambda name: st.tuples(st.just(name), plain))
    | st.tuples(st.just("auto_lock_minutes"), st.integers(0, 10080).map(str))
    | st.tuples(st.just("low_balance"), st.decimals(0, 1_000_000, places=2).map(str))
    | st.tuples(st.just("parameters.x"), st.recursive(st.integers() | plain, st.lists, max_leaves=4).map(json.dumps))
)
def test_what_is_set_is_got(person: Chooser, setting: tuple[str, str]) -> None:
    """What `get` prints is what was set, and setting that again changes nothing."""
    name, text = setting
    if text.startswith("-") or "sk-" in text:
        return
    assert person.prefs("set", "--", name, text).code == 0
    written = person.file.read_bytes()
    got = person.prefs("get", name).out.removesuffix("\n")
    assert got == text or json.loads(got) == json.loads(text)
    assert person.prefs("set", "--", name, got).code == 0
    assert person.file.read_bytes() == written


# --- edit ------------------------------------------------------------------------------------------------------------


def leftovers(person: Chooser) -> list[Path]:
    """What an edit has left beside the file."""
    return [each for each in person.home.iterdir() if each != person.file]


def test_edit_replaces_the_file(person: Chooser) -> None:
    """A valid edit takes the file's place, its warnings are told by the file's name, and no copy stays."""
    person.write('theme = "dark" # why\n')
    person.edit_with("path.write_text(path.read_text() + 'modle = \"x\"\\n')")
    outcome = person.prefs("edit")
    assert outcome.code == 0
    assert f"{person.file}: there is no preference 'modle'" in outcome.err
    assert person.file.read_text() == 'theme = "dark" # why\nmodle = "x"\n'
    assert leftovers(person) == []


def test_a_first_edit_begins_with_every_preference(person: Chooser) -> None:
    """Without a file there is a text to uncomment, which is valid as a whole; unchanged, it is dropped."""
    person.edit_with("pass")
    outcome = person.prefs("edit")
    assert (outcome.code, outcome.err) == (0, "chit: nothing was changed.\n")
    assert list(person.home.iterdir()) == []
    person.edit_with("import re; path.write_text(re.sub('(?m)^#(?! )', '', path.read_text()))")
    assert person.prefs("edit") == Outcome(code=0, out="", err="")
    assert "default" not in person.prefs("list").out


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("path.write_text('theme = ')", "line 1: not valid TOML"),
        ("path.write_text('theme = 3')", "line 1: theme must be"),
        ("path.write_bytes(b'\\xff')", "line 1 is not UTF-8"),
        ("path.write_text('password = \"x\"')", "password looks like a secret"),
        ("(path.parent / 'prefs.toml').write_text('model = \"other\"'); path.write_text('')", "changed by another"),
        ("path.write_text('model = \"mine\"'); sys.exit(3)", "the editor ended with code 3"),
    ],
)
def test_an_edit_that_cannot_be_used_is_kept(person: Chooser, code: str, problem: str) -> None:
    """The reason and the place of the copy are told in one line, and the file is as it was or as another left it."""
    person.write('theme = "dark"\n')
    person.edit_with(code)
    told = person.refused("edit")
    (copy,) = leftovers(person)
    assert problem in told
    assert str(copy) in told
    assert "the preferences are as they were" in told
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert person.file.read_text() in ('theme = "dark"\n', 'model = "other"')


def test_a_broken_file_can_be_edited(person: Chooser) -> None:
    """What cannot be read otherwise is opened as it is, and mended."""
    person.home.mkdir()
    person.file.write_bytes(b'theme = "\xff"\n')
    person.edit_with("path.write_bytes(path.read_bytes().replace(b'\\xff', b'dark'))")
    assert person.prefs("edit").code == 0
    assert person.file.read_text() == 'theme = "dark"\n'


def test_a_key_in_an_edit_is_not_kept(person: Chooser) -> None:
    """An edit with a key in it is refused and leaves no copy, broken or not."""
    person.edit_with(f"path.write_text('model = {KEY}')")
    told = person.refused("edit")
    assert "chit key set" in told
    assert KEY not in told
    assert list(person.home.iterdir()) == []


@pytest.mark.parametrize(
    ("code", "problem"), [("path.unlink()", "left no file"), ("sys.exit(1)", "the editor ended with code 1")]
)
def test_an_editor_that_gives_nothing_back(person: Chooser, code: str, problem: str) -> None:
    """An editor that takes the copy away, or gives up, changes nothing and leaves nothing."""
    person.write('theme = "dark"\n')
    person.edit_with(code)
    told = person.prefs("edit")
    assert told.code == 2
    assert problem in told.err
    assert leftovers(person) == []


@pytest.mark.parametrize("editor", ["/no/such/editor", "'unclosed"])
def test_an_editor_that_cannot_be_started(person: Chooser, editor: str) -> None:
    """The editor is named, and no copy stays."""
    person.variables = {"VISUAL": editor, "EDITOR": "true"}
    assert "cannot be started" in person.refused("edit")
    assert list(person.home.iterdir()) == []


def test_an_edit_that_has_no_room_is_told(person: Chooser) -> None:
    """On a full disk the reason is told before any editor starts, and no copy stays."""
    person.edit_with("(path.parent / 'started').touch()")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        outcome = person.prefs("edit")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert (outcome.code, "the disk is full" in outcome.err) == (6, True)
    assert list(person.home.iterdir()) == []


def test_the_editor_gets_no_secret(person: Chooser) -> None:
    """Variables that are named like secrets, or hold a key, are not in the editor's environment; others are."""
    person.variables |= {"OPENROUTER_API_KEY": KEY, "ODD": f"x {KEY}", "MY_TOKEN": "hunter2", "FRIEND": "hello"}
    person.edit_with("import os; (path.parent.parent / 'seen').write_text(repr(dict(os.environ)))")
    person.prefs("edit")
    seen = (person.home.parent / "seen").read_text()
    assert "hello" in seen
    assert KEY not in seen
    assert "hunter2" not in seen


def test_without_a_choice_the_editor_is_vi(person: Chooser) -> None:
    """With neither variable set, `vi` is looked for on the path."""
    folder = person.home.parent / "programs"
    folder.mkdir()
    (folder / "vi").write_text('#!/bin/sh\nprintf \'theme = "dark"\' > "$1"\n')
    (folder / "vi").chmod(0o755)
    person.variables["PATH"] = f"{folder}:{os.environ['PATH']}"
    assert person.prefs("edit").code == 0
    assert person.file.read_text() == 'theme = "dark"'


# --- as a process ----------------------------------------------------------------------------------------------------


def test_the_version_does_not_load_the_editor_of_toml(tmp_path: Path) -> None:
    """`chit --version`, and reading preferences, load no tomlkit; only a change does."""
    probe = (
        "import sys\nfrom chit.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    print('tomlkit' in sys.modules)\n"
    )
    environment = os.environ | {"CHIT_HOME": str(tmp_path)}
    (tmp_path / "prefs.toml").write_text('theme = "dark"\n')

    def loads(*arguments: str) -> bool:
        command = [sys.executable, "-c", probe, *arguments]
        shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return shown.stdout.splitlines()[-1] == "True"

    assert not loads("--version")
    assert not loads("prefs", "list")
    assert loads("prefs", "set", "theme", "light")
