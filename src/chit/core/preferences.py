"""What preferences there are: the name, the type and the limits of each."""

import difflib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from chit.about import DEFAULT_BASE_URL, NAME
from chit.core.jsontext import JsonInvalid, decode_json

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
THEMES = ("light", "dark", "system")
SETTLE_POLICIES = ("background", "manual")
FILLED_IN = frozenset({"messages", "prompt", "session_id", "stream"})
"""Request parameters that differ in every request, so that no default can stand for them."""
MOST_MINUTES = 7 * 24 * 60
MOST_SECONDS = 60
MOST_DOLLARS = 1_000_000
MOST_DEPTH = 32
"""Levels of nesting in a default parameter."""


class ValueInvalid(ValueError):
    """A value that its preference cannot have. `str()` of it goes on after the name: "must be …"."""

    def __init__(self, problem: str, *, inside: tuple[str, ...] = (), hint: str = "") -> None:
        """`inside` is the way from the preference to the member that is wrong."""
        super().__init__(problem)
        self.inside = inside
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One preference, apart from its value."""

    name: str
    takes: str
    """The values it takes, in words."""
    about: str
    """What it decides."""
    example: str
    """How to write it in TOML."""
    check: Callable[[Any], Any]
    """The typed value of a TOML value. Raises `ValueInvalid`."""
    read: Callable[[str], Any] = str
    """The TOML value of a text: of a variable, or from the command line. A text that is none stays text."""

    @property
    def variable(self) -> str:
        """The environment variable that wins over the file."""
        return f"CHIT_{self.name.upper()}"


def find_preference(name: str) -> Preference | None:
    """The preference of that name."""
    return _BY_NAME.get(name)


def suggest_preference(name: str) -> str | None:
    """The name of a preference that looks most like `name`, if one does."""
    near = difflib.get_close_matches(name.lower().replace("-", "_"), _BY_NAME, n=1, cutoff=0.7)
    return near[0] if near else None


def read_parameter(text: str) -> Any:
    """The value of one request parameter: JSON if it parses, else text."""
    try:
        return decode_json(text.encode("utf-8", "surrogatepass"))
    except JsonInvalid:
        return text


def check_address(text: str) -> str:
    """A base URL without a trailing slash. Raises `ValueInvalid` unless a key may be sent there (design §4)."""
    shown = repr(_LOGIN.sub("//…@", text))
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ValueInvalid(f"the base URL {shown} is malformed: {error}", hint=_ADDRESS_HINT) from error
    if parts.scheme not in ("http", "https") or not host or not _PLAIN_ADDRESS.fullmatch(text):
        raise ValueInvalid(f"the base URL {shown} is not an address of an API", hint=_ADDRESS_HINT)
    if parts.scheme == "http" and host not in LOOPBACK:
        raise ValueInvalid(
            f"the base URL {shown} would send your key in the clear", hint="Use https beyond this machine."
        )
    return text.rstrip("/")


_PLAIN_ADDRESS = re.compile(r"[^\s\x00-\x1f\x7f@?#\\]+")
"""Without a user's name, a query, a fragment, or what parsers of addresses read in different ways."""
_LOGIN = re.compile(r"//.*@", re.DOTALL)
_ADDRESS_HINT = f"It looks like {DEFAULT_BASE_URL}."


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueInvalid("must be text")
    if not value.isprintable():
        raise ValueInvalid("must be one line of readable text")
    return value.strip()


def _text_or_none(value: Any) -> str | None:
    return _text(value) or None


def _name(value: Any) -> str:
    if not (text := _text(value)):
        raise ValueInvalid("must not be empty", hint=f"Where it is not set, it is {NAME}.")
    return text


def _address(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueInvalid("must be text")
    try:
        return check_address(value)
    except ValueInvalid as error:
        raise ValueInvalid(f"cannot be used: {error}", hint=error.hint) from error


def _page(value: Any) -> str | None:
    if not (text := _text(value)):
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable or not text.isascii() or " " in text:
        raise ValueInvalid("must be the http or https address of a page, without a login")
    return text


def _one_of(words: tuple[str, ...]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in words:
            raise ValueInvalid(f"must be {_join(words)}")
        return str(value)

    return check


def _join(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _whole(most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise ValueInvalid(f"must be a whole number from 0 to {most}")
        return value

    return check


def _dollars(value: Any) -> Decimal:
    """Exact: up to here, `repr` gives back what the digits of a float were."""
    usable = isinstance(value, int | float | Decimal) and not isinstance(value, bool) and 0 <= value <= MOST_DOLLARS
    amount = Decimal(repr(value)) if isinstance(value, float) and usable else Decimal(value if usable else -1)
    rounded = round(amount, 6)
    if not usable or rounded != amount:
        raise ValueInvalid(f"must be US dollars from 0 to {MOST_DOLLARS}, with at most 6 decimals")
    cents = round(rounded, 2)
    return cents if cents == rounded else rounded


def _read_number(text: str) -> Any:
    """A text that is no number stays text, which the check then refuses."""
    text = text.strip()
    if not _NUMBER.fullmatch(text):
        return text
    return Decimal(text) if "." in text else int(text)


_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")


def _parameters(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueInvalid("must be a table of request parameters")
    for name, inner in value.items():
        if name in FILLED_IN:
            raise ValueInvalid("has no default: Chit fills it in", inside=(name,), hint="Leave it out.")
        if name in ("model", "models"):
            raise ValueInvalid("is a preference of its own: model", inside=(name,), hint="Several ids go with commas.")
        _check_member(inner, (name,), MOST_DEPTH)
    return dict(value)


def _check_member(value: Any, inside: tuple[str, ...], depth: int) -> None:
    """Whether JSON and TOML can both say it."""
    if not depth:
        raise ValueInvalid("is nested too deeply", inside=inside[:1])
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _check_member(inner, (*inside, name), depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_member(inner, inside, depth - 1)
    elif value is None:
        raise ValueInvalid("cannot be null", inside=inside, hint="TOML has no null; leave the name out instead.")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueInvalid("must be a finite number", inside=inside)
    elif not isinstance(value, str | int | float):
        raise ValueInvalid("must not be a date or a time", inside=inside, hint="Put it in quotes.")
    elif isinstance(value, str) and _SURROGATE.search(value):
        raise ValueInvalid("must be readable text", inside=inside)


_SURROGATE = re.compile("[\ud800-\udfff]")


PREFERENCES = (
    Preference(
        name="model",
        takes="a model id, several with commas as fallbacks, or nothing",
        about="The model of requests that name none; empty leaves it to your account's default.",
        example='model = "anthropic/claude-sonnet-4.5"',
        check=_text_or_none,
    ),
    Preference(
        name="base_url",
        takes="an address: https, or http on this machine",
        about="OpenRouter's API. The key is sent there.",
        example=f'base_url = "{DEFAULT_BASE_URL}"',
        check=_address,
    ),
    Preference(
        name="app_name",
        takes="text",
        about="How OpenRouter's activity page names the caller.",
        example=f'app_name = "{NAME}"',
        check=_name,
    ),
    Preference(
        name="app_url",
        takes="an http or https address, or nothing",
        about="The page OpenRouter's rankings attribute the requests to.",
        example='app_url = "https://example.com"',
        check=_page,
    ),
    Preference(
        name="theme",
        takes=_join(THEMES),
        about="The colours of the pages; system follows the computer.",
        example='theme = "system"',
        check=_one_of(THEMES),
    ),
    Preference(
        name="auto_lock_minutes",
        takes=f"a whole number from 0 to {MOST_MINUTES}",
        about="Idle minutes after which the vault locks; 0 is never.",
        example="auto_lock_minutes = 30",
        check=_whole(MOST_MINUTES),
        read=_read_number,
    ),
    Preference(
        name="low_balance",
        takes=f"US dollars from 0 to {MOST_DOLLARS}, with at most 6 decimals",
        about="The balance below which Chit says that requests may be slower; 0 is never.",
        example="low_balance = 10.00",
        check=_dollars,
        read=_read_number,
    ),
    Preference(
        name="settle",
        takes=_join(SETTLE_POLICIES),
        about="Whether pending costs are looked up on the side, or only when asked: `chit settle`, `--wait`.",
        example='settle = "background"',
        check=_one_of(SETTLE_POLICIES),
    ),
    Preference(
        name="linger_seconds",
        takes=f"a whole number from 0 to {MOST_SECONDS}",
        about="How long `chit ask` on a terminal waits for its cost to settle, where settling is not manual.",
        example="linger_seconds = 5",
        check=_whole(MOST_SECONDS),
        read=_read_number,
    ),
    Preference(
        name="parameters",
        takes="a table; on the command line and in the variable a JSON object",
        about="Default request parameters; what a request says itself wins.",
        example="parameters = {temperature = 0.2}",
        check=_parameters,
        read=read_parameter,
    ),
)
"""All of them, in the order they are shown in: the table last, as TOML wants it."""
_BY_NAME = {each.name: each for each in PREFERENCES}
