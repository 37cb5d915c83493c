"""Models that a request named."""

import pytest

from chit.core.generation import Generation
from chit.core.named_models import write_requested


@pytest.mark.parametrize(
    ("request_", "requested", "written"),
    [
        (b'{"model": "a/b"}', "a/b", "a/b"),
        (b'{"models": ["a/b", "c/d", 1]}', "a/b", "a/b,c/d"),
        (b'{"model": "a/b", "models": ["c/d"]}', "a/b", "a/b"),
        (b"{}", None, ""),
        (b"", None, ""),
        (b"", "a/b", "a/b"),
    ],
)
def test_as_a_field_has_them(request_: bytes, requested: str | None, written: str) -> None:
    """Several with commas, nothing for the account's default; of a request that is not kept, the first."""
    generation = Generation(
        id="1",
        message_id="2",
        conversation_id="3",
        origin="cli",
        request=request_,
        streamed=True,
        requested_model=requested,
    )
    assert write_requested(generation) == written
