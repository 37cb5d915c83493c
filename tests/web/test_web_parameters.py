"""What a page orders of parameters, over real sockets: chips, panel, defaults, templates, what reaches OpenRouter."""

import json
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.canaries import PERSONS_KEY
from tests.upstream import Upstream, until
from tests.web.house import Tap
from tests.web.lobby import Lobby, Page, find_article, opened_lobby, setting_for

from chit.errors import NotFound
from chit.store.sqlite import SqliteStore
from chit.web import parameter_templates

SCHEMA = {"type": "object", "required": ["city"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA}}


@pytest.fixture
async def lobby(tmp_path: Path, tap: Tap) -> AsyncIterator[Lobby]:
    """The pages over an OpenRouter that says what the test says."""
    async with Upstream(tap.answer) as upstream, opened_lobby(setting_for(tmp_path / "home", upstream)) as lobby:
        yield lobby


@pytest.fixture
async def page(lobby: Lobby) -> Page:
    """It listens."""
    page = await lobby.enter()
    await page.listen()
    return page


async def order(page: Page, do: str = "", **members: Any) -> Any:
    """The answer to an order; `texts` are the form's."""
    return await page.ask("POST", "/parameters", 200, do=do, **members)


async def keep(page: Page, *, conversation: str | None = None, draft: Any = None, **texts: str) -> Any:
    """A form that is done."""
    return await order(page, conversation=conversation, draft=draft, texts={"do": "keep", **texts})


async def say(page: Page, tap: Tap, conversation: str | None = None, answer: str = "Yes.", **members: Any) -> Any:
    """A question with its whole answer; the body that reached OpenRouter, and what came into being."""
    made = await page.say("Hello", conversation=conversation, **members)
    tap.say(answer)
    tap.end()
    await page.hears("ended", message=made["reply"])
    return tap.bodies[-1], made


def own_of(body: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a request."""
    return {name: value for name, value in body.items() if name not in ("messages", "session_id", "stream", "model")}


async def test_a_new_conversation_keeps_what_was_set_for_it(page: Page, tap: Tap, lobby: Lobby) -> None:
    """The page holds the draft until the first question takes it along, with instructions; then it is the server's."""
    kept = await keep(page, temperature="0.5", raw='{"top_p": 0.9}', system="Be brief.")
    assert kept["panel"] == ""
    assert kept["draft"] == {"parameters": {"temperature": 0.5, "top_p": 0.9}, "system": "Be brief."}
    assert [word in kept["chips"] for word in ("temperature 0.5", "top_p", "instructions")] == [True] * 3
    again = await order(page, draft=kept["draft"])
    assert (again["chips"], again["draft"], again["panel"]) == (kept["chips"], kept["draft"], None)
    body, made = await say(page, tap, own=kept["draft"])
    assert own_of(body) == {"temperature": 0.5, "top_p": 0.9}
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][0]["content"] == "Be brief."
    conversation = await lobby.office.desk.app.store.get_conversation(made["conversation"])
    assert conversation.parameters == {"temperature": 0.5, "top_p": 0.9}
    body, _ = await say(page, tap, made["conversation"], own={"parameters": {"seed": 1}, "system": "Not any more."})
    assert own_of(body) == {"temperature": 0.5, "top_p": 0.9}
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert "temperature 0.5" in (await page.view(f"/c/{made['conversation']}"))["data"]["chips"]


async def test_a_conversation_in_two_tabs(page: Page, tap: Tap) -> None:
    """A change is stored and told to every page; what two changed at once is united."""
    _, made = await say(page, tap)
    id = made["conversation"]
    panel = (await order(page, "show", conversation=id))["panel"]
    assert 'name="system"' not in panel
    first = await keep(page, conversation=id, base="{}", temperature="0.5")
    told = await page.hears("parameters", conversation=id)
    assert told["chips"] == first["chips"]
    await keep(page, conversation=id, base="{}", seed="7")
    await keep(page, conversation=id, base="no json", **{"reasoning.effort": "low"})
    body, _ = await say(page, tap, id)
    assert own_of(body) == {"temperature": 0.5, "seed": 7, "reasoning": {"effort": "low"}}
    await keep(page, conversation=id, base='{"temperature": 0.5, "seed": 7}', temperature="0.6")
    body, _ = await say(page, tap, id)
    assert own_of(body) == {"temperature": 0.6, "reasoning": {"effort": "low"}}
    await order(page, "reset:temperature", conversation=id)
    body, _ = await say(page, tap, id, parameters={"reasoning": {"effort": "high"}})
    assert own_of(body) == {"reasoning": {"effort": "high"}}


async def test_defaults_and_what_a_conversation_says_over_them(page: Page, tap: Tap, lobby: Lobby) -> None:
    """Member by member for `provider`; a default can be left out, and the chips show the differences only."""
    path = lobby.office.setting.home / "prefs.toml"
    path.write_text("# mine\n[parameters]\ntemperature = 0.2 # cool\nseed = 4\n")
    texts = {"do": "keep", "temperature": "0.3", "seed": "4", "provider.zdr": "true", "provider.sort": "price"}
    told = await order(page, defaults=True, draft={"system": "x"}, texts=texts)
    assert told["note"] == "Your defaults are kept."
    assert told["draft"] == {"parameters": {}, "system": "x"}
    assert 'value="0.3"' in told["panel"]
    assert tomllib.loads(path.read_text())["parameters"] == {
        "temperature": 0.3,
        "seed": 4,
        "provider": {"zdr": True, "sort": "price"},
    }
    assert path.read_text().startswith("# mine\n")
    await page.hears("prefs")
    show = (await order(page, "show"))["panel"]
    assert 'placeholder="default: 0.3"' in show
    assert 'name="off:provider.zdr"' in show
    assert show.count('name="off:provider.sort"') == 1
    texts = {"off:temperature": "on", "off:provider.zdr": "on", "provider.only": "anthropic"}
    kept = await keep(page, **texts)
    assert [word in kept["chips"] for word in ("no temperature", "seed", "only: anthropic")] == [True, False, True]
    body, _ = await say(page, tap, own=kept["draft"])
    assert own_of(body) == {"seed": 4, "provider": {"sort": "price", "only": ["anthropic"]}}


async def test_defaults_that_cannot_be(page: Page, lobby: Lobby) -> None:
    """They are told at their control, or as a whole where TOML cannot say them; nothing is written."""
    told = await order(page, defaults=True, texts={"do": "keep", "temperature": "warm", "raw": '{"x": 1}'})
    assert "This must be a number" in told["panel"]
    assert "autofocus" in told["panel"]
    assert told["note"] == ""
    refused = await page.refused("POST", "/parameters", 400, defaults=True, texts={"do": "keep", "raw": '{"x": null}'})
    assert "cannot be null" in refused["message"]
    assert not (lobby.office.setting.home / "prefs.toml").exists()


async def test_defaults_that_the_environment_decides(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that it wins."""
    monkeypatch.setenv("CHIT_PARAMETERS", '{"seed": 1}')
    told = await order(page, defaults=True, texts={"do": "keep", "temperature": "3"})
    assert told["note"] == (
        "Saved; but the environment of this server says otherwise, and wins. "
        "Temperature: OpenRouter documents 0 to 2; it is sent as given."
    )
    assert "Set by CHIT_PARAMETERS" in told["panel"]


async def test_what_cannot_be_read_is_told_at_its_control(page: Page) -> None:
    """What was typed stays, nothing is kept, and the caret goes to the place in the JSON."""
    told = await keep(page, temperature="warm", raw='{\n "a": 1,,\n}', system="Typed.")
    assert told["draft"] == {"parameters": {}, "system": ""}
    panel = told["panel"]
    for shown in ('value="warm"', "This must be a number", "Line 2, column 9:", 'data-caret="10"', "Typed.</textarea>"):
        assert shown in panel
    assert panel.index("autofocus") < panel.index("This must be a number")


async def test_what_is_unusual_is_kept_and_told(page: Page) -> None:
    """A range that is left, a name that nobody knows."""
    told = await keep(page, temperature="3", raw='{"temprature": 1}')
    assert told["draft"]["parameters"] == {"temperature": 3, "temprature": 1}
    assert told["note"].startswith(
        "Temperature: OpenRouter documents 0 to 2; it is sent as given. OpenRouter documents no"
    )
    assert '<span class="remark"' in (await order(page, "show:temperature", draft=told["draft"]))["panel"]


async def test_a_chip_opens_its_control_and_resets_it(page: Page) -> None:
    """Also in a group that is folded otherwise."""
    draft = {"parameters": {"service_tier": "flex", "top_p": 1}}
    panel = (await order(page, "show:service_tier", draft=draft))["panel"]
    assert panel.split("autofocus")[0].rindex('name="service_tier"') > panel.split("autofocus")[0].rindex("<details")
    assert "autofocus" in (await order(page, "show:raw", draft=draft))["panel"]
    assert "autofocus" in (await order(page, "show:system", draft=draft))["panel"]
    assert "autofocus" not in (await order(page, "show", draft=draft))["panel"]
    told = await order(page, "reset:raw:top_p", draft=draft)
    assert told["draft"]["parameters"] == {"service_tier": "flex"}
    assert (await order(page, "reset:service_tier", draft=told["draft"]))["draft"]["parameters"] == {}


async def test_keys_are_not_kept(page: Page, tap: Tap) -> None:
    """Neither for a conversation nor in a template: they would rest in plain text."""
    for do in ("keep", "save"):
        raw = json.dumps({"metadata": {"x": PERSONS_KEY}})
        refused = await page.refused("POST", "/parameters", 400, texts={"do": do, "raw": raw, "template": "x"})
        assert "looks like a secret" in refused["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"do": "dance"}, 400),
        ({"texts": []}, 400),
        ({"draft": 1}, 400),
        ({"draft": {"parameters": []}}, 400),
        ({"conversation": "nothing"}, 404),
        ({"do": "apply:nothing"}, 404),
        ({"do": "rename:nothing"}, 404),
        ({"do": "update:nothing"}, 404),
        ({"do": "save"}, 400),
        ({"do": "keep", "draft": {"system": 1}, "model": 1, "texts": {"temperature": 1}}, 200),
    ],
)
async def test_orders_that_are_none(page: Page, body: dict[str, Any], status: int) -> None:
    """Each is refused with its reason; members of a wrong type say nothing."""
    await page.ask("POST", "/parameters", status, **body)


async def test_a_conversation_that_was_deleted_meanwhile(
    page: Page, tap: Tap, lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading it and changing it: it is not there any more."""
    _, made = await say(page, tap)
    record = SqliteStore.record_parameters

    async def record_late(store: SqliteStore, id: str, parameters: Any) -> bool:
        await store.delete_conversation(id, now=1.0)
        return await record(store, id, parameters)

    monkeypatch.setattr(SqliteStore, "record_parameters", record_late)
    await page.refused("POST", "/parameters", 404, conversation=made["conversation"], texts={"do": "keep", "seed": "1"})
    with pytest.raises(NotFound):
        await lobby.office.desk.app.store.get_conversation(made["conversation"])
    await page.refused("POST", f"/c/{made['conversation']}", 404, text="Still?")


# --- templates --------------------------------------------------------------------------------------------------------


def name_templates(panel: str) -> list[tuple[str, str]]:
    """Id and name of each, in order."""
    pieces = panel.split('name="name:')[1:]
    return [(piece.partition('"')[0], piece.split('value="')[1].partition('"')[0]) for piece in pieces]


async def test_templates(page: Page, tap: Tap) -> None:
    """Made, applied with model and instructions, updated, renamed, deleted; typed text stays meanwhile."""
    texts = {"do": "save", "template": " Cities  & towns ", "temperature": "0.1", "system": "Name cities."}
    told = await order(page, model="a/b", texts=texts)
    [(id, name)] = name_templates(told["panel"])
    assert name == "Cities &amp; towns"
    assert (told["draft"]["parameters"], told["model"]) == ({}, None)
    assert 'value="0.1"' in told["panel"]
    told = await order(page, f"apply:{id}", draft={"parameters": {"seed": 1}, "system": "Mine."})
    assert told["draft"] == {"parameters": {"temperature": 0.1}, "system": "Name cities."}
    assert told["model"] == "a/b"
    assert "temperature 0.1" in told["chips"]
    assert 'value="0.1"' in told["panel"]
    texts = {"do": f"update:{id}", "temperature": "0.4", "system": "Name towns."}
    await order(page, model="c/d", texts=texts)
    texts = {"do": f"rename:{id}", f"name:{id}": "Towns", "seed": "12345"}
    told = await order(page, texts=texts)
    assert name_templates(told["panel"]) == [(id, "Towns")]
    assert 'value="12345"' in told["panel"]
    told = await order(page, f"apply:{id}")
    assert (told["draft"], told["model"]) == ({"parameters": {"temperature": 0.4}, "system": "Name towns."}, "c/d")
    told = await order(page, texts={"do": f"delete:{id}"})
    assert name_templates(told["panel"]) == []


async def test_a_template_in_a_conversation(page: Page, tap: Tap) -> None:
    """Its parameters are stored at once; its instructions are not for it, which is said, and updating keeps them."""
    await order(page, model="a/b", texts={"do": "save", "template": "T", "seed": "1", "system": "Hm."})
    _, made = await say(page, tap)
    id = name_templates((await order(page, "show"))["panel"])[0][0]
    told = await order(page, f"apply:{id}", conversation=made["conversation"], draft={"system": "Of the next."})
    assert "instructions are for a new conversation" in told["note"]
    assert told["draft"] == {"parameters": {}, "system": "Of the next."}
    body, _ = await say(page, tap, made["conversation"])
    assert own_of(body) == {"seed": 1}
    await order(page, model="a/b", conversation=made["conversation"], texts={"do": f"update:{id}", "seed": "2"})
    told = await order(page, f"apply:{id}", draft={})
    assert told["draft"] == {"parameters": {"seed": 2}, "system": "Hm."}


async def test_done_with_a_name_makes_a_template_as_well(page: Page) -> None:
    """Who wrote a name and pressed Enter meant it; a name that is taken is taken over, one without a model has none."""
    await keep(page, template="T", seed="1")
    await keep(page, template="T", seed="2")
    [(id, _)] = name_templates((await order(page, "show"))["panel"])
    told = await order(page, f"apply:{id}", draft={"system": "Kept."})
    assert told["draft"] == {"parameters": {"seed": 2}, "system": "Kept."}
    assert told["model"] is None


async def test_templates_have_bounds(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """In number, in the length of a name and in all; what is refused leaves them as they are."""
    monkeypatch.setattr(parameter_templates, "MOST", 2)
    monkeypatch.setattr(parameter_templates, "MOST_BYTES", 1000)
    for name in ("b" * 100, "A"):
        await order(page, texts={"do": "save", "template": name, "seed": "1"})
    refused = await page.refused("POST", "/parameters", 400, texts={"do": "save", "template": "c", "seed": "1"})
    assert refused["message"] == "there are 2 templates already"
    long = {"do": "save", "template": "A", "stop": "x" * 1000}
    assert "too long" in (await page.refused("POST", "/parameters", 400, texts=long))["message"]
    found = name_templates((await order(page, "show"))["panel"])
    assert [name for _, name in found] == ["A", "b" * 80]
    await page.refused("POST", "/parameters", 400, texts={"do": f"rename:{found[0][0]}", f"name:{found[0][0]}": " "})


# --- replies that are JSON --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pieces", "verdict"),
    [
        (['{"ci', 'ty": "Bern"}'], "Matches the schema."),
        (['{"town": "Bern"}'], "Does not match the schema: $ lacks &quot;city&quot;."),
        (['{"city": '], "This is not JSON: "),
    ],
)
async def test_a_json_reply(page: Page, tap: Tap, lobby: Lobby, pieces: list[str], verdict: str) -> None:
    """Live, in history and rendered anew it is the same, with what the schema says of it."""
    made = await page.say("A city", own={"parameters": {"response_format": FORMAT}})
    for piece in pieces:
        tap.say(piece)
        await page.hears("blocks", message=made["reply"])
    tap.end()
    ended = await page.hears("ended", message=made["reply"])
    assert verdict.replace("&quot;", '"') in ended["html"].replace("&quot;", '"')
    assert 'class="language">json' in ended["html"]
    view = await page.view(f"/c/{made['conversation']}")
    assert find_article(view["html"], made["reply"]) == ended["html"].strip()
    await lobby.office.desk.app.store.record_rendered(made["reply"], 0, "[]")
    view = await page.view(f"/c/{made['conversation']}")
    assert find_article(view["html"], made["reply"]) == ended["html"].strip()


async def test_a_json_reply_that_is_cut(page: Page, tap: Tap) -> None:
    """It says why it is not whole, and Continue goes on from it."""
    made = await page.say("A city", own={"parameters": {"response_format": FORMAT}})
    tap.say('{"city": "Be')
    await until(lambda: page.told("blocks", message=made["reply"]))
    tap.hang_up()
    ended = await page.hears("ended", message=made["reply"])
    assert "The reply broke off: the JSON is not whole." in ended["html"]
    assert 'data-do="continue"' in ended["html"]
