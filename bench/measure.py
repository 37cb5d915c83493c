"""What processes cost, compared: CPU time, medians of interleaved rounds, ratios within one run.

Clocks on the wall say more about a machine's other guests than about the program, so goals are set on CPU time only,
and on ratios, which outlive the machine.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

ROOT = Path(__file__).parent.parent
CANARY = "sk-or-v1-" + "0" * 64
"""Looks like a key and is none."""
PATIENCE = 120.0
"""Seconds after which a child is taken for hung."""

T = TypeVar("T")


class BenchmarkBroken(Exception):
    """Something did not do what was to be measured; its figures would mean nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds."""

    cpu: float
    """User and system time, all threads."""
    wall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the report."""

    what: str
    figure: str
    """The median, with its unit."""
    wall: str = ""
    ratio: float | None = None
    against: str = ""
    goal: float | None = None
    """The largest ratio that meets the goal; None where the line is only there to be compared with."""

    @property
    def verdict(self) -> str:
        """`met` or `missed`; empty without a goal."""
        if self.goal is None or self.ratio is None:
            return ""
        return "met" if self.ratio <= self.goal else "missed"


def median_cost(costs: Sequence[Cost]) -> Cost:
    """The median of each figure by itself."""
    return Cost(cpu=median(cost.cpu for cost in costs), wall=median(cost.wall for cost in costs))


def interleave(tasks: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Run every task `rounds` times, all of them in each round, each round beginning with another."""
    results: dict[str, list[T]] = {name: [] for name in tasks}
    names = list(tasks)
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            results[name].append(tasks[name]())
    return results


def child_environment(**settings: str) -> dict[str, str]:
    """Our environment without proxies, keys and what changes how Python runs, and with `settings`."""
    kept = {name: value for name, value in os.environ.items() if not _is_unwanted(name)}
    return kept | settings


def run_child(command: Sequence[str], environment: Mapping[str, str]) -> tuple[Cost, str]:
    """Run to its end with nothing on standard input; its cost and its output. Raises `BenchmarkBroken`."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as complaints:
        started = time.monotonic()
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=complaints, env=dict(environment), cwd=ROOT
        )
        overdue = threading.Timer(PATIENCE, process.kill)
        overdue.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        overdue.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        complaints.seek(0)
        if process.returncode != 0:
            text = complaints.read().decode("utf-8", "replace")[-2000:]
            raise BenchmarkBroken(f"{' '.join(command)} ended with {process.returncode}:\n{text}")
        return Cost(cpu=usage.ru_utime + usage.ru_stime, wall=wall), output.read().decode("utf-8", "replace")


def script(name: str) -> str:
    """The path of a command that is installed beside this Python."""
    path = Path(sys.executable).parent / name
    if not path.exists():
        raise BenchmarkBroken(f"{path} is missing: run `make bench`, which installs it")
    return str(path)


def milliseconds(seconds: float) -> str:
    """`123 ms`."""
    return f"{seconds * 1000:.0f} ms"


def format_table(rows: Sequence[Row]) -> str:
    """The rows as aligned text that is a Markdown table too."""
    lines = [["", "CPU", "wall", "ratio", "goal", "verdict"]]
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f} × {row.against}"
        lines.append([row.what, row.figure, row.wall, ratio, "" if row.goal is None else f"≤ {row.goal}", row.verdict])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines
    )


def _is_unwanted(name: str) -> bool:
    own = ("PYTHON", "COVERAGE", "CHIT_", "LLM_", "OPENAI_", "OPENROUTER_")
    return name.startswith(own) or name.lower().endswith("_proxy")
