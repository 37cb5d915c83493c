"""The import of a server: one at a time, told to every page as it goes on, and remembered until the next one."""

import time
from collections.abc import Callable
from typing import IO

from markupsafe import Markup

from chit.app import App
from chit.core.dossier_json import Scrub
from chit.errors import ChitError, InputError
from chit.transfer.import_report import Report
from chit.transfer.importing import import_file
from chit.web import pages
from chit.web.hub import Hub

TELL_EVERY = 0.25
"""Seconds between two steps that pages are told of."""


class Imports:
    """Of one server."""

    def __init__(self, *, clock: Callable[[], float] = time.time, beat: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives unix seconds, `beat` those between two steps."""
        self._clock = clock
        self._beat = beat
        self._of: App | None = None
        """The home that the last one was for."""
        self._report: Report | None = None
        self._problem: ChitError | None = None
        self.is_running = False
        """Whether one is under way."""
        self._told_at = 0.0

    def check_free(self) -> None:
        """Raises `InputError` while one is under way."""
        if self.is_running:
            raise InputError("an import is under way", hint="Wait until it has ended.")

    def show(self, app: App) -> Markup:
        """How far the last one into this home came; nothing if there was none."""
        if self._of is not app:
            return Markup("")
        return pages.render("import_report", report=self._report, problem=self._problem, is_running=self.is_running)

    def begin(self, app: App, report: Report | None = None) -> None:
        """One is under way, so far as that."""
        self._of, self._report, self._problem, self.is_running = app, report, None, True

    async def run(self, app: App, file: IO[bytes], *, scrub: Scrub, hub: Hub) -> Report:
        """Closes the file. Raises as `import_file`."""
        with file:
            self.check_free()
            self.begin(app)

            def tell(report: Report) -> None:
                self._report = report
                if self._beat() - self._told_at >= TELL_EVERY:
                    self._tell(app, hub)

            self._tell(app, hub)
            try:
                folder = app.prefs.home / "run"
                self._report = await import_file(
                    app.store, file, scrub=scrub, clock=self._clock, tell=tell, folder=folder
                )
                return self._report
            except ChitError as error:
                self._problem = error
                raise
            finally:
                self.is_running = False
                self._tell(app, hub)
                if self._report and (self._report.added or self._report.completed):
                    hub.publish("reset", epoch=hub.epoch)  # lists and conversations may have changed anywhere

    def _tell(self, app: App, hub: Hub) -> None:
        self._told_at = self._beat()
        hub.publish("imported", html=self.show(app))
