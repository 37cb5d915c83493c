"""What the person prefers, and where it may be said."""

import sys
from pathlib import Path

import pytest

from chit.about import DEFAULT_BASE_URL
from chit.errors import InputError
from chit.prefs import UserPrefs, check_base_url, find_home, load_prefs


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
    """Each known name is taken from the file; others, and a home, are left to whoever knows them."""
    environment = write(
        tmp_path,
        'base_url = "https://example.com/v1/"\nmodel = "a/b"\napp_name = "Mine"\napp_url = "https://example.com"\n'
        'home = "/elsewhere"\nunheard_of = 3\n[section]\nx = 1\n',
    )
    assert load_prefs(environment) == UserPrefs(
        home=tmp_path, base_url="https://example.com/v1", model="a/b", app_name="Mine", app_url="https://example.com"
    )


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """CHIT_BASE_URL replaces what the file says; empty, it says nothing."""
    environment = write(tmp_path, 'base_url = "https://file.example"\n')
    assert load_prefs(environment | {"CHIT_BASE_URL": "http://[::1]:8080/v1"}).base_url == "http://[::1]:8080/v1"
    assert load_prefs(environment | {"CHIT_BASE_URL": ""}).base_url == "https://file.example"


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
