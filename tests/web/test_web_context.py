"""Under the last reply, over real sockets: the context, the next turn, and the choice of compression."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.store.contract import settled
from tests.upstream import until
from tests.web.lobby import Lobby, Page, opened_lobby, setting_for

from chit.core.compression import PLUGIN
from chit.core.jsontext import decode_object
from chit.sandbox.server import Sandbox

MODEL = "openai/gpt-5-mini"


@pytest.fixture
async def lobby(tmp_path: Path) -> AsyncIterator[Lobby]:
    """The pages over a sandbox without any delay."""
    async with Sandbox(pace=0, settle_after=0) as box, opened_lobby(setting_for(tmp_path / "home", box)) as lobby:
        yield lobby


@pytest.fixture
async def page(lobby: Lobby) -> Page:
    """Signed in, and listening."""
    page = await lobby.enter()
    await page.listen()
    return page


async def ask(lobby: Lobby, page: Page, text: str = "Hello?", **members: Any) -> dict[str, str]:
    """A question whose reply has ended; the catalogue is known by then."""
    await lobby.office.desk.app.catalogue.list_models()
    made = await page.say(text, **{"model": MODEL, **members})
    await page.hears("ended", message=made["reply"])
    return made


def context_of(text: str) -> str:
    """What a person reads of it."""
    found = re.findall(r'<details class="context">(.*?)</details>', text, re.DOTALL)
    assert len(found) <= 1
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", found[0])).split()) if found else ""


async def last_request(lobby: Lobby, reply: str) -> dict[str, Any]:
    """The body that was sent for a reply."""
    generation = await lobby.office.desk.app.store.find_generation(reply)
    assert generation is not None
    return decode_object(generation.request)


async def test_it_stands_under_the_last_reply(lobby: Lobby, page: Page) -> None:
    """When the reply has ended, and in each later view: tokens, length, and an estimate with what it rests on."""
    made = await ask(lobby, page)
    told = context_of(page.told("ended")[0]["html"])
    await ask(lobby, page, "And now?", conversation=made["conversation"])
    view = await page.view(f"/c/{made['conversation']}")
    for text in (told, context_of(view["html"])):
        assert re.search(r"context (< 0\.1|0\.\d) % of 400k · next turn about \$0\.\d+ ", text), text
        assert "an estimate:" in text
        assert "Each 1,000 characters that you write add about $0.0000625." in text
        assert "may not fit" not in text
        assert "(sandbox)" not in text


async def test_what_is_not_known(lobby: Lobby, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that is in no catalogue has neither length nor prices here; nothing is made up."""

    async def nothing(_seconds: float = 0) -> Any:
        return ()

    monkeypatch.setattr(lobby.office.desk.app.catalogue, "list_kept", nothing)
    await ask(lobby, page)
    text = context_of(page.told("ended")[0]["html"])
    assert re.match(r"context \d+ tokens · next turn –", text), text
    assert "unknown: no prices are known of this model" in text


async def test_a_reply_that_was_refused(lobby: Lobby, page: Page) -> None:
    """It tells no tokens, and still lets one choose: it may have been too long."""
    await ask(lobby, page, model="sandbox/error-data-policy")
    text = context_of(page.told("ended")[0]["html"])
    assert text.startswith("context not known yet last turn")
    assert "cut from the middle" in text


async def test_the_catalogue_is_fetched_once(lobby: Lobby, page: Page) -> None:
    """With the first question, beside it."""
    made = await page.say("Hello?", model=MODEL)
    await page.hears("ended", message=made["reply"])

    catalogue = lobby.office.desk.app.catalogue
    while not await catalogue.list_kept():
        await until(lambda: True)
    made = await page.say("Again?", model=MODEL)
    await page.hears("ended", message=made["reply"])
    assert "of 400k" in context_of(page.told("ended")[1]["html"])


async def test_what_caching_saved_so_far(lobby: Lobby, page: Page) -> None:
    """The sum of what the records tell; where writing to the cache cost more, it is a cost."""
    made = await ask(lobby, page)
    store = lobby.office.desk.app.store
    generation = await store.find_generation(made["reply"])
    assert generation is not None
    assert generation.generation_id is not None
    await store.record_settlement(
        settled(generation.generation_id, cache_discount=0.25, native_tokens_prompt=900, native_tokens_cached=700)
    )
    text = context_of((await page.view(f"/c/{made['conversation']}"))["html"])
    assert "saved by caching $0.25 so far" in text
    assert "900 prompt, 700 of them cached" in text
    made = await ask(lobby, page)
    generation = await store.find_generation(made["reply"])
    assert generation is not None
    assert generation.generation_id is not None
    await store.record_settlement(settled(generation.generation_id, cache_discount=-0.5, native_tokens_prompt=500_000))
    text = context_of((await page.view(f"/c/{made['conversation']}"))["html"])
    assert "caching cost $0.50 so far" in text
    assert re.search(r"context 12\d % of 400k · next turn about \$0\.1\d+ · may not fit", text), text


async def test_the_choice_reaches_the_request(lobby: Lobby, page: Page) -> None:
    """From the next question on, and when a reply is asked for again; the default is no plugin at all."""
    made = await ask(lobby, page)
    conversation = made["conversation"]
    assert "plugins" not in await last_request(lobby, made["reply"])
    for choice, plugins in (("off", [{"id": PLUGIN, "enabled": False}]), ("on", [{"id": PLUGIN, "enabled": True}])):
        await page.ask("PUT", f"/c/{conversation}/compression/{choice}", 204)
        made = await ask(lobby, page, conversation=conversation)
        assert (await last_request(lobby, made["reply"]))["plugins"] == plugins
        shown = (await page.view(f"/c/{conversation}"))["html"]
        assert re.search(rf'compression/{choice}" aria-pressed="true"', shown)
    await page.ask("PUT", f"/c/{conversation}/compression/off", 204)
    again = await page.ask("POST", f"/m/{made['reply']}/regenerate", 202, changes={})
    await page.hears("ended", message=again["reply"])
    assert (await last_request(lobby, again["reply"]))["plugins"][0]["enabled"] is False
    await page.ask("PUT", f"/c/{conversation}/compression/default", 204)
    made = await ask(lobby, page, conversation=conversation)
    assert "plugins" not in await last_request(lobby, made["reply"])


async def test_a_choice_keeps_other_plugins(lobby: Lobby, page: Page) -> None:
    """Those of the conversation, and where it has none, those of the preferences, whose place it would take."""
    desk = lobby.office.desk
    await page.ask("PATCH", "/prefs", 200, parameters={"plugins": [{"id": "web"}]})
    made = await ask(lobby, page)
    await page.ask("PUT", f"/c/{made['conversation']}/compression/on", 204)
    own = (await desk.app.store.get_conversation(made["conversation"])).parameters
    assert own == {"plugins": [{"id": "web"}, {"id": PLUGIN, "enabled": True}]}


async def test_a_model_of_the_conversation_gives_way_to_a_chosen_one(lobby: Lobby, page: Page) -> None:
    """Its other parameters stay."""
    made = await ask(lobby, page)
    own = {"model": "sandbox/other", "seed": 7}
    await lobby.office.desk.app.store.record_parameters(made["conversation"], own)
    made = await ask(lobby, page, conversation=made["conversation"])
    request = await last_request(lobby, made["reply"])
    assert (request["model"], request["seed"]) == (MODEL, 7)


async def test_choices_that_cannot_be(lobby: Lobby, page: Page) -> None:
    """Another word, another conversation, and one that goes meanwhile."""
    made = await ask(lobby, page)
    assert (await page.try_raw("PUT", f"/c/{made['conversation']}/compression/maybe")).status == 400
    assert (await page.refused("PUT", "/c/none/compression/on", 404))["kind"] == "not_found"


async def test_a_conversation_that_went_meanwhile(lobby: Lobby, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is recorded of it, and that is told."""
    made = await ask(lobby, page)

    async def none_there(*_: Any) -> bool:
        return False

    monkeypatch.setattr(lobby.office.desk.app.store, "record_parameters", none_there)
    assert (await page.refused("PUT", f"/c/{made['conversation']}/compression/on", 404))["kind"] == "not_found"
