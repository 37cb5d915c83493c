"""What must not stand in an output that is pasted in public: the person's name, home and machine, keys and accounts."""

import os
import pwd
import re
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from chit.core.guidance_texts import hide_user_id
from chit.core.scrub import Scrubber

_HIDDEN = "…"
_MASK = re.compile(r"sk-or-…\S*")
_LOGINS = ("USER", "LOGNAME", "USERNAME", "LNAME", "SUDO_USER")
_PUBLIC_NAMES = frozenset({"localhost", "localdomain"})
_SHORT = 4
"""Shorter names are hidden only where they stand alone: `al` is part of many a word."""


class Discretion:
    """For the texts of others and for paths. Our own sentences need none, and might lose a word."""

    def __init__(self, *, homes: Iterable[str], names: Iterable[str]) -> None:
        """`homes` become `~`; `names` of the person and the machine an ellipsis."""
        self._homes = _any_of(homes, before=r"(?<![\w.-])", after=r"(?![\w.-])")
        self._names = re.compile("|".join(map(_pattern, _longest_first(names))) or "(?!)", re.IGNORECASE)
        self._scrubber = Scrubber(())

    def hide(self, text: str) -> str:
        """`text` as anybody may read it, on one line."""
        text = _MASK.sub("sk-or-…", self._scrubber.scrub(hide_user_id(text)))
        text = self._names.sub(_HIDDEN, self._homes.sub("~", text))
        return " ".join(text.split())

    def show_address(self, address: str) -> str:
        """Scheme, host, port and path: neither login nor query."""
        parts = urlsplit(address)
        place = parts.netloc.rpartition("@")[2]
        return self.hide(f"{parts.scheme}://{place}{parts.path}")


def find_discretion(environment: Mapping[str, str]) -> Discretion:
    """What this machine calls itself and the person."""
    homes = [environment.get("HOME", "")]
    names = [environment.get(name, "") for name in _LOGINS]
    with suppress(KeyError):
        entry = pwd.getpwuid(os.getuid())
        homes.append(entry.pw_dir)
        names.append(entry.pw_name)
    homes += [os.path.realpath(home) for home in homes if home]
    names += [Path(home).name for home in homes]
    host = socket.gethostname()
    names += [host, host.partition(".")[0]]
    return Discretion(
        homes=[home.rstrip("/") for home in homes], names=[name for name in names if name not in _PUBLIC_NAMES]
    )


def _longest_first(texts: Iterable[str]) -> list[str]:
    return sorted({text for text in texts if text}, key=len, reverse=True)


def _any_of(texts: Iterable[str], *, before: str, after: str) -> re.Pattern[str]:
    choices = "|".join(map(re.escape, _longest_first(texts))) or "(?!)"
    return re.compile(f"{before}(?:{choices}){after}")


def _pattern(name: str) -> str:
    plain = re.escape(name)
    return plain if len(name) >= _SHORT else f"(?<![A-Za-z0-9]){plain}(?![A-Za-z0-9])"
