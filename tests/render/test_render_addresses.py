"""Where links may lead: hosts are read as browsers read them, or not at all."""

import pytest

from chit.render.addresses import LONGEST, find_host, find_target, leave_address


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://example.com", "example.com"),
        ("HTTP://EXAMPLE.com/A?b#c", "example.com"),
        ("https://user:pw@evil.example:8080/x", "evil.example"),
        ("https://openrouter.ai@evil.example", "evil.example"),
        ("https://xn--80ak6aa92e.com", "xn--80ak6aa92e.com"),
        ("https://[::1]:8080/", "[::1]"),
        ("https://a.example./x", "a.example."),
        ("https://a@b@c.example", None),
        ("https://openrouter.ai%2f.evil.example", None),
        ("https://\u0440\u0430ypal.com", None),
        ("https://-a-", None),
        ("https://a_b.example", None),
        ("https://[::1", None),
        ("https://[:::::::::1]", None),
        ("https://a.example\\@b.example", None),
        ("https://a.example/\u202e", None),
        ("https:/a.example", None),
        ("ftp://a.example", None),
        ("", None),
    ],
)
def test_hosts_are_plain_or_refused(address: str, host: str | None) -> None:
    """A host that could be read in two ways is none."""
    assert find_host(address) == host


@pytest.mark.parametrize(
    ("address", "direct"),
    [
        ("https://openrouter.ai", True),
        ("https://openrouter.ai/settings/privacy#x", True),
        ("https://openrouter.ai/auth?callback_url=https://evil.example", False),
        ("http://openrouter.ai/", False),
        ("https://openrouter.ai:443/", False),
        ("https://openrouter.ai.evil.example/", False),
        ("https://x@openrouter.ai/", False),
        ("https://evil.example/https://openrouter.ai/", False),
    ],
)
def test_only_openrouter_itself_opens_directly(address: str, direct: bool) -> None:
    """The exact https host without a query, since its sign-in page takes an address to send a key to from there."""
    target = find_target(address)
    assert target is not None
    assert (target.direct, target.href) == (direct, address if direct else leave_address(address))


def test_mail_goes_through_the_page_too() -> None:
    """An address for mail has no host and is shown before it is used."""
    target = find_target("mailto:a@example.com?subject=b")
    assert target is not None
    assert (target.href, target.host) == ("/leave?to=mailto%3Aa%40example.com%3Fsubject%3Db", "")


def test_a_long_address_leads_nowhere() -> None:
    """At the limit it does, beyond it does not."""
    address = "https://example.com/".ljust(LONGEST, "x")
    assert find_target(address) is not None
    assert find_target(address + "x") is None
