"""The operating system's keychain."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.vault.doubles import KEY, make_entry
from tests.vault.keychains import Clinging, Failing, Forgetful, Hanging, Remembering, Roaming, keychain, no_keychain

from chit.errors import KeychainUnusable
from chit.vault.entry import encode_entry
from chit.vault.keychain import SERVICE, Backend, find_keychain, find_refusal, load_backend, run_in_thread

BUS = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nowhere", "HOME": "/nowhere"}


async def test_entries_are_kept_by_name_and_home(tmp_path: Path) -> None:
    """What is saved is found, under its name and home only, and forgotten once."""
    backend = Remembering()
    ours, theirs = keychain(tmp_path / "a", backend), keychain(tmp_path / "b", backend)
    await ours.save("inference", make_entry(label="mine"))
    found = await ours.find("inference")
    assert found is not None
    assert encode_entry(found) == encode_entry(make_entry(label="mine"))
    assert await ours.find("management") is None
    assert await theirs.find("inference") is None
    assert not await theirs.forget("inference")
    assert await ours.forget("inference")
    assert not await ours.forget("inference")
    assert backend.kept == {}


async def test_the_probe_is_a_real_trial_once(tmp_path: Path) -> None:
    """It writes, reads and deletes, leaves nothing, and is not repeated."""
    backend = Remembering()
    chain = keychain(tmp_path, backend)
    await chain.probe()
    calls = backend.calls
    await chain.probe()
    assert (calls, backend.calls, backend.kept) == (4, 4, {})


@pytest.mark.parametrize("backend", [Forgetful(), Clinging(), Failing()])
async def test_a_backend_that_does_not_keep_is_refused(tmp_path: Path, backend: Backend) -> None:
    """One that loses texts, never deletes, or raises is refused, the second time too; its words are not repeated."""
    chain = keychain(tmp_path, backend)
    for _ in range(2):
        with pytest.raises(KeychainUnusable) as caught:
            await chain.probe()
        assert "canary" not in caught.value.message
        assert "--store file" in caught.value.hint


async def test_a_backend_that_hangs_stalls_nothing(tmp_path: Path) -> None:
    """The probe ends in time while the backend still hangs, and the event loop runs on meanwhile."""
    backend = Hanging()
    chain = keychain(tmp_path, backend, seconds=0.1)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    with pytest.raises(KeychainUnusable, match="did not answer"):
        await chain.probe()
    ticking.cancel()
    assert ticks > 10
    (thread,) = [each for each in threading.enumerate() if each.name == "keychain"]
    assert thread.daemon
    backend.release.set()
    await asyncio.to_thread(thread.join)
    await asyncio.sleep(0)


def test_a_thread_that_outlives_the_loop_is_harmless() -> None:
    """What answers after everything was closed is ignored."""
    release, threads = threading.Event(), list[threading.Thread]()

    def work() -> None:
        threads.append(threading.current_thread())
        release.wait()

    async def give_up() -> None:
        task = asyncio.ensure_future(run_in_thread(work))
        await asyncio.sleep(0)
        task.cancel()

    asyncio.run(give_up())
    release.set()
    threads[0].join()


@pytest.mark.parametrize(
    "text", ["", "canary", "[]", "{}", "[" * 100_000, json.dumps({"key": "canary", "base_url": "u"})]
)
async def test_what_is_not_ours_is_told(tmp_path: Path, text: str) -> None:
    """A text that another program wrote under our name is refused without being repeated."""
    backend = Remembering()
    backend.kept[SERVICE, f"inference of {tmp_path}"] = text
    with pytest.raises(KeychainUnusable) as caught:
        await keychain(tmp_path, backend).find("inference")
    assert "canary" not in caught.value.message


async def test_none_to_open_is_told(tmp_path: Path) -> None:
    """A backend that cannot be made is an error of the same kind."""
    with pytest.raises(KeychainUnusable, match="RuntimeError"):
        await no_keychain(tmp_path).find("inference")


# which backend (attack case 37)


@pytest.mark.parametrize("chosen", ["keyrings.alt.file.PlaintextKeyring", "keyring.backends.null.Keyring"])
async def test_a_backend_chosen_by_the_environment_is_refused(tmp_path: Path, chosen: str) -> None:
    """Attack case 37: `PYTHON_KEYRING_BACKEND` makes the keychain unusable, by name, and nothing is imported for it."""
    before = set(sys.modules)
    chain = find_keychain(tmp_path, BUS | {"PYTHON_KEYRING_BACKEND": chosen})
    for attempt in (chain.find("inference"), chain.save("inference", make_entry()), chain.probe()):
        with pytest.raises(KeychainUnusable, match="PYTHON_KEYRING_BACKEND"):
            await attempt
    assert not {name for name in set(sys.modules) - before if name.startswith("keyring")}


@pytest.mark.parametrize("variable", ["HOME", "XDG_CONFIG_HOME"])
async def test_a_backend_chosen_by_configuration_is_refused(tmp_path: Path, variable: str) -> None:
    """Attack case 37: `keyringrc.cfg` that names keyrings.alt is refused, one that names the system's own is not."""
    folder = (tmp_path / ".config" if variable == "HOME" else tmp_path) / "python_keyring"
    folder.mkdir(parents=True)
    environment = {"DBUS_SESSION_BUS_ADDRESS": "x", variable: str(tmp_path)}
    config = folder / "keyringrc.cfg"
    config.write_text("[backend]\ndefault-keyring=keyrings.alt.file.PlaintextKeyring\n")
    assert "keyrings.alt" in (find_refusal(environment, "linux") or "")
    config.write_text("[backend]\ndefault-keyring=keyring.backends.SecretService.Keyring\n")
    assert find_refusal(environment, "linux") is None
    config.write_text("[backend\nnonsense")
    assert find_refusal(environment, "linux") is None
    config.write_bytes(b"[backend]\n\xff\xfe=1\n")
    assert find_refusal(environment, "linux") is None


def test_no_session_bus_is_told_at_once(tmp_path: Path) -> None:
    """Headless Linux needs no attempt; other systems have no such bus."""
    assert "D-Bus" in (find_refusal({"HOME": str(tmp_path)}, "linux") or "")
    assert find_refusal({"HOME": str(tmp_path)}, "darwin") is None
    assert find_refusal({"HOME": str(tmp_path)}, "win32") is None


def test_each_system_has_its_one_keychain(tmp_path: Path) -> None:
    """The name tells which; a system that is not known is taken for a Linux."""
    names = [find_keychain(tmp_path, BUS, platform=it).where for it in ("darwin", "win32", "linux", "freebsd14")]
    assert names == ["the macOS keychain", "the Windows Credential Locker", "the Secret Service", "the Secret Service"]


def test_installed_alternatives_are_not_asked(tmp_path: Path) -> None:
    """Attack case 37: with a keyrings.alt on the path and a bus that does not answer, no other backend is tried."""
    package = tmp_path / "site" / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('keyrings.alt was imported')")
    (package / "file.py").write_text("raise SystemExit('keyrings.alt was imported')")
    info = tmp_path / "site" / "keyrings.alt-5.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: keyrings.alt\nVersion: 5.0\n")
    (info / "entry_points.txt").write_text("[keyring.backends]\nfile = keyrings.alt.file\n")
    code = (
        "import asyncio, pathlib, sys\nfrom chit.errors import KeychainUnusable\n"
        "from chit.vault.keychain import find_keychain\n"
        "try: asyncio.run(find_keychain(pathlib.Path('/x')).probe())\n"
        "except KeychainUnusable as error: print(error.message)\n"
        "print([name for name in sys.modules if name.startswith('keyrings')])"
    )
    environment = os.environ | BUS | {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "the Secret Service cannot be used" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_windows_keys_stay_on_the_machine() -> None:
    """Where a backend has such a choice, it is the local machine; others are left as they are."""
    roaming = load_backend("tests.vault.keychains", "Roaming")
    assert isinstance(roaming, Roaming)
    assert roaming.persist == "local machine"
    assert type(load_backend("keyring.backends.SecretService", "Keyring")).__name__ == "Keyring"


# the real Secret Service


@pytest.fixture
def secret_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A session bus with an unlocked gnome-keyring, both of this test alone."""
    if not (shutil.which("dbus-daemon") and shutil.which("gnome-keyring-daemon")):
        pytest.skip("needs dbus-daemon and gnome-keyring-daemon: apt-get install dbus gnome-keyring")
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
        (tmp_path / name).mkdir(mode=0o700)
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND", raising=False)
    command = ["dbus-daemon", "--session", "--nofork", "--print-address=1", "--nopidfile"]
    bus = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert bus.stdout is not None
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus.stdout.readline().strip())
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    ring = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert ring.stdin is not None
    assert ring.stdout is not None
    ring.stdin.write(b"login")
    ring.stdin.close()
    question = ["dbus-send", "--session", "--print-reply=literal", "--dest=org.freedesktop.DBus", "/", _OWNED, _NAME]
    while b"true" not in subprocess.run(question, check=True, capture_output=True).stdout:
        assert ring.poll() is None  # it has not taken its name on the bus yet
    yield
    for process in (ring, bus):
        process.send_signal(signal.SIGTERM)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


_OWNED = "org.freedesktop.DBus.NameHasOwner"
_NAME = "string:org.freedesktop.secrets"


@pytest.mark.usefixtures("secret_service")
async def test_the_real_secret_service_keeps_a_key(tmp_path: Path) -> None:
    """Against a real gnome-keyring: the probe passes, a key is saved, replaced, found anew, and forgotten."""
    chain = find_keychain(tmp_path)
    await chain.probe()
    await chain.save("inference", make_entry(label="first"))
    await chain.save("inference", make_entry(label="second"))
    found = await find_keychain(tmp_path).find("inference")
    assert found is not None
    assert (found.label, found.key.reveal()) == ("second", KEY)
    assert await chain.forget("inference")
    assert await chain.find("inference") is None
