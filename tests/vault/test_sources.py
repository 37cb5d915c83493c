"""Where a key comes from."""

import os
from pathlib import Path

import pytest

from chit.about import KEYS_PAGE
from chit.errors import KeyUnavailable
from chit.vault.sources import FILE_NAME, VARIABLE, find_given_key, load_key

KEY = "sk-or-v1-canary0000example1111"
OTHER = "sk-or-v1-canary2222example3333"


def key_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    """A file that holds this, with these permissions."""
    path = folder / "key"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def refusal(api_key_file: Path | None, environment: dict[str, str] | None = None) -> KeyUnavailable:
    """The error; none of its texts, nor what it came from, repeats a key or a malformed one."""
    with pytest.raises(KeyUnavailable) as caught:
        load_key(api_key_file, {} if environment is None else environment)
    error = caught.value
    assert error.hint
    assert {action.kind for action in error.actions} == {"add_key", "open_link"}
    texts = [str(error), error.hint, str(error.as_dict()), repr(error.__cause__), repr(error.__context__)]
    assert not any("canary" in text for text in texts)
    return error


def test_the_environment_is_read_once() -> None:
    """The key of the variable is taken and the variable removed, so that no child inherits it."""
    environment = {VARIABLE: f"  {KEY}\n", "PATH": "/bin"}
    assert load_key(None, environment).masked == "sk-or-…1111"
    assert environment == {"PATH": "/bin"}
    assert "there is no OpenRouter key" in str(refusal(None, environment))


def test_the_processes_environment_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the variable of the process is taken, and is gone for its children too."""
    monkeypatch.setenv(VARIABLE, KEY)
    assert load_key(None).masked == "sk-or-…1111"
    assert VARIABLE not in os.environ
    assert os.getenv(VARIABLE) is None


def test_the_file_wins(tmp_path: Path) -> None:
    """A file that is named goes before the variable, which is removed all the same."""
    environment = {VARIABLE: OTHER}
    assert load_key(key_file(tmp_path, KEY.encode() + b"\n"), environment).masked == "sk-or-…1111"
    assert environment == {}


def test_a_file_that_fails_is_not_passed_over(tmp_path: Path) -> None:
    """A file that was named and cannot be used is an error, though the variable holds a key; that is removed too."""
    environment = {VARIABLE: OTHER}
    assert "cannot be read" in str(refusal(tmp_path / "missing", environment))
    assert environment == {}


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_no_key_is_told_with_the_way_to_one(text: str) -> None:
    """An unset or blank variable is the same as none, and the error links to where keys are made."""
    error = refusal(None, {VARIABLE: text})
    assert error.link == KEYS_PAGE
    assert "chit demo" in error.hint


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o620, 0o604, 0o602, 0o601, 0o610, 0o777])
def test_a_file_that_others_reach_is_refused(tmp_path: Path, mode: int) -> None:
    """Any permission for group or others refuses the file, and the hint is the command that mends it."""
    path = key_file(tmp_path, KEY.encode(), mode)
    error = refusal(path)
    assert "by others" in str(error)
    assert f"chmod 600 {path}" in error.hint


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_ones_own_is_read(tmp_path: Path, mode: int) -> None:
    """Permissions for the owner alone are fine."""
    assert load_key(key_file(tmp_path, KEY.encode(), mode), {}).masked == "sk-or-…1111"


def test_a_pipe_is_read(tmp_path: Path) -> None:
    """What a shell passes as `<(command)` has no permissions to speak of, and works."""
    read_end, write_end = os.pipe()
    os.write(write_end, KEY.encode())
    os.close(write_end)
    assert load_key(Path(f"/dev/fd/{read_end}"), {}).masked == "sk-or-…1111"
    os.close(read_end)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
        (lambda path: path.symlink_to(path), "symbolic links"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, make: object, reason: str) -> None:
    """The path and the system's reason are told."""
    path = tmp_path / "key"
    make(path)  # type: ignore[operator]
    error = refusal(path)
    assert str(path) in str(error)
    assert reason in str(error)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"canary",
        b"sk-canary",
        b"sk-or-v1-canary\r\nX-Evil: 1",
        b"sk-or-v1-can ary-canary",
        "sk-or-v1-canary’".encode(),
        b"\xef\xbb\xbfsk-or-v1-canary",
        b"\xff\xfesk-or-v1-canary",
        b'"sk-or-v1-canary"',
        b"OPENROUTER_API_KEY=sk-or-v1-canary",
        b"sk-or-v1-canary" * 400,
    ],
)
def test_a_malformed_key_is_never_repeated(tmp_path: Path, content: bytes) -> None:
    """What cannot be a key is refused by where it stands, without a piece of it, from a file and from the variable."""
    path = key_file(tmp_path, content)
    assert f"the file {path}" in str(refusal(path))
    if content:
        error = refusal(None, {VARIABLE: content.decode("utf-8", "surrogateescape")})
        assert VARIABLE in str(error)
        assert error.link == KEYS_PAGE


def test_every_source_is_named_and_the_first_wins(tmp_path: Path) -> None:
    """A named file, systemd's credential, a container's secret, the variable: in this order, each told by name."""
    named, credentials, secrets = (tmp_path / name for name in ("named", "credentials", "secrets"))
    for folder in (credentials, secrets):
        folder.mkdir()
        (folder / FILE_NAME).write_text(KEY)
        (folder / FILE_NAME).chmod(0o444)  # as both of them make it
    named.write_text(KEY)
    named.chmod(0o600)

    def find() -> tuple[str, str]:
        environment = {VARIABLE: OTHER, "CREDENTIALS_DIRECTORY": str(credentials)}
        found = find_given_key(named if named.exists() else None, environment, run_secrets=secrets)
        assert VARIABLE not in environment
        assert found is not None
        return found.kind, found.where

    assert find() == ("file", f"the file {named}")
    named.unlink()
    assert find() == ("credentials", f"the systemd credential {credentials / FILE_NAME}")
    (credentials / FILE_NAME).unlink()
    assert find() == ("run_secrets", f"the secret {secrets / FILE_NAME}")
    (secrets / FILE_NAME).unlink()
    assert find() == ("environment", f"the environment variable {VARIABLE}")
    assert find_given_key(None, {}, run_secrets=secrets) is None


def test_a_credential_that_is_no_key_is_not_passed_over(tmp_path: Path) -> None:
    """What systemd or a container hands over and cannot be used is an error, though the variable holds a key."""
    (tmp_path / FILE_NAME).write_text("canary")
    with pytest.raises(KeyUnavailable, match="systemd credential"):
        find_given_key(None, {VARIABLE: KEY, "CREDENTIALS_DIRECTORY": str(tmp_path)})
    with pytest.raises(KeyUnavailable, match="the secret"):
        find_given_key(None, {VARIABLE: KEY}, run_secrets=tmp_path)
