"""The worker process as seen from the program."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from tests.vault.doubles import PASSPHRASE, WRONG, encrypt

from chit.errors import VaultDamaged, VaultError, VaultTooCostly, WrongPassphrase
from chit.vault.age_worker import AgeWorker

PLAIN = b'{"version": 1}'
SEALED = encrypt(PLAIN, PASSPHRASE.reveal().decode())


def worker(code: str, *, seconds: float = 60.0) -> AgeWorker:
    """One whose process runs this instead."""
    return AgeWorker((sys.executable, "-I", "-c", code), seconds=seconds)


async def test_it_opens_what_it_is_given() -> None:
    """A real process opens a real file, and refuses a wrong passphrase; each costs one process."""
    real = AgeWorker()
    assert await real.open(SEALED, PASSPHRASE) == PLAIN
    with pytest.raises(WrongPassphrase):
        await real.open(SEALED, WRONG)
    with pytest.raises(VaultDamaged, match="the passphrase is right"):
        await real.open(SEALED[:-1], PASSPHRASE)
    assert real.started == 3


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("wrong", WrongPassphrase),
        ("damaged", VaultDamaged),
        ("costly", VaultTooCostly),
        ("failed", VaultError),
        ("", VaultError),
    ],
)
async def test_each_word_is_an_error(word: str, kind: type[VaultError]) -> None:
    """What the process says becomes a typed error with advice; silence is one too."""
    with pytest.raises(VaultError) as caught:
        await worker(f"import sys; sys.stdin.read(); print({word!r})").open(b"x", PASSPHRASE)
    assert type(caught.value) is kind
    assert caught.value.hint


async def test_a_process_that_cannot_start_is_told() -> None:
    """A missing interpreter is a typed error."""
    with pytest.raises(VaultError, match="No such file"):
        await AgeWorker(("/nowhere/python",)).seal(b"x", PASSPHRASE)


async def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    """No answer in time is a typed error, and the process is gone."""
    told = tmp_path / "pid"
    hanging = f"import os, sys; open({str(told)!r}, 'w').write(str(os.getpid())); sys.stdin.read(); sys.stdin = None\n"
    os.mkfifo(tmp_path / "never")
    code = hanging + f"open({str(tmp_path / 'never')!r})"
    with pytest.raises(VaultError, match="did not answer"):
        await worker(code, seconds=1.0).open(b"x", PASSPHRASE)
    if told.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(told.read_text()), 0)


async def test_a_cancelled_call_leaves_no_process(tmp_path: Path) -> None:
    """Giving up, as when a page is closed, ends the process too."""
    os.mkfifo(tmp_path / "begun")
    code = f"import os, sys; f = open({str(tmp_path / 'begun')!r}, 'w'); print(os.getpid(), file=f, flush=True); f.read"
    task = asyncio.create_task(worker(code + "\nf.close(); import signal; signal.pause()").open(b"x", PASSPHRASE))
    pid = int(await asyncio.to_thread((tmp_path / "begun").read_text))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_nothing_of_the_environment_and_nothing_secret_in_the_arguments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Attack case 35: the process gets neither a key nor a passphrase by environment or arguments, nor what is open."""
    monkeypatch.setenv("OPENROUTER_API_KEY", "sk-or-v1-canary")
    monkeypatch.setenv("PYTHONPATH", "/canary")
    told = tmp_path / "told"
    code = (
        "import os, sys; sys.stdin.read(); handles = os.listdir('/proc/self/fd')\n"
        "text = [dict(os.environ), open('/proc/self/cmdline').read(), sorted(handles, key=int)]\n"
        f"open({str(told)!r}, 'w').write(repr(text)); print('wrong')"
    )
    with (tmp_path / "open").open("w"), pytest.raises(WrongPassphrase):
        await worker(code).open(b"x", PASSPHRASE)
    text = told.read_text()
    assert "canary" not in text
    assert "horse" not in text
    environment, _, handles = eval(text)  # noqa: S307 - our own process wrote it
    assert set(environment) <= {"PATH", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR"}
    assert len(handles) == 4  # three, and the folder it lists
