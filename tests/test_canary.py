"""Attack case 35: a key that is given to Chit is found nowhere, and the search finds what is planted."""

import asyncio
import base64
import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from tests.canaries import CANARIES, MOST_BYTES, echo_forms, find_canary, find_leaks
from tests.upstream import DONE, Exchange, Upstream, event, text_chunk

CANARY = CANARIES[0]


@dataclass
class Watcher:
    """An upstream that looks at the processes of its caller while they wait for it."""

    how: str
    given: str
    seen: dict[str, str] = field(default_factory=dict)
    """What must hold no key, by where it was seen."""
    caller: int = 0

    async def __call__(self, exchange: Exchange) -> None:
        """Look, then answer; what fails repeats the key in every form."""
        self._look()
        told = echo_forms(exchange.request.headers["authorization"])
        error = {"error": {"code": 401, "message": told, "metadata": {"raw": told}}}
        if self.how == "refused":
            await exchange.reply(401, json.dumps(error).encode())
        elif self.how == "answered with an error":
            await exchange.reply(200, json.dumps(error).encode())
        else:
            await exchange.open_stream()
            await exchange.chunk(text_chunk("Hello"))
            failed = event({"id": "gen-1", **error})
            await exchange.chunk(failed if self.how == "broken off" else text_chunk("!", finish="stop") + DONE)
            await exchange.chunk(b"")

    def _look(self) -> None:
        for process in [Path(f"/proc/{self.caller}"), *_children(self.caller)]:
            self.seen[f"argv of {process.name}"] = (process / "cmdline").read_text(errors="surrogateescape")
            limits = (process / "limits").read_text().splitlines()
            (core,) = (line.split()[4:6] for line in limits if line.startswith("Max core file size"))
            assert core == ["0", "0"], "no core file is ever written"
            if process.name != str(self.caller) or self.given != "environment":
                with suppress(PermissionError):  # it is hidden from processes of the same user
                    self.seen[f"environment of {process.name}"] = (process / "environ").read_text(errors="replace")


def _children(parent: int) -> Iterator[Path]:
    """Every process below that one."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                yield stat.parent
                yield from _children(int(stat.parent.name))


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("given", ["environment", "file"])
@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("how", ["answered", "refused", "answered with an error", "broken off"])
async def test_a_key_leaves_no_trace(how: str, as_json: bool, given: str, tmp_path: Path) -> None:
    """Whether the question succeeds or fails, argv, environments, outputs and the home folder hold no key."""
    folder = tmp_path / "key-files"
    folder.mkdir()
    file = folder / "own.key"
    file.write_text(CANARY)
    file.chmod(0o600)
    home = tmp_path / "home"
    watcher = Watcher(how, given)
    async with Upstream(watcher) as upstream:
        environment = {"PATH": "/usr/bin:/bin", "CHIT_HOME": str(home), "CHIT_BASE_URL": upstream.base_url}
        environment["HOME"] = str(tmp_path)
        environment |= {"OPENROUTER_API_KEY": CANARY} if given == "environment" else {}
        options = (["--json"] if as_json else []) + (["--api-key-file", str(file)] if given == "file" else [])
        command = [sys.executable, "-m", "chit", "ask", "-m", "a/b", "Hi", *options]
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
        )
        watcher.caller = child.pid
        out, err = await child.communicate()
    assert (child.returncode == 0) == (how == "answered"), err
    assert f"argv of {child.pid}" in watcher.seen, "it got as far as asking"
    assert how == "answered" or "sk-or-…ee00" in (out + err).decode(), "something was there to hide"
    told = watcher.seen | {"standard output": out.decode(), "standard error": err.decode()}
    assert {where: find_canary(text) for where, text in told.items() if find_canary(text)} == {}
    assert (home / "chit.db").exists()
    assert list(find_leaks(tmp_path)) == []


# --- the search itself -----------------------------------------------------------------------------------------------


def _plant(key: str) -> Iterator[bytes]:
    """One text for each form, encoded in the plainest way and so apart from how the search derives it."""
    yield f"x {key} y".encode()
    yield quote(key).replace("-", "%2D").encode()
    yield quote(key).replace("-", "%2d").encode()
    yield b"00" + key.encode().hex().encode() + b"00"
    yield b"00" + key.encode().hex().upper().encode() + b"00"
    for before in ("", "a", "ab", "Bearer ", "user:"):
        for after in ("", "z", "zz", "\r\n"):
            yield base64.b64encode(f"{before}{key}{after}".encode())


@pytest.mark.parametrize("key", CANARIES)
def test_the_search_finds_each_form_of_each_key(key: str) -> None:
    """Raw, URL-quoted, in hex and in base64 at every alignment; a key that is cut or masked is none."""
    assert [planted for planted in _plant(key) if find_canary(b"\0\xff" + planted + b"\n") is None] == []
    assert find_canary(f"sk-or-…{key[-4:]} {key[:-1]}") is None


def test_a_file_with_a_key_is_named(tmp_path: Path) -> None:
    """However deep it lies, by its content or by its name; what tests write as key files is passed over."""
    (tmp_path / "a" / "key-files").mkdir(parents=True)
    planted = [tmp_path / "a" / "log", tmp_path / f"{CANARY}.txt"]
    planted[0].write_bytes(b"\xff" + CANARY.encode().hex().encode())
    planted[1].touch()
    for harmless in ("own.key", "key", "a/key-files/x"):
        (tmp_path / harmless).write_text(CANARY)
    (tmp_path / "link").symlink_to("own.key")
    with (tmp_path / "large").open("wb") as file:
        file.write(CANARY.encode())
        file.truncate(MOST_BYTES + 1)
    leaks = set(find_leaks(tmp_path))
    for path in planted:  # or the search after the whole suite would find them
        path.unlink()
    assert leaks == {f"{planted[0]} holds sk-or-v1-…ee00 (hex)", f"{planted[1]} holds sk-or-v1-…ee00 (raw)"}
    assert list(find_leaks(tmp_path)) == []
