"""The choice of context compression, in and out of the parameters of a request."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.compression import CHOICES, PLUGIN, Choice, choose_compression, read_compression

PLUGINS = st.lists(
    st.sampled_from([{"id": "web"}, {"id": PLUGIN}, {"id": PLUGIN, "enabled": False}, "odd", None, {"id": 3}])
)
PARAMETERS = st.fixed_dictionaries({}, optional={"plugins": PLUGINS | st.just("odd"), "seed": st.just(1)})


@given(PARAMETERS, st.sampled_from(CHOICES))
def test_a_choice_is_read_back(parameters: dict[str, Any], choice: Choice) -> None:
    """Whatever was there; other parameters and other plugins stay, in order."""
    chosen = choose_compression(parameters, choice)
    assert read_compression(chosen) == choice
    assert chosen.get("seed") == parameters.get("seed")

    def others(found: Any) -> list[Any]:
        plugins = found.get("plugins", [])
        return [] if plugins == "odd" else [p for p in plugins if not (isinstance(p, dict) and p.get("id") == PLUGIN)]

    assert others(chosen) == others(parameters)


@pytest.mark.parametrize(
    ("plugins", "choice"),
    [
        ([], "default"),
        ([{"id": "web"}], "default"),
        ([{"id": PLUGIN}], "on"),
        ([{"id": PLUGIN, "enabled": True}], "on"),
        ([{"id": "web"}, {"id": PLUGIN, "enabled": False}], "off"),
    ],
)
def test_what_parameters_say(plugins: list[Any], choice: str) -> None:
    """A plugin that is named is on unless it says that it is not."""
    assert read_compression({"plugins": plugins}) == choice


def test_no_plugins_are_left_where_there_were_none() -> None:
    """OpenRouter's default is no member at all."""
    assert choose_compression({"plugins": [{"id": PLUGIN}]}, "default") == {}
    assert choose_compression({}, "off") == {"plugins": [{"id": PLUGIN, "enabled": False}]}
