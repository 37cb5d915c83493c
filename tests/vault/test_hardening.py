"""What a process that holds a key does so that nothing of it is left behind (attack case 35)."""

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.vault.doubles import KEY

from chit.core.secret import Secret
from chit.vault.hardening import Redaction, harden, install_redaction, make_record_factory

UNKNOWN = "sk-or-v1-0123456789abcdef0123"

HARDEN = """
import resource, sys
from chit.vault.hardening import harden
harden()
import ctypes
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""

FAIL = """
import asyncio, logging, sys, threading
from chit.core.secret import Secret
from chit.vault.hardening import Redaction, install_redaction
redaction = Redaction()
install_redaction(redaction)
key = "sk-or-v1-Canary" + "0000example1111"
redaction.learn(Secret(key))
redaction.learn(Secret(key))

def fail(): raise ValueError(f"no such key: {key}")

class Dying:
    def __del__(self): fail()

if sys.argv[1] == "thread":
    thread = threading.Thread(target=fail, name=key); thread.start(); thread.join()
    thread = threading.Thread(target=sys.exit); thread.start(); thread.join()
elif sys.argv[1] == "unraisable":
    Dying()
elif sys.argv[1] == "task":
    async def main():
        asyncio.get_running_loop().call_soon(fail)
        asyncio.get_running_loop().call_exception_handler({"message": key})
        await asyncio.sleep(0)
    asyncio.run(main())
elif sys.argv[1] == "logged":
    try: fail()
    except ValueError: logging.exception("it failed with %s", key)
else:
    fail()
"""


def test_no_core_file_and_no_look_into_the_memory() -> None:
    """After hardening the limit for core files is zero and the process is not dumpable."""
    if sys.platform != "linux":
        pytest.skip("prctl is Linux's")
    done = subprocess.run([sys.executable, "-c", HARDEN], capture_output=True, text=True, check=True)
    assert done.stdout == "(0, 0) 0\n"


def test_other_systems_have_no_prctl(monkeypatch: pytest.MonkeyPatch) -> None:
    """Elsewhere the core limit is all there is; nothing fails."""
    monkeypatch.setattr(sys, "platform", "darwin")
    code = "import sys; sys.platform = 'darwin'\n" + HARDEN
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("(0, 0)")
    assert callable(harden)


@pytest.mark.parametrize("way", ["main", "thread", "unraisable", "task", "logged"])
def test_what_nobody_catches_is_scrubbed(way: str) -> None:
    """Exceptions of the main thread, of others, in `__del__`, in asyncio and in the log show the mask, not the key."""
    done = subprocess.run([sys.executable, "-c", FAIL, way], capture_output=True, text=True)
    assert done.returncode == (1 if way == "main" else 0)
    assert "sk-or-…1111" in done.stderr
    assert "anary" not in done.stderr + done.stdout
    assert "ValueError" in done.stderr


@pytest.fixture
def records() -> Iterator[list[logging.LogRecord]]:
    """What a handler gets to see, with a factory that knows the canary."""
    redaction = Redaction()
    redaction.learn(Secret(KEY))
    seen: list[logging.LogRecord] = []

    class Collecting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(record)

    before, handler = logging.getLogRecordFactory(), Collecting()
    logging.setLogRecordFactory(make_record_factory(redaction.scrub, before))
    logger = logging.getLogger("chit.test")
    logger.addHandler(handler)
    yield seen
    logger.removeHandler(handler)
    logging.setLogRecordFactory(before)


def test_log_records_are_scrubbed_before_any_handler(records: list[logging.LogRecord]) -> None:
    """Message, arguments, traceback and stack hold no key when a handler gets the record, whatever it does with it."""
    logger = logging.getLogger("chit.test")
    logger.warning("with %s and %r", KEY, {"key": UNKNOWN}, stack_info=True)
    try:
        raise ValueError(KEY)
    except ValueError:
        logger.exception("failed")
    logger.warning("wrong %d %s" + KEY, "text")
    logger.warning("plain")
    assert len(records) == 4
    for record in records:
        everything = repr(vars(record)) + logging.Formatter().format(record)
        assert KEY not in everything
        assert UNKNOWN not in everything
        assert record.args is None
    assert records[0].getMessage() == "with sk-or-…1111 and {'key': 'sk-or-…0123'}"
    assert "ValueError: sk-or-…1111" in (records[1].exc_text or "")
    assert "in its arguments" in records[2].getMessage()
    assert records[3].getMessage() == "plain"
    assert callable(install_redaction)
