"""How the pages behave in a browser, on a stage that only pretends to be the server."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser
from tests.web import stage_samples as samples
from tests.web.browser import Tab, opened_tab
from tests.web.stage import CODE, WANTS_PASSPHRASE, Stage, opened_stage

from chit.web import pages

pytestmark = pytest.mark.asyncio(loop_scope="module")

BOX = ".composer textarea"
MODEL = ".model-field .model-input"
READY = "document.querySelector('.balance-place').childElementCount > 0"
END = "(m => m.scrollHeight - m.scrollTop - m.clientHeight < 2)(document.getElementById('main'))"


@pytest_asyncio.fixture(loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    """The server."""
    async with opened_stage() as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="module")
async def tab(browser: Browser, stage: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Tab]:
    """A browser on the sample conversation, ready."""
    context: dict[str, Any] = getattr(request, "param", {})
    async with opened_tab(browser, f"{stage.address}/c/c1#code={CODE}", **context) as tab:
        await tab.until(READY)
        await tab.until("document.body.dataset.screen", "conversation")
        yield tab


def begin(stage: Stage) -> None:
    """A question, and a reply that has only begun."""
    question, reply = samples.question("m7", "Count."), samples.pending_answer("m8")
    stage.publish("opened", conversation="c1", after="m6", question=question, reply="m8", html=reply)


def block(at: int, selector: str = "") -> str:
    """A piece of the new reply, as an expression."""
    return f"""document.querySelector('[data-message="m8"] [data-block="{at}"] {selector}')"""


async def test_a_reply_grows_in_place(stage: Stage, tab: Tab) -> None:
    """Blocks are set, added to and cut; a selection and an element that stay right survive, and the end fits on."""
    begin(stage)
    stage.publish("blocks", message="m8", changes=[["set", 0, "<p>One</p>"], ["set", 1, "<p>Two</p>"]])
    await tab.until(f"{block(1)}?.textContent", "Two")
    await tab.ask(f"window.kept = {block(0, 'p')}; 1")
    await tab.ask("(text => getSelection().setBaseAndExtent(text, 0, text, 3))(window.kept.firstChild)")
    fence = '<div class="code"><pre><code class="tail">a</code></pre></div>'
    changes = [["set", 0, "<p>One <b>more</b></p>"], ["cut", 1], ["set", 1, fence], ["append", 1, "\nb <c>"]]
    stage.publish("blocks", message="m8", changes=changes)
    await tab.until(f"{block(1, 'code')}?.textContent", "a\nb <c>")
    assert await tab.ask(f"{block(0, 'p')} === window.kept && {block(0)}.textContent") == "One more"
    assert await tab.ask("getSelection().toString()") == "One"
    html = samples.answer("m8", "One **more**\n\n```\na\nb <c>\n```")
    stage.publish("ended", message="m8", html=html)
    await tab.until("document.querySelector('[data-message=m8]').dataset.state", "done")
    assert await tab.ask(f"{block(0, 'p')} === window.kept")
    await tab.until("document.getElementById('announcer').textContent", "Reply finished, $0.00284.")


async def test_code_is_coloured_once_it_is_no_longer_selected(stage: Stage, tab: Tab) -> None:
    """Colours do not take away what the reader marks in a block of code; they come when that is over."""
    plain, coloured = (
        f'<div class="code"><pre><code>{text}</code></pre></div>' for text in ("a", '<b class="k">a</b>')
    )
    begin(stage)
    stage.publish("blocks", message="m8", changes=[["set", 0, plain]])
    await tab.until(f"{block(0, 'code')}?.textContent", "a")
    await tab.ask(f"getSelection().selectAllChildren({block(0, 'code')})")
    stage.publish("blocks", message="m8", changes=[["set", 0, coloured], ["set", 1, "<p>next</p>"]])
    await tab.until(f"{block(1)}?.textContent", "next")
    assert await tab.ask(f"{block(0, '.k')} === null && getSelection().toString()") == "a"
    await tab.ask("getSelection().removeAllRanges()")
    await tab.until(f"{block(0, '.k')} !== null")


async def test_what_stands_around_the_page_changes(stage: Stage, tab: Tab) -> None:
    """A conversation moves in the list with its new cost, a balance and a notice are replaced."""
    item = samples.Item(id="c9", title="Brand new", cost=Decimal("0.5"))
    html = pages.render("conversation_item", item=item)
    stage.publish("conversation", id="c9", item=html, day="Today", cost="$0.50")
    stage.publish("conversation", id="c5", item=None, day="Yesterday", cost="")
    stage.publish("conversation", id="c1", item=None, day="Today", cost="$0.75")
    stage.publish("balance", html='<b class="new">$7</b>', notice=None)
    await tab.until("document.querySelector('.balance-place .new') !== null")
    titles = "[...document.querySelectorAll('.list .title')].map(each => each.textContent).join()"
    expected = "Brand new,Name for a receipt app,Explain WAL checkpoints to a beginner,Translate the terms of service"
    assert await tab.ask(titles) == f"House rules for reviews,{expected}"
    assert await tab.text(".conversation-cost") == "$0.75 in all"
    assert await tab.ask("document.querySelector('.notice').hidden")


async def test_an_input_method_may_use_enter(stage: Stage, tab: Tab) -> None:
    """Enter that ends a composition sends nothing."""
    await tab.page.fill(BOX, "かな")
    event = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})"
    assert await tab.ask(f"document.querySelector({BOX!r}).dispatchEvent({event})")
    await tab.page.press(BOX, "Enter")
    await tab.until(f"document.querySelector({BOX!r}).value", "")
    assert len(stage.bodies("POST", "/c/c1")) == 1


async def test_reasoning_status_parts_and_settling(stage: Stage, tab: Tab) -> None:
    """What is thought is folded, a status comes and goes, and a pending chit settles in place."""
    begin(stage)
    stage.publish("reasoning", message="m8", text="Hm")
    stage.publish("reasoning", message="m8", text="m.")
    stage.publish("status", message="m8", text="Trying again …")
    await tab.until("document.querySelector('[data-message=m8] .status:not([hidden])')?.textContent", "Trying again …")
    assert await tab.text("[data-message=m8] .thoughts") == "Hmm."
    assert await tab.ask("document.querySelector('[data-message=m8] .reasoning').open") is False
    stage.publish("status", message="m8", text="")
    stage.publish("part", message="m8", html='<p class="media">audio</p>')
    stage.publish("ended", message="m8", html=samples.answer("m8", "Ok", slip=samples.slip(settled=False)))
    await tab.until("document.querySelector('[data-message=m8] .pending') !== null")
    await tab.ask("document.querySelector('[data-message=m8] .chit details').open = true")
    line, receipt = (pages.render(name, slip=samples.slip()) for name in ("chit_line", "receipt"))
    stage.publish("chit", message="m8", line=line, receipt=receipt)
    await tab.until("document.querySelector('[data-message=m8] .pending') === null")
    assert await tab.ask("document.querySelector('[data-message=m8] .chit details').open")


async def test_what_is_refused_stays_written(stage: Stage, tab: Tab) -> None:
    """The reason stands over the box, and the text is still in it."""
    stage.refusals["POST", "/c/c1"] = (409, {"said": "The vault is locked. Unlock it."})
    await tab.page.fill(BOX, "hello")
    await tab.page.press(BOX, "Enter")
    await tab.until("document.querySelector('#composer-problem').hidden", False)
    assert await tab.text("#composer-problem") == "The vault is locked. Unlock it."
    assert await tab.page.input_value(BOX) == "hello"


async def test_drafts_are_kept(stage: Stage, tab: Tab) -> None:
    """Each conversation has its own, through going elsewhere and reloading."""
    await tab.page.fill(BOX, "half a thought")
    await tab.page.click("[data-conversation=c2] a")
    await tab.until(f"document.querySelector({BOX!r}).value", "")
    await tab.page.click("[data-conversation=c1] a")
    await tab.until(f"document.querySelector({BOX!r}).value", "half a thought")
    await tab.page.reload()
    await tab.until(f"document.querySelector({BOX!r}).value", "half a thought")


async def test_older_messages_keep_the_place(browser: Browser, stage: Stage) -> None:
    """Scrolling up brings them, without moving what is read."""
    stage.older = 1
    async with opened_tab(browser, f"{stage.address}/c/c1#code={CODE}") as tab:
        await tab.until(READY)
        top = "document.querySelector('[data-message=m1]').getBoundingClientRect().top"
        await tab.ask("document.getElementById('main').scrollTop = 40")
        await tab.until("document.querySelector('[data-message=o0]') !== null")
        assert -60 < await tab.ask(top) < 400


async def test_the_model_field_by_keyboard(stage: Stage, tab: Tab) -> None:
    """Arrows choose, Escape closes, a comma makes a chip, Backspace takes it back; anything may be written."""
    await tab.page.fill(MODEL, "opus")
    await tab.page.press(MODEL, "ArrowDown")
    await tab.until("document.querySelectorAll('.model-field [role=option]').length", 1)
    assert await tab.page.get_attribute(MODEL, "aria-expanded") == "true"
    await tab.page.press(MODEL, "ArrowDown")
    active = await tab.page.get_attribute(MODEL, "aria-activedescendant")
    assert await tab.ask(f"document.getElementById({active!r}).getAttribute('aria-selected')") == "true"
    await tab.page.press(MODEL, "Enter")
    assert await tab.page.input_value(MODEL) == "anthropic/claude-opus-4.5"
    await tab.page.press(MODEL, "End")
    await tab.page.keyboard.type(",my/own:free")
    await tab.until("document.querySelectorAll('.model-field .chip').length", 1)
    await tab.page.press(MODEL, "Escape")
    await tab.page.fill(BOX, "hello")
    await tab.page.press(BOX, "Enter")
    await tab.until(f"document.querySelector({BOX!r}).value", "")
    assert stage.bodies("POST", "/c/c1")[0]["model"] == "anthropic/claude-opus-4.5,my/own:free"
    await tab.page.fill(MODEL, "")
    await tab.page.press(MODEL, "Backspace")
    assert await tab.page.input_value(MODEL) == "anthropic/claude-opus-4.5"


async def test_the_theme_is_there_before_the_page(stage: Stage, tab: Tab) -> None:
    """A change in the settings shows at once, reaches the server, and stands before the next page is drawn."""
    await tab.page.click(".below a")
    await tab.until("document.body.dataset.screen", "settings")
    await tab.page.check("input[value=dark]")
    await tab.until("document.documentElement.dataset.theme", "dark")
    await tab.until("getComputedStyle(document.documentElement).backgroundColor", "rgb(23, 22, 20)")
    assert stage.bodies("PATCH", "/prefs") == [{"theme": "dark"}]
    await tab.page.goto(f"{stage.address}/settings", wait_until="commit")
    await tab.until("document.documentElement.dataset.theme", "dark")


async def test_a_broken_stream_goes_on(stage: Stage, tab: Tab) -> None:
    """After a break nothing is missing and nothing comes twice; while it lasts, the page says so."""
    begin(stage)
    stage.publish("reasoning", message="m8", text="a")
    await tab.until("document.querySelector('[data-message=m8] .thoughts')?.textContent", "a")
    stage.accepts = False
    stage.break_streams()
    stage.publish("reasoning", message="m8", text="b")
    await tab.until("document.querySelector('.connection').hidden", False)
    stage.accepts = True
    await tab.until("document.querySelector('[data-message=m8] .thoughts').textContent", "ab")
    await tab.until("document.querySelector('.connection').hidden")


async def test_a_new_server_is_read_anew(stage: Stage, tab: Tab) -> None:
    """After a restart the view is fetched again and followed from there; what is being written stays."""
    await tab.page.fill(BOX, "unsent")
    await tab.ask("document.querySelector('[data-message=m2] .chit details').open = true")
    stage.epoch, stage.seq, stage.ring = "second", 0, []
    stage.extra = [samples.question("m7", "Count."), samples.pending_answer("m8")]
    stage.break_streams()
    await tab.until("document.querySelector('[data-message=m8]') !== null")
    stage.publish("reasoning", message="m8", text="after")
    await tab.until("document.querySelector('[data-message=m8] .thoughts').textContent", "after")
    assert await tab.page.input_value(BOX) == "unsent"
    assert await tab.ask("document.querySelector('[data-message=m2] .chit details').open")


async def test_a_sign_in_may_ask_for_the_passphrase_late(browser: Browser, stage: Stage) -> None:
    """Without one it is finished by itself; where the vault has locked meanwhile, the form comes with the same code."""
    stage.refusals["POST", "/sign-in/random"] = (WANTS_PASSPHRASE, {"said": "The vault is locked."})
    async with opened_tab(browser, f"{stage.address}/#code={CODE}") as tab:
        await tab.until("document.body.dataset.screen", "new")
        await tab.page.goto(f"{stage.address}/sign-in/random?code=from-openrouter")
        await tab.until("document.querySelectorAll('[name=passphrase]').length", 1)
        stage.refusals.clear()
        await tab.page.fill("[name=passphrase]", "correct horse")
        await tab.page.click("form button")
        await tab.until("document.body.dataset.screen", "new")
        assert stage.bodies("POST", "/sign-in/random")[-1]["code"] == "from-openrouter"


async def test_a_form_leads_to_a_screen(stage: Stage, tab: Tab) -> None:
    """What is filled in becomes the query of its address, what is empty is left out; the page stays."""
    form = """<form data-go action="/settings/data"><input name="q" value="a & b"><input name="empty"></form>"""
    script = "html => import('/static/fragments.js').then(({ parse }) => document.body.append(parse(html)))"
    await tab.page.evaluate(script, form)
    await tab.ask("window.kept = 1")
    await tab.ask("document.querySelector('[data-go]').requestSubmit()")
    await tab.until("document.body.dataset.screen", "settings")
    assert await tab.ask("location.pathname + location.search") == "/settings/data?q=a+%26+b"
    await tab.ask("document.querySelector('[data-go] input').value = ''")
    await tab.ask("document.querySelector('[data-go]').requestSubmit()")
    await tab.until("location.search", "")
    assert await tab.ask("window.kept") == 1


async def test_a_file_is_saved(stage: Stage, tab: Tab) -> None:
    """A button fetches what needs the token and hands it over as a download; what cannot be had is told."""
    button = '<button data-do="download" data-path="/export" data-name="chit.json">Save</button>'
    script = "html => import('/static/fragments.js').then(({ parse }) => document.body.append(parse(html)))"
    await tab.page.evaluate(script, button)
    async with tab.page.expect_download() as saving:
        await tab.ask("document.querySelector('[data-name=\"chit.json\"]').click()")
    saved = await saving.value
    assert saved.suggested_filename == "chit.json"
    assert json.loads((await saved.path()).read_text()) == {"text": samples.ANSWER}
    stage.refusals["GET", "/export"] = (507, {"said": "The disk is full."})
    await tab.ask("document.querySelector('[data-name=\"chit.json\"]').click()")
    await tab.reads(".toast:not([hidden])", "The disk is full.")
