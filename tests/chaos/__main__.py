"""`make chaos`: full runs with several seeds, and the table in docs/reliability.md."""

import argparse
import asyncio
import sys
import time

from tests.chaos.report import write_report
from tests.chaos.run import Plan, run_chaos


def main() -> None:
    """Exit code 1 where a count is not zero."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--billed", type=int, default=1000, help="billed completions in each run, at least")
    parser.add_argument("--kills", type=int, default=200, help="killed processes in each run, at least")
    parser.add_argument("--report", action="store_true", help="write docs/reliability.md anew")
    chosen = parser.parse_args()
    verdicts = []
    for seed in chosen.seeds:
        started = time.monotonic()
        verdict = asyncio.run(run_chaos(Plan(seed=seed, billed=chosen.billed, kills=chosen.kills)))
        verdicts.append((seed, verdict, time.monotonic() - started))
        print(
            f"seed {seed}: {verdict.billed} billed, {verdict.kills} kills, {verdict.faults or 'no fault'}", flush=True
        )
        for note in verdict.notes:
            print(f"  {note}")
    if chosen.report:
        write_report(verdicts)
    sys.exit(any(verdict.faults for _, verdict, _ in verdicts))


if __name__ == "__main__":
    main()
