"""The repository beside the package: locks, what committed files may say, and documents that must stay true."""

import json
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
LOCKS = ("chit", "test", "build", "bench", "bench-api", "judges", "judges-all", "lock")

REGISTRY_HOSTS = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "yarn" + "pkg.com",
    "crates" + ".io",
    "proxy.go" + "lang.org",
    "deb.debian" + ".org",
    "archive.ubuntu" + ".com",
)
"""Put together here, so that this file does not contain what it looks for."""

PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;]+)(?: ; (.+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


@cache
def committed_files() -> list[Path]:
    """Every file that is committed or would be: tracked, or neither tracked nor ignored."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def hosts_in(content: bytes) -> list[str]:
    """The registry hosts that a file names."""
    return [host for host in REGISTRY_HOSTS if host.encode() in content.lower()]


def unhashed_lines(lock: str) -> list[str]:
    """Lines of a lock that are neither comment, exact pin nor hash, and pins that no hash follows."""
    lines = [line for line in lock.splitlines() if line and not line.startswith("#")]
    followers = [*lines[1:], ""]
    return [
        line
        for line, follower in zip(lines, followers, strict=True)
        if not (HASH.match(line) or (PIN.match(line) and HASH.match(follower)))
    ]


def read_lock(name: str) -> str:
    """The text of requirements/NAME.txt."""
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def pinned_versions(lock: str) -> dict[str, list[str]]:
    """Versions that a lock pins, by distribution: more than one where the platform decides."""
    pins: dict[str, list[str]] = {}
    for line in lock.splitlines():
        if match := PIN.match(line):
            pins.setdefault(canonicalize_name(match[1]), []).append(match[2])
    return pins


def wanted(name: str) -> list[Requirement]:
    """What pyproject.toml asks for under the name of a lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    if name == "chit":
        return [Requirement(line) for line in project["project"]["dependencies"]]
    return [Requirement(line) for line in project["dependency-groups"][name]]


def test_no_committed_file_names_a_registry() -> None:
    """Where packages come from is the business of each machine: no file of the project says it."""
    named = {str(path.relative_to(ROOT)): hosts_in(path.read_bytes()) for path in committed_files()}
    assert {name: hosts for name, hosts in named.items() if hosts} == {}


def test_a_registry_is_caught() -> None:
    """A host is found in any letter case, inside an address."""
    assert hosts_in(b"see https://PyPI" + b".org/project/chit") == ["pypi" + ".org"]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_are_exact_and_hashed(name: str) -> None:
    """Every requirement of a lock is one version with at least one hash, and a lock has no other lines."""
    lock = read_lock(name)
    assert pinned_versions(lock)
    assert unhashed_lines(lock) == []


@pytest.mark.parametrize(
    "line",
    ["rich==15.0.0", "rich>=15.0.0 \\", "--index-url https://example.org/simple", "-e .", "rich @ https://example.org"],
)
def test_a_loose_line_is_caught(line: str) -> None:
    """A pin without a hash, a range, an option and an address are each reported."""
    assert unhashed_lines(f"# made by hand\n{line}\nclick==8.5.1 \\\n    --hash=sha256:{'0' * 64}\n") == [line]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_answer_pyproject(name: str) -> None:
    """Each lock pins, within its range, all that pyproject.toml asks for: `make lock` was not forgotten."""
    pins = pinned_versions(read_lock(name))
    for requirement in wanted(name):
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement} is not locked"
        assert all(requirement.specifier.contains(version) for version in versions), requirement


@pytest.mark.parametrize("name", ["test", "bench"])
def test_locks_agree(name: str) -> None:
    """What is tested and measured is what is installed: no lock pins another version than the runtime's."""
    runtime, other = pinned_versions(read_lock("chit")), pinned_versions(read_lock(name))
    assert {dist: other[dist] for dist in runtime.keys() & other.keys()} == {
        dist: runtime[dist] for dist in runtime.keys() & other.keys()
    }


def test_judges_agree() -> None:
    """The few judges of `make test` are those of `make test-all`: one environment holds both."""
    few, every = pinned_versions(read_lock("judges")), pinned_versions(read_lock("judges-all"))
    assert {dist: every.get(dist) for dist in few} == few


def test_the_lock_of_npm_is_exact_and_hashed() -> None:
    """Each of the judges from npm is one version with a hash and without an address; none that is wanted lacks."""
    folder = ROOT / "tests" / "judges"
    packages = json.loads((folder / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = json.loads((folder / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert packages.pop("")["dependencies"] == wanted
    assert {f"node_modules/{name}" for name in wanted} <= packages.keys()
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert package.keys() & {"resolved", "link"} == set(), name


def test_every_dependency_is_explained() -> None:
    """docs/dependencies.md has a line for each runtime distribution, and for no other."""
    document = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = [canonicalize_name(name) for name in re.findall(r"^\| `([^`]+)` \|", document, flags=re.MULTILINE)]
    assert sorted(explained) == sorted(pinned_versions(read_lock("chit")))
