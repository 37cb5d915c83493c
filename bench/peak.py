"""A command's cost and its largest size in memory."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence

from bench.measure import ROOT, BenchmarkBroken, Cost

_UNIT = 1 if sys.platform == "darwin" else 1024


def run_measured(command: Sequence[str], environment: Mapping[str, str]) -> tuple[Cost, int]:
    """Run it to its end; what it cost, and its largest size in bytes. Raises `BenchmarkBroken`."""
    with tempfile.TemporaryFile() as told:
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command, stdin=subprocess.DEVNULL, stdout=told, stderr=told, env=dict(environment), cwd=ROOT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            told.seek(0)
            text = told.read().decode("utf-8", "replace")[-2000:]
            raise BenchmarkBroken(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
    return Cost(cpu=usage.ru_utime + usage.ru_stime, wall=wall), _peak(usage)


def _peak(usage: resource.struct_rusage) -> int:
    return usage.ru_maxrss * _UNIT
