"""For the whole suite: whatever the tests left behind holds no key (attack case 35)."""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from tests.canaries import find_leaks

settings.register_profile("chit", deadline=None)  # how fast a machine is proves nothing
settings.load_profile("chit")


@pytest.fixture(scope="session", autouse=True)
def no_canary_is_left(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """After the last test: databases, their logs, exports, blobs, preferences and vaults below pytest's folder."""
    yield
    leaks = list(find_leaks(tmp_path_factory.getbasetemp()))
    if leaks:
        pytest.fail("keys were left behind (see tests/canaries.py):\n" + "\n".join(leaks), pytrace=False)
