"""`python -m bench`: run the benchmarks, or those that are named, and print one table."""

import argparse
import os
import platform
import sys
from importlib.metadata import version

from bench import costs, durability, history, oneshot, render, search, startup, streaming, unlock, web
from bench.measure import BenchmarkBroken, Row, format_table

BENCHMARKS = {
    "streaming": streaming.measure,
    "durability": durability.measure,
    "startup": startup.measure,
    "oneshot": oneshot.measure,
    "unlock": unlock.measure,
    "render": render.measure,
    "web": web.measure,
    "costs": costs.measure,
    "search": search.measure,
    "history": history.measure,
}


def main() -> int:
    """Run; 1 if a benchmark broke. A goal that is missed is a result, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="What Chit costs beside its peers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="few rounds: whether it works, not how fast")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    try:
        for name in arguments.names or BENCHMARKS:
            sys.stderr.write(f"measuring {name}\n")
            rows += BENCHMARKS[name](quick=arguments.quick)
    except BenchmarkBroken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        sys.stdout.write(f"{describe_machine()}\n\n{format_table(rows)}\n")
    return 0


def describe_machine() -> str:
    """What the figures were measured on and with."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("aiohttp", "apsw", "orjson", "openai", "llm"))
    system = f"{platform.system()} {platform.release()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{system}; Python {platform.python_version()}; {packages}"


if __name__ == "__main__":
    sys.exit(main())
