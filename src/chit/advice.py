"""What a person is told of a fault: in the time of this place, and with models to ask instead where a name is wrong."""

import time
from collections.abc import Sequence

from chit.catalogue import Catalogue
from chit.core.fault import Fault
from chit.core.guidance import explain
from chit.errors import ChitError, UpstreamError

SUGGESTION_SECONDS = 3.0
"""How long an error may wait for the catalogue to suggest models from."""
_MISNAMED = ("model_unknown", "model_unavailable")


class Advice:
    """Knows the models."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def add(self, fault: Fault, error: ChitError) -> ChitError:
        """`error`; where a model's name may be wrong, with the nearest that exist. Never raises."""
        if error.kind not in _MISNAMED:
            return error
        try:
            known = await self._catalogue.find_ids(SUGGESTION_SECONDS)
        except Exception:  # whatever is wrong with the catalogue, the error is the one to tell
            return error
        return explain_here(fault, known)


def explain_here(fault: Fault, known_models: Sequence[str] = ()) -> UpstreamError:
    """In the time of this place; without a model to suggest unless some are known."""
    return explain(fault, known_models=known_models, utc_offset=time.localtime().tm_gmtoff)
