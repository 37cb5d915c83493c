"""Findings about what Chit runs on and in: versions, proxies, and what nothing protects against."""

import platform
import re
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit
from urllib.request import getproxies

import apsw

from chit.about import NAME, VERSION
from chit.cli.findings import Finding, Hide

_PACKAGES = ("aiohttp", "orjson", "pyrage")
_PROXIES = ("http", "https")
_NOT_PROTECTED = (
    "against programs that run as you or as root, swap, hibernation, key copies in memory after a lock, a weak "
    "passphrase on a stolen vault file, an older vault file put back; your history is plain SQLite. See docs/keys.md"
)
"""Security and reliability §1; three lines of a terminal at the most."""


def examine_versions() -> list[Finding]:
    """Of Chit, of what it stands on, and of the system. The system's own number may have a name in it, so its digits
    are enough.
    """
    release = re.match(r"[\d.]*", platform.release())
    parts = [
        f"{NAME} {VERSION}",
        f"Python {platform.python_version()}",
        f"SQLite {apsw.sqlite_lib_version()} (apsw {apsw.apsw_version()})",
        *(f"{name} {_find_version(name)}" for name in _PACKAGES),
        f"{platform.system()} {release[0].rstrip('.') if release else ''} {platform.machine()}",
    ]
    return [Finding(topic="versions", verdict="ok", text=" · ".join(" ".join(part.split()) for part in parts))]


def _find_version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(version unknown)"


def examine_proxies(hide: Hide, find_proxies: Callable[[], dict[str, str]] = getproxies) -> list[Finding]:
    """The hosts of those in the environment: an address may have a login in it."""
    found = find_proxies()
    hosts = [f"{scheme} through {hide(_host_of(found[scheme]))}" for scheme in _PROXIES if found.get(scheme)]
    if not hosts:
        return [Finding(topic="proxies", verdict="ok", text="none in the environment")]
    return [Finding(topic="proxies", verdict="note", text=", ".join(hosts))]


def _host_of(address: str) -> str:
    try:
        return urlsplit(address).hostname or "an address that names no host"
    except ValueError:
        return "an address that cannot be read"


def list_unprotected() -> list[Finding]:
    """What is said openly (docs/keys.md)."""
    return [Finding(topic="not_protected", verdict="note", text=_NOT_PROTECTED)]
