"""`chit key` as a command: what it refuses to be told."""

import pytest
from tests.cli.person import KEY, Person


@pytest.mark.parametrize("words", [(KEY,), ("--label", KEY)])
def test_a_key_on_the_command_line_is_refused(stranger: Person, words: tuple[str, ...]) -> None:
    """It is known to the shell's history by now, so it is to be revoked; it is not repeated."""
    outcome = stranger.call("key", "set", *words)
    assert outcome.code == 2
    assert "history" in outcome.err
    assert "Revoke it" in outcome.err
    assert KEY not in outcome.err
    assert stranger.call("key", "set", "word").err.startswith("chit: `chit key set` takes no argument.")
