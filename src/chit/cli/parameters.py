"""Request parameters as they are written on a command line."""

from typing import Any

from chit.errors import InputError


def read_parameters(assignments: tuple[str, ...], *, quiet: bool = False) -> dict[str, Any]:
    """From `name=value` texts; what OpenRouter does not document is remarked upon unless `quiet`.

    Raises `InputError`.
    """
    from chit.cli.terminal import write_err
    from chit.core.params import ParameterInvalid, read_assignments, remark_on_parameters

    try:
        parameters = read_assignments(assignments)
    except ParameterInvalid as error:
        raise InputError(str(error), hint="Write -p temperature=0.2, or -p 'stop=[\"END\"]'.") from error
    if not quiet:
        write_err("".join(f"chit: {remark}\n" for remark in remark_on_parameters(parameters)))
    return parameters
