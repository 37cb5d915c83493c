"""The shape of the package: which way imports point, what the core may touch, how long a file may be.

Every rule is a function from source text to the list of what breaks it, so that each is tried twice: on the whole
package, which must be clean, and on a snippet that breaks it, which must be caught.
"""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "src" / "chit"

LAYERS = (
    {"__main__"},
    {"cli"},
    {"web", "api", ""},  # "" is the package's own root, the face for Python programs
    {"app"},
    {"engine", "settlement", "balance", "relay"},
    {"transfer", "advice"},
    {"running", "adoption", "late_ends", "catalogue", "replies"},
    {"openrouter", "vault", "store", "render", "notices", "passage", "tap", "event_log"},
    {"prefs", "prefs_change"},
    {"prefs_file", "prefs_text"},
    {"core"},
    {"errors"},
    {"about"},
)
"""A module may import from a set further down, and from its own name; never from another name of its own set."""
RANKS = {name: rank for rank, names in enumerate(LAYERS) for name in names}

SANDBOX_IMPORTS = {"core", "errors", "about"}
IMPORTS_SANDBOX = {"cli", "app"}

REVEALERS = {
    "chit.core.scrub",  # to know the texts that it hides
    "chit.openrouter.client",  # to send it
    "chit.vault.age_worker",  # hands the passphrase to the worker process
    "chit.vault.entry",  # to write it where it rests
    "chit.vault.fingerprint",
}
"""The only modules that may turn a `Secret` or a `Passphrase` back into text."""

CORE_LIBRARIES = {"orjson"}
"""What the core may import beside the standard library."""
IMPURE_MODULES = """
    _thread asyncio atexit builtins concurrent contextvars ctypes curses fcntl fileinput getpass gettext glob http
    importlib inspect io linecache locale logging mmap multiprocessing os pathlib pickle platform pty queue random
    readline resource runpy sched secrets select selectors shelve shutil signal smtplib socket socketserver sqlite3 ssl
    subprocess sys sysconfig tempfile termios threading time tkinter tty urllib.request warnings webbrowser xmlrpc
"""
IMPURE_NAMES = {"now", "utcnow", "today", "uuid1", "uuid4", "uuid6", "uuid7", "getnode", "SystemRandom"}
IMPURE_CALLS = {"open", "print", "input", "breakpoint", "exec", "eval", "compile", "__import__"}

MOST_FILE_LINES = 300
MOST_FUNCTION_LINES = 50
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "misc", "common"}


# --- reading the package ---------------------------------------------------------------------------------------------


@cache
def package_sources() -> dict[str, str]:
    """Source text of every module of the package, by dotted name."""
    sources = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = ("chit", *path.relative_to(PACKAGE).with_suffix("").parts)
        sources[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path.read_text(encoding="utf-8")
    return sources


def imported_names(source: str) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, wherever it stands; relative ones start with a dot."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def layer_of(name: str) -> str | None:
    """The layer that a dotted name belongs to; None outside the package."""
    first, _, rest = name.partition(".")
    return rest.partition(".")[0] if first == "chit" else None


# --- the rules -------------------------------------------------------------------------------------------------------


def breaches_of_layers(module: str, source: str) -> list[str]:
    """Imports that point the wrong way."""
    importer = layer_of(module)
    breaches = []
    for line, name in imported_names(source):
        target = layer_of(name)
        if target is None or importer is None or target == importer:
            continue
        if not may_import(importer, target):
            breaches.append(f"{module}:{line} imports {name}")
    return breaches


def may_import(importer: str, target: str) -> bool:
    """Whether the layer `importer` may import the layer `target`."""
    if importer == "sandbox":
        return target in SANDBOX_IMPORTS
    if target == "sandbox":
        return importer in IMPORTS_SANDBOX
    return importer in RANKS and target in RANKS and RANKS[importer] < RANKS[target]


def breaches_of_import_style(module: str, source: str) -> list[str]:
    """Relative imports, and sub-modules that import the package's root or a name defined there."""
    breaches = []
    for line, name in imported_names(source):
        if name.startswith("."):
            breaches.append(f"{module}:{line} imports relatively")
        elif module != "chit" and layer_of(name) not in {None, "sandbox", *RANKS} - {""}:
            breaches.append(f"{module}:{line} imports the root of the package")
    return breaches


def breaches_of_purity(module: str, source: str) -> list[str]:
    """Whatever in a module of the core could reach the machine, the clock, chance or another task."""
    breaches = []
    impure = set(IMPURE_MODULES.split())
    for line, name in imported_names(source):
        parts = name.split(".")
        prefixes = {".".join(parts[:count]) for count in range(1, len(parts) + 1)}
        foreign = parts[0] not in sys.stdlib_module_names | CORE_LIBRARIES | {"chit"}
        if foreign or prefixes & impure or parts[-1] in IMPURE_NAMES:
            breaches.append(f"{module}:{line} imports {name}")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in IMPURE_NAMES:
            breaches.append(f"{module}:{node.lineno} uses .{node.attr}")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            breaches.append(f"{module}:{node.lineno} calls {node.func.id}()")
    return breaches


def breaches_of_length(module: str, source: str) -> list[str]:
    """Files and functions that do not read in one sitting."""
    breaches = []
    if (lines := len(source.splitlines())) > MOST_FILE_LINES:
        breaches.append(f"{module} has {lines} lines")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MOST_FUNCTION_LINES:
                breaches.append(f"{module}:{node.lineno} {node.name} has {lines} lines")
    return breaches


def breaches_of_naming(module: str) -> list[str]:
    """A module named after nothing in particular."""
    return [module] if module.rpartition(".")[2].strip("_") in VAGUE_NAMES else []


def reveals(source: str) -> bool:
    """Whether the text of a secret is asked for, by attribute or by name."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr == "reveal")
        or (isinstance(node, ast.Constant) and node.value == "reveal")
        for node in ast.walk(ast.parse(source))
    )


def find_cycle(sources: dict[str, str]) -> list[str] | None:
    """One chain of imports that returns to where it began; None when there is none. Lazy and type-only ones count."""
    edges = {module: imported_modules(module, source, set(sources)) for module, source in sources.items()}
    done: set[str] = set()

    def visit(module: str, trail: list[str]) -> list[str] | None:
        if module in trail:
            return [*trail[trail.index(module) :], module]
        if module in done:
            return None
        for target in sorted(edges[module]):
            if cycle := visit(target, [*trail, module]):
                return cycle
        done.add(module)
        return None

    return next((cycle for module in sources if (cycle := visit(module, []))), None)


def imported_modules(module: str, source: str, known: set[str]) -> set[str]:
    """Those modules of `known` that a module imports, by itself or through a name of theirs."""
    named = {name for _, name in imported_names(source)}
    return {name if name in known else name.rpartition(".")[0] for name in named} & known - {module}


# --- the package keeps them ------------------------------------------------------------------------------------------


def all_breaches(rule: str, under: str = "chit") -> list[str]:
    """What breaks the rule of that name, over every module of the package that starts with `under`."""
    check = globals()[rule]
    return [
        breach
        for module, source in package_sources().items()
        if module == under or module.startswith(f"{under}.")
        for breach in check(module, source)
    ]


def test_imports_follow_the_layers() -> None:
    """No module imports from its left, from a sibling layer, or from a layer the design does not know."""
    assert all_breaches("breaches_of_layers") == []


def test_every_module_has_a_layer() -> None:
    """A new top-level module must be given its place among the layers before it can land."""
    assert {layer_of(module) for module in package_sources()} <= {*RANKS, "sandbox"}


def test_the_core_is_pure() -> None:
    """Nothing under chit.core can reach the machine, the clock, chance or another task."""
    assert all_breaches("breaches_of_purity", "chit.core") == []


def test_files_and_functions_read_in_one_sitting() -> None:
    """Every file has at most 300 lines and every function at most 50."""
    assert all_breaches("breaches_of_length") == []


def test_imports_are_absolute_and_pass_the_root_by() -> None:
    """No import is relative, and no sub-module imports the package's root."""
    assert all_breaches("breaches_of_import_style") == []


def test_modules_are_named_by_a_noun() -> None:
    """No module is named utils, helpers or the like."""
    assert [breach for module in package_sources() for breach in breaches_of_naming(module)] == []


def test_sub_package_inits_are_empty() -> None:
    """Importing a sub-package runs nothing: only the root's __init__ holds code."""
    inits = [path for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE]
    assert [str(path) for path in inits if path.read_text(encoding="utf-8").strip()] == []


def test_nothing_imports_in_a_circle() -> None:
    """The imports of the package, lazy and type-only ones included, form no cycle."""
    assert find_cycle(package_sources()) is None


def test_secrets_are_revealed_in_few_places() -> None:
    """Only the modules on the short list ask a Secret for its text."""
    assert {module for module, source in package_sources().items() if reveals(source)} <= REVEALERS


@pytest.mark.skipif(not (PACKAGE / "cli" / "main.py").exists(), reason="there is no command line yet")
def test_the_version_is_told_without_the_network_stack() -> None:
    """`chit --version` loads neither asyncio nor aiohttp, which would make it slow."""
    probe = (
        "import json, sys; before = set(sys.modules); sys.argv = ['chit', '--version']\n"
        "from chit.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as exit:\n    assert not exit.code, exit.code\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    shown = subprocess.run([sys.executable, "-c", probe], env=unmeasured, capture_output=True, text=True, check=True)
    loaded = json.loads(shown.stdout.splitlines()[-1])
    assert {name for name in loaded if name.partition(".")[0] in {"asyncio", "aiohttp"}} == set()


# --- the rules catch what breaks them --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("chit.core.wire", "from chit.prefs import UserPrefs"),
        ("chit.engine", "import chit.settlement"),
        ("chit.vault.store", "def get():\n    from chit.store.sqlite import open_store"),
        ("chit.web.shell", "from chit.api import relay"),
        ("chit.store.sqlite", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from chit.app import App"),
        ("chit.sandbox.server", "from chit.openrouter import client"),
        ("chit.web.routes", "from chit.sandbox import server"),
        ("chit.errors", "from chit import core"),
        ("chit.app", "from chit.unheard_of import thing"),
        ("chit.app", "import chit"),
    ],
)
def test_a_wrong_direction_is_caught(module: str, source: str) -> None:
    """An import to the left, of a sibling, hidden in a function or behind TYPE_CHECKING, is reported."""
    assert len(breaches_of_layers(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "chit.cli.main",
            "from chit.web import shell\nfrom chit.sandbox import server\nfrom chit.about import VERSION",
        ),
        ("chit.app", "from chit.sandbox.server import Sandbox\nfrom chit.engine import Engine"),
        ("chit.engine", "from chit.running import Running\nfrom chit.core.messages import Message"),
        ("chit.core.wire", "from chit.core import sse\nimport json\nimport aiohttp"),
        ("chit.sandbox.server", "from chit.core import wire\nfrom chit.errors import ChitError"),
        ("chit", "from chit.app import open_app"),
    ],
)
def test_a_right_direction_passes(module: str, source: str) -> None:
    """Imports to the right, within a layer and from outside the package are left alone."""
    assert breaches_of_layers(module, source) == []


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import os.path",
        "from pathlib import Path",
        "from os import environ",
        "import urllib.request",
        "from urllib import request",
        "import aiohttp",
        "from rich import print",
        "def late():\n    import asyncio",
        "from datetime import datetime\nthen = datetime.now()",
        "import datetime\nthen = datetime.datetime.utcnow()",
        "from datetime import date\nclock = date.today",
        "from uuid import uuid4",
        "text = open('file')",
        "print('hello')",
    ],
)
def test_impurity_is_caught(source: str) -> None:
    """The machine, the clock, chance and output are each reported when the core touches them."""
    assert len(breaches_of_purity("chit.core.wire", source)) == 1


def test_pure_code_passes() -> None:
    """Dates, numbers, JSON and hashing, given their inputs, are pure."""
    source = "import hashlib, orjson\nfrom datetime import datetime, UTC\nfrom urllib.parse import urlsplit\n"
    assert breaches_of_purity("chit.core.wire", source + "at = datetime.fromtimestamp(0, UTC)") == []


@pytest.mark.parametrize(
    "source", ["from . import wire", "from .wire import Chunk", "import chit", "from chit import Chit"]
)
def test_a_relative_or_root_import_is_caught(source: str) -> None:
    """Each way to import relatively, or from the root, is reported."""
    assert len(breaches_of_import_style("chit.core.fold", source)) == 1


def test_length_is_caught() -> None:
    """One line too many in a file or in a function is reported, and the line before is not."""
    assert breaches_of_length("chit.engine", "x = 1\n" * 300) == []
    assert len(breaches_of_length("chit.engine", "x = 1\n" * 301)) == 1
    assert breaches_of_length("chit.engine", "def send():\n" + "    x = 1\n" * 49) == []
    assert len(breaches_of_length("chit.engine", "async def send():\n" + "    x = 1\n" * 50)) == 1


def test_a_vague_name_is_caught() -> None:
    """A module named utils is reported wherever it stands."""
    assert breaches_of_naming("chit.core.utils") == ["chit.core.utils"]
    assert breaches_of_naming("chit._helpers") == ["chit._helpers"]


@pytest.mark.parametrize("source", ["key.reveal()", "tell = key.reveal", "getattr(key, 'reveal')()"])
def test_a_reveal_is_caught(source: str) -> None:
    """Calling, passing on and looking up `reveal` all count; defining it does not."""
    assert reveals(source)
    assert not reveals("class Secret:\n    def reveal(self): ...")


def test_a_cycle_is_caught() -> None:
    """A circle of imports through three modules, one of them lazy, is found and shown whole."""
    circle = {
        "chit.a": "from chit.b import thing",
        "chit.b": "def late():\n    from chit import c",
        "chit.c": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import chit.a",
        "chit.d": "import chit.a",
    }
    assert find_cycle(circle) == ["chit.a", "chit.b", "chit.c", "chit.a"]
    assert find_cycle(circle | {"chit.c": ""}) is None
