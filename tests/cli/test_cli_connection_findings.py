"""What a probe means for a person."""

from dataclasses import replace

import pytest

from chit.cli.connection_findings import examine_base_url, examine_connection, find_upstream_failure
from chit.cli.discretion import Discretion
from chit.core.fault import Fault
from chit.core.guidance import explain
from chit.errors import ChitError
from chit.openrouter.probe import Probe, Tls

NOBODY = Discretion(homes=[], names=["mybox"])
URL = "https://openrouter.ai/api/v1"


def a_probe(*, status: int = 401, tls: Tls | None = None, skew: float | None = 0.0) -> Probe:
    """One that went as it should, unless said otherwise."""
    return Probe(status=status, tls=tls, skew=skew, seconds=0.25)


@pytest.mark.parametrize(
    ("skew", "verdict", "words", "code"),
    [
        (None, "note", "the server does not tell the time", 0),
        (0.0, "ok", "right to within 1 s", 0),
        (-0.5, "ok", "right to within 1 s", 0),
        (58.2, "ok", "right to within 59 s", 0),
        (61.0, "warn", "61 s ahead", 0),
        (-599.0, "warn", "10 min behind", 0),
        (601.0, "bad", "10 min ahead: encrypted connections may be refused", 6),
        (-7200.0, "bad", "120 min behind: encrypted", 6),
    ],
)
def test_the_clock(skew: float | None, verdict: str, words: str, code: int) -> None:
    """A minute is a warning, ten minutes are bad, in either direction."""
    clock = examine_connection(a_probe(skew=skew), URL, NOBODY)[1]
    assert (clock.verdict, words in clock.text, clock.exit_code) == (verdict, True, code)
    assert bool(clock.hint) == (verdict in ("warn", "bad"))


@pytest.mark.parametrize(("seconds", "words"), [(0.0, "under 0.01 s"), (0.0099, "under 0.01 s"), (0.012, "0.01 s")])
def test_no_answer_takes_no_time(seconds: float, words: str) -> None:
    """What is too short to be told says so."""
    found = examine_connection(replace(a_probe(), seconds=seconds), URL, NOBODY)[0]
    assert found.text.endswith(f"; answered in {words}")


@pytest.mark.parametrize(
    ("issuer", "words"),
    [("Trust Inc", ", certificate by Trust Inc, trusted"), (None, "384, trusted"), ("MyBox", "by …,")],
)
def test_encryption(issuer: str | None, words: str) -> None:
    """Version, cipher and issuer are told, unless it has the machine's name."""
    tls = Tls(version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", issuer=issuer)
    found = examine_connection(a_probe(tls=tls), URL, NOBODY)[0]
    assert found.text.startswith("TLSv1.3 with TLS_AES_256_GCM_SHA384")
    assert words in found.text
    assert found.text.endswith("; answered in 0.25 s")


def test_the_base_url() -> None:
    """The default, another one and one on this machine are told apart."""
    told = [examine_base_url(url, NOBODY)[0].text for url in (URL, "https://mybox/v1", "http://[::1]:1/v1")]
    assert told == [f"{URL}, the default", "https://…/v1, not the default", "http://[::1]:1/v1, on this machine"]


def test_upstreams_own_words_are_not_repeated() -> None:
    """They may name the account; the general advice for the kind is enough. An error of no kind keeps ours."""
    fault = Fault(phase="replied", status=402, text="user canary has no credits", has_json_error=True)
    found = find_upstream_failure("key", explain(fault))
    assert "canary" not in found.text + found.hint
    assert found.text.endswith("(HTTP status 402)")
    assert found.exit_code == 5
    own = find_upstream_failure("key", ChitError("Ours.", hint="Do.", kind="bug"))
    assert (own.text, own.hint, own.exit_code) == ("Ours", "Do.", 1)
