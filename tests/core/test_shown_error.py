"""What went wrong, in the shape in which it is shown."""

from typing import Any

import pytest

from chit.core.members import DossierInvalid
from chit.core.shown_error import check_error
from chit.errors import Action, ChitError

ACTIONS = (
    Action(kind="open_link", label="Open", url="https://openrouter.ai"),
    Action(kind="retry_with", label="Again", changes={"model": "a/b"}),
    Action(kind="switch_model", label="Other", models=("a/b",)),
)
GOOD = ChitError("no", hint="yes", actions=ACTIONS).as_dict() | {"unheard_of": [1]}


def test_our_own_errors_pass() -> None:
    """With actions, with figures and with members nobody knows; none is none."""
    assert check_error(None) is None
    for error in (GOOD, GOOD | {"status": 404, "retry_after": 1.5, "raw": "x", "code": [1]}):
        assert check_error(error) is error


@pytest.mark.parametrize(
    "changes",
    [
        {"message": 1},
        {"link": 1},
        {"raw": {}},
        {"status": "404"},
        {"retry_after": 1e99},
        {"retry_after": True},
        {"actions": None},
        {"actions": ["retry"]},
        {"actions": [{"kind": "retry"}]},
        {"actions": [{"kind": "open_link", "label": "x"}]},
        {"actions": [{"kind": "open_link", "label": "x", "url": 1}]},
        {"actions": [{"kind": "retry", "label": "x", "changes": []}]},
        {"actions": [{"kind": "switch_model", "label": "x", "models": "a"}]},
        {"actions": [{"kind": "switch_model", "label": "x", "models": [1]}]},
    ],
)
def test_what_no_page_could_show_is_refused(changes: dict[str, Any]) -> None:
    """Other types anywhere; a missing member as well."""
    with pytest.raises(DossierInvalid):
        check_error(GOOD | changes)
    for name in changes:
        with pytest.raises(DossierInvalid):
            check_error({each: value for each, value in GOOD.items() if each != name})
