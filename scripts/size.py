"""Print what is installed beside this interpreter, and fail beyond the budget. Run by `make size`."""

import sys
import sysconfig
from importlib.metadata import Distribution, distributions
from pathlib import Path

MOST_DISTRIBUTIONS = 42
MOST_MEGABYTES = 80
TOOLS = {"pip", "setuptools", "wheel"}


def megabytes(folder: Path) -> float:
    """Sum of the sizes of all files under `folder`, in 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def own_megabytes(dist: Distribution) -> float:
    """Sum of the sizes of the files that a distribution installed, in 10^6 bytes."""
    return sum(Path(str(file.locate())).stat().st_size for file in dist.files or ()) / 1e6


def main() -> int:
    """Print one line per figure; exit code 1 beyond the budget."""
    site_packages = Path(sysconfig.get_path("purelib"))
    found = sorted(distributions(path=[str(site_packages)]), key=lambda dist: dist.name.lower())
    found = [dist for dist in found if dist.name not in TOOLS]
    size = megabytes(site_packages)
    for dist in found:
        print(f"  {dist.name:<20} {dist.version:<12} {own_megabytes(dist):6.2f} MB")
    print(f"distributions: {len(found)} of {MOST_DISTRIBUTIONS}")
    print(f"site-packages: {size:.1f} MB of {MOST_MEGABYTES} MB")
    if len(found) > MOST_DISTRIBUTIONS or size > MOST_MEGABYTES:
        print("beyond the budget: see docs/dependencies.md", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
