"""For the whole suite: whatever the tests left behind holds no key (attack case 35)."""

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.canaries import find_leaks

CONTRACTS = ("", "_dossiers", "_history", "_search", "_shelves", "_spending", "_tokens")
pytest.register_assert_rewrite(*(f"tests.store.contract{name}" for name in CONTRACTS))
"""Their files are no test files; here, since others import them too, and before any does."""

FEW_EXAMPLES, MANY_EXAMPLES = 40, 100
"""What a property is tried with where the long tests are left out, and where they are not."""


def pytest_configure(config: pytest.Config) -> None:
    """How fast a machine is proves nothing, so no example has a deadline.

    A suite that a shell began in the background ignores Ctrl-C, which every program that it starts would inherit.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    most = FEW_EXAMPLES if config.option.markexpr == "not long" else MANY_EXAMPLES
    settings.register_profile("chit", deadline=None, max_examples=most)
    settings.load_profile("chit")


@pytest.fixture(scope="session", autouse=True)
def no_canary_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After the last test: databases, their logs, exports, blobs, preferences and vaults below pytest's folder."""
    yield
    leaks = list(find_leaks(tmp_path_factory.getbasetemp()))
    if leaks:
        pytest.fail("keys were left behind (see tests/canaries.py):\n" + "\n".join(leaks), pytrace=False)
