"""Where a link in a reply may lead, and how.

Only http, https and mailto lead anywhere. A model's links are never followed directly, since a reply can be steered by
what it read: they open `/leave?to=…`, a page of ours that shows the real address. Pages of openrouter.ai itself open
directly, except those with a query: its sign-in page takes the place to send a key to from there.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

LEAVE = "/leave?to="
"""The page that shows where a link leads; the address follows, percent-encoded throughout."""
LONGEST = 2_000
"""Characters. A longer address leads nowhere: a reference used a thousand times would be repeated a thousand times."""

_WEB = re.compile(r"https?://(?P<authority>[^/?#\\\s]+)(?:[/?#][!-~]*)?", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?:[!-?A-~]*@)?(?P<host>[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_MAIL = re.compile(r"mailto:[!-~]+", re.IGNORECASE)
_DIRECT = re.compile(r"https://openrouter\.ai(?:/[!-~]*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a link leads."""

    href: str
    """What stands in the page."""
    host: str
    """The host in lower case and in its punycode form; empty for a mail address."""
    direct: bool
    """Whether it is opened without the page that shows the address."""


def find_target(address: str) -> Target | None:
    """The target of an address as Markdown's parser normalises it; None if it may lead nowhere."""
    if len(address) > LONGEST:
        return None
    if _MAIL.fullmatch(address):
        return Target(href=leave_address(address), host="", direct=False)
    host = find_host(address)
    if host is None:
        return None
    if _DIRECT.fullmatch(address) and "?" not in address:
        return Target(href=address, host=host, direct=True)
    return Target(href=leave_address(address), host=host, direct=False)


def leave_address(address: str) -> str:
    """The address of the page that shows `address` before it is followed."""
    return LEAVE + quote(address, safe="")


def find_host(address: str) -> str | None:
    """The host of a web address, or None if it is none or is written in a way that browsers could read differently."""
    web = _WEB.fullmatch(address)
    authority = web and _AUTHORITY.fullmatch(web["authority"].lower())
    if not authority:
        return None
    host = authority["host"]
    try:
        agreed = urlsplit(address).hostname
    except ValueError:
        return None
    return host if agreed == host.strip("[]") else None
