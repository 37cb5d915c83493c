"""`UserPrefs`: what the person prefers. Defaults < file < environment < flags. Never a key."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from chit.about import DEFAULT_BASE_URL, NAME
from chit.core.defaults import add_defaults, model_parameters
from chit.core.preferences import PREFERENCES, Preference, ValueInvalid, check_address
from chit.core.stray_secret import find_secret
from chit.errors import InputError
from chit.prefs_file import read_prefs_file, refuse_secret, refuse_value

Source = Literal["default", "file", "environment", "flag"]
FILE_NAME = "prefs.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPrefs:
    """One person's preferences, complete. What each decides is in `core.preferences` and docs/preferences.md."""

    home: Path
    """The folder that holds all state; only `CHIT_HOME` moves it."""
    base_url: str = DEFAULT_BASE_URL
    """OpenRouter's API; https, or http on this machine; without a slash at the end."""
    model: str | None = None
    """For requests that name none: a model id, or several with commas as fallbacks; None is the account's default."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Default request parameters, as JSON has them."""
    app_name: str = NAME
    """How OpenRouter's activity page names the caller."""
    app_url: str | None = None
    """The page OpenRouter's rankings attribute the requests to."""
    theme: Literal["light", "dark", "system"] = "system"
    """The colours of the pages."""
    auto_lock_minutes: int = 30
    """Idle minutes after which the vault locks; 0 is never."""
    low_balance: Decimal = Decimal("10.00")
    """US dollars below which requests may be slower; 0 never says so."""
    settle: Literal["background", "manual"] = "background"
    """Whether pending costs are looked up on the side, or only when somebody asks."""
    linger_seconds: int = 5
    """How long a person at a terminal is kept for the settled cost."""
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What the file says that Chit does not know, a sentence each, for the faces to show."""

    @property
    def defaults(self) -> dict[str, Any]:
        """The parameters of a request that says nothing itself, its model among them: for `core.defaults`."""
        return {**model_parameters(self.model), **self.parameters}

    def without_defaults(self) -> "UserPrefs":
        """For an engine that is told all parameters each time: a conversation may do without a default."""
        return replace(self, model=None, parameters={})


@dataclass(frozen=True, slots=True)
class Setting:
    """One preference's value, or one default parameter's, and where it comes from."""

    name: str
    """Of a parameter: `parameters.temperature`."""
    value: Any
    source: Source
    variable: str
    """The environment variable that sets it."""


def load_prefs(environment: Mapping[str, str] | None = None, *, flags: Mapping[str, Any] | None = None) -> UserPrefs:
    """From the file, the environment and a command's flags (typed values by name, None where not given).

    Raises `InputError`: a file that is broken or cannot be read, a value that its preference cannot have, a secret.
    """
    return _load(os.environ if environment is None else environment, flags or {})[0]


def list_settings(environment: Mapping[str, str] | None = None) -> list[Setting]:
    """Every preference with its source, and every default parameter with its own. Raises `InputError`."""
    prefs, layers = _load(os.environ if environment is None else environment, {})

    def source_of(name: str, parameter: str | None = None) -> Source:
        saying = (source for source in reversed(layers) if name in layers[source])
        return next((source for source in saying if parameter is None or parameter in layers[source][name]), "default")

    settings = []
    for each in PREFERENCES:
        value = getattr(prefs, each.name)
        if each.name != "parameters" or not value:
            settings.append(Setting(each.name, value, source_of(each.name), each.variable))
            continue
        for name, inner in value.items():
            settings.append(Setting(f"{each.name}.{name}", inner, source_of(each.name, name), each.variable))
    return settings


def _load(
    environment: Mapping[str, str], flags: Mapping[str, Any]
) -> tuple[UserPrefs, dict[Source, Mapping[str, Any]]]:
    """The preferences, and what each layer says, the strongest last."""
    content = read_prefs_file(find_prefs_file(environment))
    layers: dict[Source, Mapping[str, Any]] = {
        "file": content.values,
        "environment": _read_environment(environment),
        "flag": _check_flags(flags),
    }
    prefs = UserPrefs(home=find_home(environment), warnings=content.warnings)
    for values in layers.values():
        parameters = add_defaults(values.get("parameters", {}), prefs.parameters)
        prefs = replace(prefs, **{**values, "parameters": parameters})
    return prefs, layers


def find_home(environment: Mapping[str, str]) -> Path:
    """`CHIT_HOME`, else the platform's folder for an application's data."""
    if home := environment.get("CHIT_HOME"):
        try:
            return Path(home).expanduser().absolute()
        except RuntimeError as error:
            raise InputError(
                f"CHIT_HOME={home} names no folder: {error}", hint="Write the folder's full path."
            ) from error
    from platformdirs import user_data_path

    return user_data_path("chit", appauthor=False)


def find_prefs_file(environment: Mapping[str, str]) -> Path:
    """In `CHIT_HOME`, else in the platform's folder for an application's settings. It need not exist."""
    if environment.get("CHIT_HOME"):
        return find_home(environment) / FILE_NAME
    from platformdirs import user_config_path

    return user_config_path("chit", appauthor=False) / FILE_NAME


def check_base_url(text: str) -> str:
    """`text` without a trailing slash. Raises `InputError` unless a key may be sent there (design §4)."""
    try:
        return check_address(text)
    except ValueInvalid as error:
        raise InputError(str(error), hint=error.hint) from error


def check_value(preference: Preference, value: Any, *, where: str = "") -> Any:
    """The typed value of a TOML value that was found at `where`. Raises `InputError`, for a secret too."""
    if (way := find_secret({preference.name: value})) is not None:
        raise refuse_secret(".".join(way), where=where)
    try:
        return preference.check(value)
    except ValueInvalid as error:
        raise refuse_value(preference, error, where=where) from error


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """An empty variable says nothing."""
    return {
        each.name: check_value(each, each.read(text), where=f"{each.variable}: ")
        for each in PREFERENCES
        if (text := environment.get(each.variable))
    }


def _check_flags(flags: Mapping[str, Any]) -> dict[str, Any]:
    """Raises `TypeError` for a name that is no preference: a mistake of the programmer."""
    if unknown := set(flags) - {each.name for each in PREFERENCES}:
        raise TypeError(f"no preferences: {sorted(unknown)}")
    given = ((each, flags.get(each.name)) for each in PREFERENCES)
    return {each.name: check_value(each, value) for each, value in given if value is not None}
