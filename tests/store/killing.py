"""Killing a process at any point of what it does to files: after so many steps of SQLite and calls of the system."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path

_PRELUDE = """
import json, os, pathlib, signal, sys
import apsw
arguments = json.loads(sys.argv[2])
left = int(sys.argv[1])
CALLS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "fcntl.flock", "fcntl.lockf"}

def count(*_):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return False

def begin():
    global left
    left = int(sys.argv[1])
    apsw.connection_hooks.append(lambda connection: connection.set_progress_handler(count, 200, id=count))
    sys.addaudithook(lambda event, _: event in CALLS and count())
"""
_END = "\nprint(-left, flush=True)\n"


def run(program: str, *arguments: Path, kill_at: int = 0) -> int | None:
    """How many points there were; None if it was killed at that one. The program says where it begins: `begin()`."""
    done = subprocess.run(
        [sys.executable, "-c", _PRELUDE + program + _END, str(kill_at), json.dumps([str(each) for each in arguments])],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        check=False,
    )
    if done.returncode == -signal.SIGKILL:
        return None
    assert done.returncode == 0
    return int(done.stdout.split()[-1])


def choose_points(total: int, most: int) -> list[int]:
    """Points to kill at: about as many as are wanted, spread over the whole, and the last ones: they give names."""
    points = range(1, total + 1)
    return sorted({*random.Random(total).sample(points, min(total, most)), *points[-5:]})
