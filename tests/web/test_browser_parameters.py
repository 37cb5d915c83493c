"""The parameters' panel as a person uses it: each control, its chip, and what reaches OpenRouter next."""

import json
from typing import Any

import pytest
from tests.web.browser import PHONE, Tab
from tests.web.house import House, Tap

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHEET = ".sheet[open]"
CLOSED = "document.querySelector('.sheet').open"
CHIPS = "[...document.querySelectorAll('.difference')].map(each => each.textContent.replace('×', '').trim())"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SEARCH = {"type": "openrouter:web_search", "parameters": {"engine": "exa", "max_results": 3}}

GROUPS: dict[str, tuple[dict[str, str], dict[str, Any], list[str]]] = {
    "reply": (
        {"temperature": "0.2", "max_completion_tokens": "500", "stop": "END\nHALT", "seed": "7", "verbosity": "low"},
        {"temperature": 0.2, "max_completion_tokens": 500, "stop": ["END", "HALT"], "seed": 7, "verbosity": "low"},
        ["temperature 0.2", "max 500 tokens", "stop: END HALT", "seed 7", "verbosity: low"],
    ),
    "reasoning": (
        {"reasoning.effort": "low", "reasoning.exclude": "true"},
        {"reasoning": {"effort": "low", "exclude": True}},
        ["reasoning: low", "thoughts left out"],
    ),
    "budget": ({"reasoning.max_tokens": "2000"}, {"reasoning": {"max_tokens": 2000}}, ["reasoning: 2000 tokens"]),
    "format": (
        {
            "response_format": "json_schema",
            "response_format.name": "city",
            "response_format.schema": json.dumps(SCHEMA),
            "response_format.strict": "true",
        },
        {"response_format": {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}}},
        ["JSON schema: city"],
    ),
    "routing": (
        {
            "provider.only": "anthropic, google-vertex",
            "provider.order": "anthropic",
            "provider.ignore": "deepinfra",
            "provider.sort": "latency",
            "provider.allow_fallbacks": "false",
            "provider.data_collection": "deny",
            "provider.zdr": "true",
            "provider.require_parameters": "true",
            "provider.quantizations": "fp8",
            "provider.max_price.prompt": "1",
            "provider.max_price.completion": "2.5",
        },
        {
            "provider": {
                "only": ["anthropic", "google-vertex"],
                "order": ["anthropic"],
                "ignore": ["deepinfra"],
                "sort": "latency",
                "allow_fallbacks": False,
                "data_collection": "deny",
                "zdr": True,
                "require_parameters": True,
                "quantizations": ["fp8"],
                "max_price": {"prompt": 1, "completion": 2.5},
            }
        },
        [
            "only: anthropic, google-ver…",
            "order: anthropic",
            "not: deepinfra",
            "sort: latency",
            "no fallbacks",
            "data collection: deny",
            "ZDR",
            "all parameters required",
            "quantizations: fp8",
            "prompt ≤ $1/M",
            "reply ≤ $2.5/M",
        ],
    ),
    "search": (
        {"web_search": "on", "web_search.engine": "exa", "web_search.max_results": "3"},
        {"tools": [SEARCH]},
        ["web search"],
    ),
    "plugins": (
        {"context_compression": "off", "file_parser.engine": "native", "response_healing": "on"},
        {
            "plugins": [
                {"id": "context-compression", "enabled": False},
                {"id": "file-parser", "pdf": {"engine": "native"}},
                {"id": "response-healing"},
            ]
        },
        ["no context compression", "PDF: native", "response healing"],
    ),
    "service": ({"service_tier": "flex"}, {"service_tier": "flex"}, ["tier: flex"]),
    "raw": (
        {"raw": '{"top_p": 0.9, "metadata": {"a": "b"}}'},
        {"top_p": 0.9, "metadata": {"a": "b"}},
        ["top_p", "metadata"],
    ),
}


async def open_sheet(tab: Tab) -> None:
    """With all groups unfolded."""
    await tab.go(".open-parameters")
    await tab.stands(f"{SHEET} [name=raw]")
    await tab.ask("document.querySelectorAll('.sheet details').forEach(each => { each.open = true; })")


async def fill(tab: Tab, texts: dict[str, str]) -> None:
    """Whatever each control is."""
    for name, text in texts.items():
        box = f"{SHEET} [name='{name}']"
        if await tab.ask(f"document.querySelector({box!r}).tagName") == "SELECT":
            await tab.page.select_option(box, text)
        else:
            await tab.page.fill(box, text)


async def done(tab: Tab) -> None:
    """And the panel is away."""
    await tab.go(f"{SHEET} .primary")
    await tab.until(CLOSED, False)


async def send(tab: Tab, tap: Tap, answer: str = "Yes.") -> dict[str, Any]:
    """A message with its whole answer; the parameters of the request."""
    count = len(tap.bodies)
    await tab.page.fill(".composer textarea", "Hello")
    await tab.go(".send")
    tap.say(answer)
    tap.end()
    await tab.stands(".from-actor[data-state=done]", count + 1)
    body = tap.bodies[-1]
    return {name: value for name, value in body.items() if name not in ("messages", "session_id", "stream", "model")}


def shown(chips: list[str]) -> list[str]:
    """As the header shows them: the first, and how many more there are, for narrow windows and for wide ones."""
    more = [f"+{len(chips) - 1}"] if len(chips) > 1 else []
    return [*chips, *more, *([f"+{len(chips) - 2}"] if len(chips) > 2 else [])]


@pytest.mark.parametrize("group", GROUPS)
async def test_a_group_of_controls(tapped: House, tap: Tap, group: str) -> None:
    """Set, shown as chips, sent, shown again in the panel, kept through a reload."""
    texts, parameters, chips = GROUPS[group]
    async with tapped.visit() as tab:
        await tab.screen("new")
        await open_sheet(tab)
        await fill(tab, texts)
        await done(tab)
        await tab.until(CHIPS, shown(chips))
        await tab.page.reload()
        await tab.until(CHIPS, shown(chips))
        assert await send(tab, tap) == parameters
        await tab.until(CHIPS, shown(chips))
        await open_sheet(tab)
        for name, text in texts.items():
            found = await tab.page.input_value(f"{SHEET} [name='{name}']")
            assert "".join(found.split()) == "".join(text.split())
        await done(tab)
        assert await send(tab, tap) == parameters


async def test_chips(tapped: House, tap: Tap) -> None:
    """Each opens the panel at its control, and its × undoes it; the last one says how many more there are."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await open_sheet(tab)
        await fill(tab, {"seed": "7", "provider.zdr": "true", "service_tier": "flex"})
        await done(tab)
        await tab.until(CHIPS, shown(["seed 7", "ZDR", "tier: flex"]))
        await tab.go(".difference [data-order='show:provider.zdr']")
        await tab.until("document.activeElement.name", "provider.zdr")
        await tab.go(f"{SHEET} [formmethod=dialog]")
        assert await tab.page.is_visible(".more-wide")
        assert not await tab.page.is_visible(".more-narrow")
        await tab.go(".difference [data-order='reset:seed']")
        await tab.until(CHIPS, shown(["ZDR", "tier: flex"]))
        assert await send(tab, tap) == {"provider": {"zdr": True}, "service_tier": "flex"}
        await tab.go(".difference [data-order='reset:provider.zdr']")
        await tab.until(CHIPS, ["tier: flex"])
        assert await send(tab, tap) == {"service_tier": "flex"}


async def test_instructions(tapped: House, tap: Tap) -> None:
    """A new conversation begins with them; the one after that begins without."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await open_sheet(tab)
        await tab.page.fill(f"{SHEET} [name=system]", "Be brief.")
        await done(tab)
        await tab.until(CHIPS, ["instructions"])
        await send(tab, tap)
        assert [message["content"] for message in tap.bodies[-1]["messages"]] == ["Be brief.", "Hello"]
        await tab.reads(".from-system summary", "Instructions")
        await tab.until(CHIPS, [])
        await tab.go(".start")
        await tab.screen("new")
        await tab.until(CHIPS, [])
        assert await tab.ask("sessionStorage.getItem('chit-parameters')") is None


async def test_an_error_stands_at_its_line(tapped: House) -> None:
    """The caret goes there; Escape keeps what is right only, and Cancel leaves all as it was."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await open_sheet(tab)
        await tab.page.fill(f"{SHEET} [name=raw]", '{\n  "top_p": 0.9,\n  "seed": x\n}')
        await tab.go(f"{SHEET} .primary")
        await tab.reads(".wrong", "Line 3, column 11: expecting value")
        await tab.until("document.activeElement.name", "raw")
        assert await tab.ask("document.activeElement.selectionStart") == 28
        await tab.page.keyboard.press("Escape")
        await tab.reads(".wrong", "Line 3")
        assert await tab.ask(CLOSED)
        await tab.page.fill(f"{SHEET} [name=raw]", '{"top_p": 0.9}')
        await tab.page.keyboard.press("Escape")
        await tab.until(CLOSED, False)
        await tab.until(CHIPS, ["top_p"])
        await open_sheet(tab)
        await tab.page.fill(f"{SHEET} [name=temperature]", "warm")
        await tab.page.keyboard.press("Enter")
        await tab.reads(".wrong", "This must be a number, such as 0.7.")
        await tab.until("document.activeElement.name", "temperature")
        await tab.go(f"{SHEET} [formmethod=dialog]")
        await tab.until(CLOSED, False)
        await tab.until(CHIPS, ["top_p"])


async def test_two_tabs(tapped: House, tap: Tap) -> None:
    """What one sets, the other shows, and what both set at once holds."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await send(tab, tap)
        other = await tab.beside(tab.page.url)
        await other.stands(".from-actor")
        await open_sheet(other)
        await open_sheet(tab)
        await fill(tab, {"seed": "1"})
        await done(tab)
        await other.until(CHIPS, ["seed 1"])
        await other.page.bring_to_front()
        await fill(other, {"verbosity": "low"})
        await done(other)
        await tab.until(CHIPS, shown(["seed 1", "verbosity: low"]))
        assert await send(tab, tap) == {"seed": 1, "verbosity": "low"}


async def test_going_elsewhere_closes_the_panel(tapped: House, tap: Tap) -> None:
    """By its own link and by the browser's way back: what is set never lands in another conversation."""
    async with tapped.visit() as tab:
        await tab.screen("new")
        await send(tab, tap)
        await tab.go(".start")
        await tab.screen("new")
        await open_sheet(tab)
        await fill(tab, {"seed": "1"})
        await tab.page.go_back()
        await tab.stands(".from-actor")
        await tab.until(CLOSED, False)
        await tab.until(CHIPS, [])
        await open_sheet(tab)
        await tab.go(f"{SHEET} a")
        await tab.screen("settings")
        await tab.until(CLOSED, False)


async def test_defaults(tapped: House, tap: Tap) -> None:
    """Set in the settings, they hold for every conversation, unless one does without."""
    async with tapped.visit("/settings/parameters") as tab:
        await tab.screen("settings")
        form = "form[data-parameters=defaults]"
        await tab.page.fill(f"{form} [name=temperature]", "hot")
        await tab.go(f"{form} .primary")
        await tab.reads(f"{form} .wrong", "must be a number")
        await tab.until("document.activeElement.name", "temperature")
        await tab.page.fill(f"{form} [name=temperature]", "0.2")
        await tab.page.fill(f"{form} [name=seed]", "4")
        await tab.go(f"{form} .primary")
        await tab.reads(".toast", "Your defaults are kept.")
        await tab.go(".start")
        await tab.screen("new")
        await tab.until(CHIPS, [])
        await open_sheet(tab)
        placeholder = await tab.page.get_attribute(f"{SHEET} [name=temperature]", "placeholder")
        assert placeholder == "default: 0.2"
        await tab.page.check(f"{SHEET} [name='off:temperature']")
        await done(tab)
        await tab.until(CHIPS, ["no temperature"])
        assert await send(tab, tap) == {"seed": 4}
        await tab.go(".difference .reset")
        await tab.until(CHIPS, [])
        assert await send(tab, tap) == {"seed": 4, "temperature": 0.2}


async def test_templates(tapped: House, tap: Tap) -> None:
    """Named with markup, shown as text; applied in another conversation, with its model."""
    name = "<b>Cities</b> & 'towns'"
    async with tapped.visit() as tab:
        await tab.screen("new")
        await tab.page.fill(".model-field .model-input", "a/b")
        await open_sheet(tab)
        await fill(tab, {"seed": "1", "system": "Name cities.", "template": name})
        await tab.go(f"{SHEET} [value=save]")
        await tab.until("document.querySelector('.template input').value", name)
        await tab.stands(f"{SHEET} .template b", 0)
        await tab.go(f"{SHEET} [formmethod=dialog]")
        await tab.until(CHIPS, [])
        await tab.page.fill(".model-field .model-input", "")
        await open_sheet(tab)
        await tab.go(f"{SHEET} .apply")
        await tab.until(CHIPS, shown(["instructions", "seed 1"]))
        await tab.until("document.querySelector('.model-field .model-input').value", "a/b")
        assert await tab.page.input_value(f"{SHEET} [name=system]") == "Name cities."
        await fill(tab, {"seed": "2"})
        await tab.go(f"{SHEET} [value^='update:']")
        await tab.page.fill(f"{SHEET} .template input", "Towns")
        await tab.go(f"{SHEET} [value^='rename:']")
        await tab.until("document.querySelector('.template .apply').getAttribute('aria-label')", "Apply Towns")
        await tab.go(f"{SHEET} .apply")
        await tab.until(CHIPS, shown(["instructions", "seed 2"]))
        await tab.go(f"{SHEET} [value^='delete:']")
        await tab.stands(f"{SHEET} .apply", 0)
        await done(tab)
        assert await send(tab, tap) == {"seed": 2}
        assert tap.bodies[-1]["model"] == "a/b"


async def test_a_json_reply(tapped: House, tap: Tap) -> None:
    """Asked for by a schema: laid out and coloured, with what the schema says of it; the same after a reload."""
    texts, _, _ = GROUPS["format"]
    async with tapped.visit() as tab:
        await tab.screen("new")
        await open_sheet(tab)
        await fill(tab, texts)
        await done(tab)
        await send(tab, tap, '{"city":"Bern"}')
        await tab.reads(".verdict.fits", "Matches the schema.")
        assert await tab.text(".reply code") == '{\n  "city": "Bern"\n}'
        await tab.stands(".reply code .nt")
        before = await tab.ask("document.querySelector('.reply').innerHTML")
        await tab.page.reload()
        await tab.stands(".verdict")
        assert await tab.ask("document.querySelector('.reply').innerHTML") == before
        await send(tab, tap, '{"city": 1}')
        await tab.reads(".verdict.breaks", "Does not match the schema: $.city is of type integer, not string.")


@pytest.mark.parametrize("width", [400, 320])
async def test_on_a_phone(tapped: House, tap: Tap, width: int) -> None:
    """The sheet takes the whole screen, nothing sticks out, what is pressed is large enough, chips become a number."""
    async with tapped.visit(**PHONE | {"viewport": {"width": width, "height": 800}}) as tab:
        await tab.screen("new")
        await open_sheet(tab)
        edges = "(r => [r.x, r.y, r.width, r.height])(document.querySelector('.sheet').getBoundingClientRect())"
        assert await tab.ask(edges) == [0, 0, width, 800]
        assert await tab.ask("document.querySelector('.sheet').scrollWidth") <= width
        pressed = f"[...document.querySelectorAll('{SHEET} :is(button, select, summary, input[name], .off)')]"
        low = f"{pressed}.filter(each => !/hidden|checkbox/.test(each.type) && each.offsetHeight < 40).length"
        assert await tab.ask(low) == 0
        await fill(tab, {"seed": "1", "provider.zdr": "true", "verbosity": "low"})
        await done(tab)
        await tab.stands(".difference")
        chips = "[...document.querySelectorAll('.difference')].filter(each => each.offsetParent)"
        assert await tab.ask(f"{chips}.map(each => each.textContent)") == ["seed 1×", "+2"]
        assert await tab.ask("document.documentElement.scrollWidth") <= width
        assert await send(tab, tap) == {"seed": 1, "provider": {"zdr": True}, "verbosity": "low"}
