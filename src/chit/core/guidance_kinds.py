"""The table of kinds: every kind of upstream failure with its general advice and its exit code."""

from collections.abc import Mapping
from typing import get_args

from chit.core.guidance_failures import FAILURES
from chit.core.guidance_info import EXIT_OTHER, EXIT_REJECTED, EXIT_UPSTREAM, Kind, KindInfo
from chit.core.guidance_refusals import REFUSALS

_INFOS = {**REFUSALS, **FAILURES}

KINDS: Mapping[str, KindInfo] = {kind: _INFOS[kind] for kind in get_args(Kind)}
"""In the order of `Kind`; what docs/errors.md is made from."""


def exit_code(kind: str, status: int | None = None) -> int:
    """The command line's exit code for an error of `kind`; where the kind is unknown, `UpstreamError.meant_status`."""
    code = KINDS[kind].exit_code if kind in KINDS else EXIT_OTHER
    if code != EXIT_OTHER:
        return code
    return {3: EXIT_UPSTREAM, 4: EXIT_REJECTED, 5: EXIT_UPSTREAM}.get((status or 0) // 100, EXIT_OTHER)
