"""Parameters of a conversation, changed by `/set`."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from chit.cli.parameters import read_parameters
from chit.core.jsontext import encode_json
from chit.core.params import split_name
from chit.core.preferences import FILLED_IN
from chit.core.stray_secret import find_secret
from chit.errors import InputError
from chit.prefs_file import refuse_secret


def change_parameters(own: Mapping[str, Any], assignments: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters afterwards, and the same change as a JSON Merge Patch; `NAME=` forgets what was set.

    Raises `InputError`: for what is none, for a secret, and for what Chit fills in.
    """
    parameters: dict[str, Any] = deepcopy(dict(own))
    patch: dict[str, Any] = {}
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        if text or "=" not in assignment:
            given = read_parameters((assignment,))
            check_parameters(given)
            patch = _merge(patch, given)
            parameters = _merge(parameters, given)
        else:
            path = _find_path(name.strip(), parameters)
            patch = _merge(patch, _nest(path, None))
            parameters = _forget(parameters, path)
    return parameters, patch


def show_parameters(parameters: Mapping[str, Any]) -> list[str]:
    """`name=value`, each as it may be typed again."""
    return [f"{name}={_spell(value)}" for name, value in parameters.items()]


def check_parameters(given: Mapping[str, Any]) -> None:
    """Raises `InputError` for what cannot be kept with a conversation."""
    for name in given:
        if name in ("model", "models"):
            raise InputError("the model has a command of its own", hint="In a chat, write /model ID; before it, -m ID.")
        if name in FILLED_IN:
            raise InputError(f"{name} cannot be set: Chit fills it in", hint="Leave it out.")
    if (way := find_secret({"parameters": given})) is not None:
        raise refuse_secret(".".join(way))


def _merge(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(before)
    for name, value in given.items():
        inner = merged.get(name)
        merged[name] = _merge(inner, value) if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged


def _find_path(name: str, parameters: Mapping[str, Any]) -> list[str]:
    """To what is to be forgotten: to what has that name, or where it would be set. Raises `InputError` for no name."""
    if name in parameters:
        return [name]
    path = name.split(".")
    if not all(path):
        raise InputError(
            f"{name + '='!r} names no parameter", hint="Write temperature=0.2, or temperature= to forget it."
        )
    return path if isinstance(parameters.get(path[0]), Mapping) else split_name(name)


def _nest(path: Sequence[str], value: Any) -> dict[str, Any]:
    for name in reversed(path):
        value = {name: value}
    nested: dict[str, Any] = value
    return nested


def _forget(parameters: Mapping[str, Any], path: Sequence[str]) -> dict[str, Any]:
    name, *rest = path
    left = dict(parameters)
    inner = left.pop(name, None)
    if rest and isinstance(inner, Mapping) and (kept := _forget(inner, rest)):
        left[name] = kept
    return left


def _spell(value: Any) -> str:
    return value if isinstance(value, str) else encode_json(value).decode()
