"""Findings about the base URL and the way to it: encryption, the clock, the time an answer takes."""

from collections.abc import Iterator
from math import ceil
from urllib.parse import urlsplit

from chit.about import DEFAULT_BASE_URL
from chit.cli.discretion import Discretion
from chit.cli.exits import exit_code
from chit.cli.findings import Finding, Topic
from chit.core.guidance_info import EXIT_UPSTREAM
from chit.core.guidance_kinds import KINDS
from chit.core.preferences import LOOPBACK
from chit.errors import ChitError
from chit.openrouter.probe import Probe, Tls

UNREACHED = ("offline", "tls", "upstream_timeout")
"""Kinds that the connection's own finding tells."""
_SKEW, _FATAL_SKEW = 60.0, 600.0
"""Seconds: sign-ins and leases count on a clock that is right; certificates do not stand the larger one."""
_EXPECTED = (200, 401, 403)
"""Statuses of an OpenRouter that is asked without a key."""
_OWN_WORDS = ("offline", "tls")
"""Kinds whose message and hint quote nobody."""
_NO_ANSWER = "no whole answer came in time"
_CHECK_NETWORK = "Check your network, then try again."
_SET_CLOCK = "Let this computer set its clock from the network."


def find_upstream_failure(topic: Topic, error: ChitError) -> Finding:
    """The bad finding for a failed call, in our own words: OpenRouter's may name the account or the key."""
    status = getattr(error, "status", None)
    if error.kind in _OWN_WORDS or error.kind not in KINDS:
        text, hint = error.message.removesuffix("."), error.hint
    elif status is None:
        text, hint = _NO_ANSWER, _CHECK_NETWORK
    else:
        cause, hint = KINDS[error.kind].describe()
        text = f"{cause.removesuffix('.')} (HTTP status {status})"
    return Finding(topic=topic, verdict="bad", text=text, hint=hint, exit_code=exit_code(error))


def examine_base_url(base_url: str, discretion: Discretion) -> list[Finding]:
    """Where requests go; that it may get a key was checked when it was read."""
    about = "the default" if base_url == DEFAULT_BASE_URL else "not the default"
    if _is_loopback(base_url):
        about = "on this machine"
    return [Finding(topic="base_url", verdict="ok", text=f"{discretion.show_address(base_url)}, {about}")]


def examine_connection(probe: Probe | ChitError, base_url: str, discretion: Discretion) -> list[Finding]:
    """What one call without a key showed."""
    if isinstance(probe, ChitError):
        return [find_upstream_failure("connection", probe)]
    return [_tell_connection(probe, base_url, discretion), *_tell_clock(probe.skew)]


def _tell_connection(probe: Probe, base_url: str, discretion: Discretion) -> Finding:
    took = f"answered in {_show_wait(probe.seconds)}"
    if probe.status not in _EXPECTED:
        text = f"what is there answers with status {probe.status}, as OpenRouter does not"
        hint = "Check the base URL in the preferences and whether a proxy stands in the way: chit prefs get base_url"
        return Finding(topic="connection", verdict="bad", text=text, hint=hint, exit_code=EXIT_UPSTREAM)
    if probe.tls is not None:
        return Finding(topic="connection", verdict="ok", text=f"{_show_tls(probe.tls, discretion)}; {took}")
    where = "but on this machine only" if _is_loopback(base_url) else "as far as can be told"
    return Finding(topic="connection", verdict="ok", text=f"unencrypted, {where}; {took}")


def _show_tls(tls: Tls, discretion: Discretion) -> str:
    issuer = f", certificate by {discretion.hide(tls.issuer)}" if tls.issuer else ""
    return f"{tls.version} with {tls.cipher}{issuer}, trusted by this system"


def _tell_clock(skew: float | None) -> Iterator[Finding]:
    if skew is None:
        yield Finding(topic="connection", verdict="note", text="the server does not tell the time")
        return
    off = abs(skew)
    if off <= _SKEW:
        yield Finding(
            topic="connection", verdict="ok", text=f"this computer's clock is right to within {max(1, ceil(off))} s"
        )
        return
    text = f"this computer's clock is {_show_time(off)} {'ahead' if skew > 0 else 'behind'}"
    if off > _FATAL_SKEW:
        text = f"{text}: encrypted connections may be refused"
        yield Finding(topic="connection", verdict="bad", text=text, hint=_SET_CLOCK, exit_code=EXIT_UPSTREAM)
    else:
        yield Finding(topic="connection", verdict="warn", text=text, hint=_SET_CLOCK)


def _show_wait(seconds: float) -> str:
    return "under 0.01 s" if seconds < 0.01 else f"{seconds:.2f} s"


def _show_time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * 60 else f"{seconds / 60:.0f} min"


def _is_loopback(base_url: str) -> bool:
    return urlsplit(base_url).hostname in LOOPBACK
