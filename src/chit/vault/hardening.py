"""What a process that holds a key does so that nothing of it is left behind (security and reliability §1).

No core file, no look into its memory, and nothing unscrubbed in logs and tracebacks.
"""

import ctypes
import logging
import resource
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from chit.core.scrub import Scrubber
from chit.core.secret import Secret

_PR_SET_DUMPABLE = 4


def harden() -> None:
    """No core files; on Linux no other process of this user may read our memory, and /proc keeps its secrets."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


class Redaction:
    """The scrubber of a process, which learns each key as it is met."""

    def __init__(self) -> None:
        self.scrubber = Scrubber(())
        self._known: frozenset[Secret] = frozenset()

    def learn(self, secret: Secret) -> None:
        """From now on, hide this one in every form."""
        if secret not in self._known:
            self._known |= {secret}
            self.scrubber = Scrubber(self._known)

    def scrub(self, text: str) -> str:
        """`text` without keys."""
        return self.scrubber.scrub(text)


def install_redaction(redaction: Redaction) -> None:
    """Scrub every log record of this process and what its exception hooks print.

    asyncio reports through the logging module, so that its handler needs no hook of its own.
    """
    logging.setLogRecordFactory(make_record_factory(redaction.scrub, logging.getLogRecordFactory()))

    def print_scrubbed(kind: type[BaseException], value: BaseException | None, trace: TracebackType | None) -> None:
        sys.stderr.write(redaction.scrub("".join(traceback.format_exception(kind, value, trace))))

    def in_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_type is not SystemExit:
            name = args.thread.name if args.thread else "?"
            sys.stderr.write(f"Exception in thread {redaction.scrub(name)}:\n")
            print_scrubbed(args.exc_type, args.exc_value, args.exc_traceback)

    def unraisable(args: "sys.UnraisableHookArgs") -> None:
        sys.stderr.write(redaction.scrub(f"{args.err_msg or 'Exception ignored in'}: {args.object!r}\n"))
        print_scrubbed(args.exc_type, args.exc_value, args.exc_traceback)

    sys.excepthook = print_scrubbed
    threading.excepthook = in_thread
    sys.unraisablehook = unraisable


def make_record_factory(
    scrub: Callable[[str], str], factory: Callable[..., logging.LogRecord]
) -> Callable[..., logging.LogRecord]:
    """A factory of log records that are scrubbed before any handler, filter or formatter sees them."""
    formatter = logging.Formatter()

    def make(*args: Any, **named: Any) -> logging.LogRecord:
        record = factory(*args, **named)
        try:
            text = record.getMessage()
        except Exception as error:  # a mistake in the call that logs must not let its arguments through
            text = f"{record.msg} ({type(error).__name__} in its arguments)"
        record.msg, record.args = scrub(text), None
        if record.exc_info:
            record.exc_text, record.exc_info = scrub(formatter.formatException(record.exc_info)), None
        if record.stack_info:
            record.stack_info = scrub(record.stack_info)
        return record

    return make
