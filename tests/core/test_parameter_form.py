"""Parameters as the texts of a form, and back."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chit.core.located_json import read_object
from chit.core.parameter_fields import FIELDS, UNITS, find_field
from chit.core.parameter_form import OFF, RAW, read_form, remark_on_form, reset_parameter, write_form

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "city", "strict": True, "schema": SCHEMA}}
SEARCH = {"type": "openrouter:web_search"}

plain = st.text(st.characters(codec="utf-8"), max_size=8)
atoms = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | plain
anything = st.recursive(
    atoms, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain, inner, max_size=3), max_leaves=6
)
likely = (
    anything
    | st.sampled_from(["low", "high", "price", "deny", "on", "off", "json_schema", "text", "native"])
    | st.just(SCHEMA)
)
"""Also what the controls take, or nearly do."""
steps = sorted({step for field in FIELDS for step in field.path} | {"id", "type", "enabled", "top_p"})
members = st.dictionaries(st.sampled_from(steps), likely, max_size=4)
entries = st.lists(
    st.builds(
        lambda key, name, rest: {**rest, key: name}, st.sampled_from(["id", "type"]), st.sampled_from(steps), members
    )
    | anything,
    max_size=3,
)
objects = st.dictionaries(
    st.sampled_from([field.path[0] for field in FIELDS] + ["top_p", "logit_bias", "max_tokens", "x"]),
    likely | members | entries | st.just(FORMAT) | st.dictionaries(st.sampled_from(steps), members, max_size=2),
    max_size=5,
)


def spelled(value: Any) -> str:
    """In which 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


@given(objects)
def test_parameters_come_back_as_they_were(parameters: dict[str, Any]) -> None:
    """Whatever they are: nothing is lost, doubled or changed on the way into a form and back."""
    reading = read_form(write_form(parameters))
    assert reading.problems == {}
    assert spelled(reading.parameters) == spelled(parameters)


@given(objects)
def test_a_form_settles(parameters: dict[str, Any]) -> None:
    """Written again it is the same form: what a control shows never stands in the raw box as well."""
    texts = write_form(parameters)
    assert write_form(read_form(texts).parameters) == texts


VALUES: list[tuple[str, str, dict[str, Any]]] = [
    ("temperature", "0.2", {"temperature": 0.2}),
    ("temperature", "1", {"temperature": 1}),
    ("max_completion_tokens", "500", {"max_completion_tokens": 500}),
    ("stop", "END\n two words", {"stop": ["END", " two words"]}),
    ("seed", "-7", {"seed": -7}),
    ("verbosity", "high", {"verbosity": "high"}),
    ("reasoning.effort", "low", {"reasoning": {"effort": "low"}}),
    ("reasoning.max_tokens", "2000", {"reasoning": {"max_tokens": 2000}}),
    ("reasoning.exclude", "true", {"reasoning": {"exclude": True}}),
    ("response_format", "json_object", {"response_format": {"type": "json_object"}}),
    ("provider.order", "anthropic, google-vertex", {"provider": {"order": ["anthropic", "google-vertex"]}}),
    ("provider.only", "anthropic", {"provider": {"only": ["anthropic"]}}),
    ("provider.ignore", "a, b/c", {"provider": {"ignore": ["a", "b/c"]}}),
    ("provider.sort", "latency", {"provider": {"sort": "latency"}}),
    ("provider.allow_fallbacks", "false", {"provider": {"allow_fallbacks": False}}),
    ("provider.data_collection", "deny", {"provider": {"data_collection": "deny"}}),
    ("provider.zdr", "true", {"provider": {"zdr": True}}),
    ("provider.require_parameters", "true", {"provider": {"require_parameters": True}}),
    ("provider.quantizations", "fp8, bf16", {"provider": {"quantizations": ["fp8", "bf16"]}}),
    ("provider.max_price.prompt", "0.5", {"provider": {"max_price": {"prompt": 0.5}}}),
    ("provider.max_price.completion", "2", {"provider": {"max_price": {"completion": 2}}}),
    ("provider.max_price.request", "0.01", {"provider": {"max_price": {"request": 0.01}}}),
    ("web_search", "on", {"tools": [SEARCH]}),
    ("context_compression", "on", {"plugins": [{"id": "context-compression"}]}),
    ("context_compression", "off", {"plugins": [{"id": "context-compression", "enabled": False}]}),
    ("file_parser.engine", "native", {"plugins": [{"id": "file-parser", "pdf": {"engine": "native"}}]}),
    ("response_healing", "on", {"plugins": [{"id": "response-healing"}]}),
    ("service_tier", "flex", {"service_tier": "flex"}),
    ("off:temperature", "on", {"temperature": None}),
    ("off:reasoning", "on", {"reasoning": None}),
    ("off:provider.zdr", "on", {"provider": {"zdr": None}}),
]


@pytest.mark.parametrize(("name", "text", "parameters"), VALUES, ids=[name for name, _, _ in VALUES])
def test_each_control(name: str, text: str, parameters: dict[str, Any]) -> None:
    """It makes its parameter, and shows it."""
    reading = read_form({name: text})
    assert (reading.parameters, reading.problems) == (parameters, {})
    assert write_form(parameters) == {name: text}


def test_a_schema_and_a_search_with_all_their_controls() -> None:
    """Together they are one parameter each."""
    texts = {
        "response_format": "json_schema",
        "response_format.name": "city",
        "response_format.schema": json.dumps(SCHEMA, indent=2),
        "response_format.strict": "true",
        "web_search": "on",
        "web_search.engine": "exa",
        "web_search.max_results": "3",
        "web_search.max_total_results": "9",
        "web_search.allowed_domains": "example.com, docs.python.org",
        "web_search.excluded_domains": "x.example",
    }
    parameters = {
        "response_format": FORMAT,
        "tools": [
            SEARCH
            | {
                "parameters": {
                    "engine": "exa",
                    "max_results": 3,
                    "max_total_results": 9,
                    "allowed_domains": ["example.com", "docs.python.org"],
                    "excluded_domains": ["x.example"],
                }
            }
        ],
    }
    assert read_form(texts).parameters == parameters
    assert write_form(parameters) == texts


def test_every_control_is_tried() -> None:
    """No field is missing from the tests above."""
    tried = {name for name, _, _ in VALUES}
    rest = {field.name for field in FIELDS} - tried
    assert {name.partition(".")[0] for name in rest} <= {"response_format", "web_search"}
    assert {find_field(name) for name in tried if not name.startswith(OFF)} <= set(FIELDS)
    assert "provider.zdr" in UNITS
    assert find_field("nothing") is None


@pytest.mark.parametrize(
    "parameters",
    [
        {"temperature": "hot"},
        {"temperature": True},
        {"seed": 1.5},
        {"seed": 10**400},
        {"stop": "END"},
        {"stop": ["a\nb"]},
        {"stop": [" "]},
        {"stop": []},
        {"service_tier": "ultrafast"},
        {"verbosity": ["low"]},
        {"provider": {"order": ["two words"]}},
        {"provider": {"sort": {"by": "price"}}},
        {"provider": "none"},
        {"provider": {}},
        {"reasoning": {"effort": None}},
        {"response_format": {"type": "json_schema"}},
        {"response_format": {"json_schema": {"name": "x"}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": " x ", "schema": SCHEMA}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "city"}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": True}}},
        {"tools": [SEARCH | {"enabled": False}]},
        {"tools": {"type": "openrouter:web_search"}},
        {"plugins": [{"id": "file-parser"}]},
        {"plugins": [{"id": "context-compression", "enabled": None}]},
        {"plugins": ["web"]},
        {"top_p": 0.9, "logit_bias": {"50": -100}},
    ],
    ids=lambda each: spelled(each)[:60],
)
def test_what_no_control_shows_stands_in_the_raw_box(parameters: dict[str, Any]) -> None:
    """As it is, and nowhere else."""
    texts = write_form(parameters)
    assert spelled(read_object(texts.pop(RAW))) == spelled(parameters)
    assert texts == {}


def test_the_rest_of_an_object_stands_in_the_raw_box() -> None:
    """Beside what has a control: of `provider`, of a plugin, of a list of tools."""
    function = {"type": "function", "function": {"name": "look_up"}}
    parameters = {
        "provider": {"zdr": True, "preferred_max_latency": 2},
        "plugins": [{"id": "moderation"}, {"id": "file-parser", "pdf": {"engine": "native"}}],
        "tools": [function, SEARCH],
    }
    texts = write_form(parameters)
    assert read_object(texts.pop(RAW)) == {
        "provider": {"preferred_max_latency": 2},
        "plugins": [{"id": "moderation"}],
        "tools": [function],
    }
    assert texts == {"provider.zdr": "true", "web_search": "on", "file_parser.engine": "native"}


def test_a_plugin_that_is_said_to_be_enabled() -> None:
    """Which it is without saying so: the word stays in the raw box, and nothing is doubled."""
    parameters = {"plugins": [{"id": "context-compression", "enabled": True}]}
    assert read_object(write_form(parameters)[RAW]) == parameters


@pytest.mark.parametrize(
    ("texts", "control", "says"),
    [
        ({"temperature": "warm"}, "temperature", "must be a number"),
        ({"temperature": "1e999"}, "temperature", "too large"),
        ({"temperature": "1" * 500}, "temperature", "must be a number"),
        ({"seed": "1.5"}, "seed", "whole number"),
        ({"verbosity": "loud"}, "verbosity", "one of low, medium"),
        ({"provider.zdr": "maybe"}, "provider.zdr", "yes or no"),
        ({"web_search": "off"}, "web_search", "one of on"),
        ({"web_search.engine": "exa"}, "web_search.engine", "Switch web search on"),
        ({"response_format": "json_object", "response_format.name": "x"}, "response_format.name", "Choose json_schema"),
        ({"response_format": "json_schema"}, "response_format.name", "needs a name"),
        ({"response_format": "json_schema"}, "response_format.schema", "missing"),
        ({"temperature": "1", "off:temperature": "on"}, "off:temperature", "not both"),
        ({"raw": '{"provider": 1}', "off:provider.zdr": "on"}, "off:provider.zdr", "not both"),
        ({"temperature": "1", "raw": '{"temperature": 2}'}, "raw", "Line 1, column 2: temperature says here"),
        ({"provider.zdr": "true", "raw": '{"provider": 2}'}, "raw", "says here what “Zero data retention” says"),
        ({"web_search": "on", "raw": '{"tools": 2}'}, "raw", "tools says here what “Web search” says above"),
        (
            {"context_compression": "off", "raw": '{"plugins": [{"id": "context-compression", "enabled": true}]}'},
            "raw",
            "says",
        ),
        ({"raw": '{"model": "a/b"}'}, "raw", "field of its own"),
        ({"raw": '{\n  "top_p": 1,\n  "messages": []}'}, "raw", "Line 3, column 3: messages cannot be given here"),
        ({"raw": "[1]"}, "raw", "Line 1, column 1: an object is wanted"),
    ],
    ids=lambda each: str(each)[:50],
)
def test_a_problem_is_told_at_its_control(texts: dict[str, str], control: str, says: str) -> None:
    """In words that say what to do; for JSON with the line and the column."""
    assert says in read_form(texts).problems[control].text


def test_a_broken_schema_is_told_where_it_breaks() -> None:
    """JSON that breaks, and JSON that is no schema: the caret goes there."""
    texts = {"response_format": "json_schema", "response_format.name": "x"}
    broken = read_form(texts | {"response_format.schema": '{\n  "type": "object",\n}'}).problems[
        "response_format.schema"
    ]
    assert broken.text.startswith("Line 3, column 1:") or broken.text.startswith("Line 2, column 19:")
    assert broken.caret in (22, 23)
    schema = '{"properties": {"city": {"type": "text"}}}'
    none = read_form(texts | {"response_format.schema": schema}).problems["response_format.schema"]
    assert none.text.startswith("$.properties.city.type: must be one of null")
    assert none.caret == schema.index('"type"')


def test_remarks() -> None:
    """Ranges beyond the documented ones and names that nobody knows are remarked upon, and sent."""
    texts = {"temperature": "3", "seed": "9", "max_completion_tokens": "0", "raw": '{"temprature": 1}'}
    assert remark_on_form(texts) == {
        "temperature": "OpenRouter documents 0 to 2; it is sent as given.",
        "max_completion_tokens": "OpenRouter documents 1 and up; it is sent as given.",
        "raw": "OpenRouter documents no parameter 'temprature'; it is sent as given. Did you mean temperature?",
    }
    assert read_form(texts).problems == {}
    assert remark_on_form({"temperature": "2", "raw": " "}) == {}


@pytest.mark.parametrize(
    ("name", "left"),
    [
        (
            "temperature",
            {"response_format": FORMAT, "tools": [SEARCH], "top_p": 1, "logit_bias": {}, "reasoning": None},
        ),
        ("response_format", {"temperature": 1, "tools": [SEARCH], "top_p": 1, "logit_bias": {}, "reasoning": None}),
        (
            "raw:top_p",
            {"temperature": 1, "response_format": FORMAT, "tools": [SEARCH], "logit_bias": {}, "reasoning": None},
        ),
        (
            "off:reasoning",
            {"temperature": 1, "response_format": FORMAT, "tools": [SEARCH], "top_p": 1, "logit_bias": {}},
        ),
    ],
)
def test_one_thing_is_reset(name: str, left: dict[str, Any]) -> None:
    """With what belongs to it, and nothing else."""
    parameters = {"temperature": 1, "response_format": FORMAT, "tools": [SEARCH], "top_p": 1, "logit_bias": {}}
    assert reset_parameter({**parameters, "reasoning": None}, name) == left


def test_resetting_what_is_not_there() -> None:
    """It changes nothing."""
    assert reset_parameter({"seed": 1}, "raw:top_p") == {"seed": 1}
    assert reset_parameter({"seed": 1}, "nothing") == {"seed": 1}
