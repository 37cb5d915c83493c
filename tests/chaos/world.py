"""What every client of a run shares: the home, the upstream, the questions, and what each was shown."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.questions import Questions

ROOT = Path(__file__).parents[2]


@dataclass(slots=True, kw_only=True)
class Sightings:
    """What clients were shown, by the number of the question; each text is how far one of them got."""

    texts: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    kills: int = 0
    asked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every client shares."""

    home: Path
    base_url: str
    key: str
    seed: int
    questions: Questions
    sightings: Sightings
    breakage: str = ""
    """The name of what is broken in Chit on purpose (`tests.chaos.breakages`); empty for nothing."""

    async def start(self, *arguments: str, stdout: int = PIPE) -> Process:
        """A real `chit` of its own."""
        command = [sys.executable, "-m", "tests.chaos.breakages", self.breakage] if self.breakage else _PLAIN
        return await asyncio.create_subprocess_exec(
            *command, *arguments, stdin=DEVNULL, stdout=stdout, stderr=DEVNULL, env=self._environment(), cwd=ROOT
        )

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "CHIT_HOME": str(self.home),
            "CHIT_BASE_URL": self.base_url,
            "OPENROUTER_API_KEY": self.key,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }


_PLAIN = [sys.executable, "-m", "chit"]
