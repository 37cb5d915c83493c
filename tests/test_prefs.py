"""What the person prefers, and where it may be said."""

import asyncio
import dataclasses
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chit.about import DEFAULT_BASE_URL
from chit.app import open_app
from chit.core.messages import TextPart
from chit.core.preferences import PREFERENCES
from chit.core.secret import Secret
from chit.errors import InputError
from chit.prefs import UserPrefs, check_base_url, find_home, find_prefs_file, list_settings, load_prefs
from chit.sandbox.account import SANDBOX_KEY
from chit.sandbox.server import Sandbox

ROOT = Path(__file__).parent.parent
KEY = "sk-or-v1-" + "0ddba115" * 8
EVERYTHING = """
model = "a/b"
base_url = "https://example.com/v1/"
app_name = "Mine"
app_url = "https://example.com"
theme = "dark"
auto_lock_minutes = 0
low_balance = 2.5
settle = "manual"
linger_seconds = 9
[parameters]
temperature = 0.2
provider = {sort = "price"}
"""


def write(home: Path, text: str | bytes) -> dict[str, str]:
    """A `prefs.toml`, and the environment that points to it."""
    home.mkdir(exist_ok=True)
    (home / "prefs.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return {"CHIT_HOME": str(home)}


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    """No file and no variables give the defaults, and nothing is created."""
    home = tmp_path / "home"
    assert load_prefs({"CHIT_HOME": str(home)}) == UserPrefs(home=home)
    assert UserPrefs(home=home).base_url == DEFAULT_BASE_URL
    assert not home.exists()


def test_the_file_wins_over_the_defaults(tmp_path: Path) -> None:
    """Every preference is taken from the file, in its type, and a home there moves nothing."""
    environment = write(tmp_path, 'home = "/elsewhere"' + EVERYTHING)
    assert load_prefs(environment) == UserPrefs(
        home=tmp_path,
        base_url="https://example.com/v1",
        model="a/b",
        app_name="Mine",
        app_url="https://example.com",
        theme="dark",
        auto_lock_minutes=0,
        low_balance=Decimal("2.50"),
        settle="manual",
        linger_seconds=9,
        parameters={"temperature": 0.2, "provider": {"sort": "price"}},
    )


def test_preferences_cannot_be_changed_in_passing(tmp_path: Path) -> None:
    """UserPrefs is frozen."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_prefs({"CHIT_HOME": str(tmp_path)}).model = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("model", "c/d", "c/d"),
        ("base_url", "http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("app_name", "Yours", "Yours"),
        ("app_url", "https://yours.example", "https://yours.example"),
        ("theme", "light", "light"),
        ("auto_lock_minutes", "5", 5),
        ("low_balance", "0", Decimal(0)),
        ("settle", "background", "background"),
        ("linger_seconds", "0", 0),
        (
            "parameters",
            '{"temperature": 1, "provider": {"zdr": true}}',
            {"temperature": 1, "provider": {"sort": "price", "zdr": True}},
        ),
    ],
)
def test_the_environment_wins_over_the_file(tmp_path: Path, name: str, text: str, value: Any) -> None:
    """A variable replaces what the file says, of parameters name by name; empty, it says nothing."""
    environment = write(tmp_path, EVERYTHING)
    variable = f"CHIT_{name.upper()}"
    assert getattr(load_prefs(environment | {variable: text}), name) == value
    assert load_prefs(environment | {variable: ""}) == load_prefs(environment)


def test_flags_win_over_everything(tmp_path: Path) -> None:
    """A flag replaces file and environment, one that was not given is no flag, and parameters are joined."""
    environment = write(tmp_path, EVERYTHING) | {"CHIT_THEME": "light"}
    flags = {"theme": "system", "model": None, "parameters": {"temperature": 2}}
    assert load_prefs(environment, flags=flags) == dataclasses.replace(
        load_prefs(environment), theme="system", parameters={"temperature": 2, "provider": {"sort": "price"}}
    )


def test_flags_are_checked(tmp_path: Path) -> None:
    """A wrong value of a flag is an error of the person, a wrong name one of the programmer."""
    with pytest.raises(InputError, match="theme must be"):
        load_prefs({"CHIT_HOME": str(tmp_path)}, flags={"theme": "blue"})
    with pytest.raises(TypeError, match="colour"):
        load_prefs({"CHIT_HOME": str(tmp_path)}, flags={"colour": "blue"})


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("CHIT_THEME", "blue"),
        ("CHIT_AUTO_LOCK_MINUTES", "soon"),
        ("CHIT_LOW_BALANCE", "-1"),
        ("CHIT_PARAMETERS", "temperature=1"),
        ("CHIT_PARAMETERS", "{"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variable: str, text: str) -> None:
    """The error names the variable, the preference and how to write it."""
    with pytest.raises(InputError, match=f"^{variable}: {variable[5:].lower()} must be") as caught:
        load_prefs({"CHIT_HOME": str(tmp_path), variable: text})
    assert caught.value.hint


@pytest.mark.parametrize("each", PREFERENCES, ids=lambda each: each.name)
def test_a_key_in_a_variable_is_refused_and_not_repeated(tmp_path: Path, each: Any) -> None:
    """No variable of a preference accepts what looks like a key."""
    with pytest.raises(InputError, match="looks like a secret") as caught:
        load_prefs({"CHIT_HOME": str(tmp_path), each.variable: json.dumps({"x": KEY})})
    assert KEY not in f"{caught.value!r} {caught.value.hint}"
    assert "chit key set" in caught.value.hint


def test_unknown_names_are_told_and_left_alone(tmp_path: Path) -> None:
    """A name that is no preference is a warning with the nearest one, and so is an undocumented parameter."""
    environment = write(tmp_path, 'modle = "a/b"\nunheard_of = 3\n[parameters]\ntemprature = 1\n')
    prefs = load_prefs(environment)
    assert prefs == UserPrefs(home=tmp_path, parameters={"temprature": 1})
    first, second, third = prefs.warnings
    assert "'modle'; it is left alone. Did you mean model?" in first
    assert second.endswith("'unheard_of'; it is left alone.")
    assert third.endswith("Did you mean temperature?")


def test_settings_know_where_they_come_from(tmp_path: Path) -> None:
    """Each preference, and each default parameter by itself, is listed with its source and variable."""
    environment = write(tmp_path, 'theme = "dark"\n[parameters]\nseed = 1\ntop_p = 0.5\n')
    environment |= {"CHIT_MODEL": "a/b", "CHIT_PARAMETERS": '{"seed": 2}'}
    settings = {each.name: each for each in list_settings(environment)}
    assert list(settings)[:4] == ["model", "base_url", "app_name", "app_url"]
    assert (settings["model"].value, settings["model"].source) == ("a/b", "environment")
    assert (settings["theme"].value, settings["theme"].source) == ("dark", "file")
    assert (settings["settle"].value, settings["settle"].source) == ("background", "default")
    assert (settings["parameters.seed"].value, settings["parameters.seed"].source) == (2, "environment")
    assert (settings["parameters.top_p"].source, settings["parameters.top_p"].variable) == ("file", "CHIT_PARAMETERS")
    assert "parameters" not in settings


def test_the_processes_settings_are_the_usual_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the variables of the process count, and no parameters are one empty table."""
    monkeypatch.setenv("CHIT_HOME", str(tmp_path))
    monkeypatch.delenv("CHIT_PARAMETERS", raising=False)
    assert {each.name: each.value for each in list_settings()}["parameters"] == {}


async def test_defaults_reach_requests_and_requests_win(tmp_path: Path) -> None:
    """Model and parameters of the preferences are in the body that is sent, except where the question says its own."""
    async with Sandbox(pace=0, settle_after=0) as box:
        prefs = UserPrefs(
            home=tmp_path,
            base_url=box.base_url,
            model="openai/gpt-5-mini, openai/gpt-5",
            parameters={"seed": 1, "max_tokens": 50},
        )
        async with open_app(prefs, key=lambda: Secret(SANDBOX_KEY)) as app:
            plain = await app.engine.send([TextPart("hi")])
            own = await app.engine.send([TextPart("hi")], parameters={"model": "openai/gpt-5", "seed": 2})
            await plain.wait()
            await own.wait()
    told = json.loads(plain.generation.request)
    assert (told["models"], told["seed"], told["max_tokens"]) == (["openai/gpt-5-mini", "openai/gpt-5"], 1, 50)
    told = json.loads(own.generation.request)
    assert (told["model"], told["seed"], told["max_tokens"]) == ("openai/gpt-5", 2, 50)
    assert "models" not in told


@pytest.mark.parametrize(
    ("settle", "settling", "runs"),
    [("background", None, True), ("manual", None, False), ("manual", True, True), ("background", False, False)],
)
async def test_the_policy_decides_about_settling(
    tmp_path: Path, settle: Any, settling: bool | None, runs: bool
) -> None:
    """Pending costs are looked up on the side as the preference says, unless the caller says otherwise."""
    prefs = UserPrefs(home=tmp_path, settle=settle)
    async with open_app(prefs, key=lambda: Secret(SANDBOX_KEY), settling=settling):
        assert ("settlement" in {task.get_name() for task in asyncio.all_tasks()}) is runs


def test_the_document_is_current() -> None:
    """The table of docs/preferences.md is the one that the code gives."""
    subprocess.run([sys.executable, ROOT / "scripts" / "preferences_table.py", "--check"], check=True)


def test_the_processes_environment_is_the_usual_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the variables of the process count."""
    monkeypatch.setenv("CHIT_HOME", str(tmp_path))
    monkeypatch.setenv("CHIT_BASE_URL", "https://process.example")
    assert load_prefs() == UserPrefs(home=tmp_path, base_url="https://process.example")


def test_a_tilde_is_the_persons_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """CHIT_HOME may begin with a tilde, and is made absolute otherwise."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert find_home({"CHIT_HOME": "~/chit"}) == tmp_path / "chit"
    assert find_home({"CHIT_HOME": "here"}) == tmp_path / "here"


def test_a_tilde_of_nobody_is_told() -> None:
    """The home of a user who does not exist is an error of ours, with advice."""
    with pytest.raises(InputError, match="CHIT_HOME") as caught:
        find_home({"CHIT_HOME": "~nobody-of-this-name/chit"})
    assert caught.value.hint


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")
def test_else_the_platform_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CHIT_HOME, or with an empty one, the folder is the platform's for data."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert find_home({}) == find_home({"CHIT_HOME": ""}) == tmp_path / "chit"


@pytest.mark.skipif(sys.platform != "linux", reason="XDG folders are Linux's")
def test_the_file_is_among_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is in CHIT_HOME if that is set, else in the platform's folder for settings, whatever that holds else."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert find_prefs_file({"CHIT_HOME": str(tmp_path)}) == tmp_path / "prefs.toml"
    assert find_prefs_file({}) == tmp_path / "config" / "chit" / "prefs.toml"
    write(tmp_path / "config", "")
    (tmp_path / "config" / "chit").mkdir()
    (tmp_path / "config" / "chit" / "prefs.toml").write_text('theme = "dark"')
    assert load_prefs({}) == UserPrefs(home=tmp_path / "data" / "chit", theme="dark")


def test_bad_toml_names_the_line(tmp_path: Path) -> None:
    """A file that is no TOML is named together with the line, and is not changed."""
    text = 'model = "a/b"\nbase_url = https\n'
    with pytest.raises(InputError, match=r"prefs\.toml.*line 2"):
        load_prefs(write(tmp_path, text))
    assert (tmp_path / "prefs.toml").read_text() == text


def test_toml_beyond_reason_is_told(tmp_path: Path) -> None:
    """Nesting that no parser follows is an error of ours."""
    with pytest.raises(InputError, match="TOML"):
        load_prefs(write(tmp_path, "x = " + "[" * 100_000))


@pytest.mark.parametrize("value", ["3", "true", '["a/b"]', "{a = 1}", "2020-01-01"])
@pytest.mark.parametrize("name", ["base_url", "model", "app_name", "app_url"])
def test_a_wrong_type_names_the_preference(tmp_path: Path, name: str, value: str) -> None:
    """What must be text and is not is named, with the way to write it."""
    with pytest.raises(InputError, match=rf"{name} must be text") as caught:
        load_prefs(write(tmp_path, f"{name} = {value}\n"))
    assert name in caught.value.hint


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 are an error that names the file."""
    with pytest.raises(InputError, match=r"prefs\.toml cannot be read"):
        load_prefs(write(tmp_path, b'model = "\xff"\n'))


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    """A folder in the file's place, and a home under a file, are errors that name the place."""
    (tmp_path / "prefs.toml").mkdir()
    with pytest.raises(InputError, match=r"prefs\.toml cannot be read"):
        load_prefs({"CHIT_HOME": str(tmp_path)})
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"prefs\.toml cannot be read"):
        load_prefs({"CHIT_HOME": str(tmp_path / "file" / "home")})


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/api/v1///", "https://openrouter.ai/api/v1"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("HTTPS://Example.com/A", "HTTPS://Example.com/A"),
        ("http://localhost", "http://localhost"),
        ("http://LOCALHOST:1/v1", "http://LOCALHOST:1/v1"),
        ("http://127.0.0.1:65535/v1", "http://127.0.0.1:65535/v1"),
        ("http://[::1]/v1", "http://[::1]/v1"),
    ],
)
def test_addresses_that_a_key_may_go_to(text: str, kept: str) -> None:
    """Https anywhere and http on this machine pass, without the slash at the end."""
    assert check_base_url(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "http://openrouter.ai/api/v1",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://0.0.0.0",
        "http://127.1",
        "http://[::2]",
        "http://192.168.0.1",
    ],
)
def test_a_key_never_goes_out_in_the_clear(text: str) -> None:
    """Http beyond this machine is refused, also where the name only looks like it."""
    with pytest.raises(InputError, match="in the clear") as caught:
        check_base_url(text)
    assert "https" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "openrouter.ai",
        "//openrouter.ai",
        "ftp://openrouter.ai",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://:443/v1",
        "https://user@example.com",
        "https://user:word@example.com",
        "https://:word@example.com",
        "https://@example.com",
        "http://localhost@example.com",
        "https://example.com?x=1",
        "https://example.com?",
        "https://example.com#x",
        "https://example.com#",
        "https://example.com:port",
        "https://example.com:65536",
        "https://example.com:-1",
        "https://[::1",
        "https://example.com/a b",
        " https://example.com",
        "https://example.com\n",
        "https://exam\tple.com",
        "https://example.com\x00",
        "https://example.com\\@localhost",
        "http://localhost\\.example.com",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Other schemes, no host, a user's name, a query, a fragment, odd ports and odd characters are all refused."""
    with pytest.raises(InputError, match="base URL") as caught:
        check_base_url(text)
    assert DEFAULT_BASE_URL in caught.value.hint


@pytest.mark.parametrize("where", ["file", "environment"])
def test_the_address_is_checked_wherever_it_comes_from(tmp_path: Path, where: str) -> None:
    """An address in the file and one in the environment meet the same rules."""
    text = "http://example.com" if where == "file" else "https://example.com"
    environment = write(tmp_path, f'base_url = "{text}"\n')
    if where == "environment":
        environment["CHIT_BASE_URL"] = "http://example.com"
    with pytest.raises(InputError, match="in the clear"):
        load_prefs(environment)
