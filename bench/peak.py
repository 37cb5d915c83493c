"""A command's cost and its largest size in memory.

The system takes a process's size before it becomes another program for part of it, so a small Python starts the command
and tells what it took.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence

from bench.measure import PATIENCE, ROOT, BenchmarkBroken, Cost

_UNIT = 1 if sys.platform == "darwin" else 1024
_START = """
import json, os, resource, sys, time
started = time.monotonic()
pid = os.fork()
if pid == 0:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.execve(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.monotonic() - started
code = os.waitstatus_to_exitcode(status)
print(json.dumps([code, usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss]))
"""


def run_measured(command: Sequence[str], environment: Mapping[str, str]) -> tuple[Cost, int]:
    """Run it to its end; what it cost, and its largest size in bytes. Raises `BenchmarkBroken`."""
    started = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "-I", "-S", "-c", _START, *command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=dict(environment),
        cwd=ROOT,
        timeout=PATIENCE * 10,
        check=True,
    )
    code, cpu, wall, peak = json.loads(started.stdout)
    if code != 0:
        raise BenchmarkBroken(f"{' '.join(command)} ended with {code}:\n{started.stderr.decode()[-2000:]}")
    return Cost(cpu=cpu, wall=wall), peak * _UNIT
