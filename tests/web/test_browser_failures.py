"""Failures, in place of the reply: what happened, whose it is to mend, and buttons that do it."""

from collections.abc import Sequence
from decimal import Decimal

import pytest
from tests.web.browser import Tab
from tests.web.house import House

from chit.sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAILURE = ".from-actor:last-of-type .failure"
ACTIONS = f"""[...document.querySelectorAll('{FAILURE} .actions > *')].map(
    each => each.getAttribute('href') ?? each.textContent.trim())"""
PRIVACY = "https://openrouter.ai/settings/privacy"
PREFERENCES = "https://openrouter.ai/settings/preferences"
CREDITS = "https://openrouter.ai/settings/credits"
KEYS = "https://openrouter.ai/settings/keys"
MODELS = "https://openrouter.ai/models"
STATUS = "https://status.openrouter.ai"
OWN_KEYS = "/settings/keys"
CHOOSE, AGAIN, FALLBACK = "Choose another model", "Try again", "Send with a fallback model"


async def begin(tab: Tab, model: str, question: str = "Hello?") -> None:
    """Ask that model in a new conversation."""
    await tab.screen("new")
    await tab.page.fill(".model-field .model-input", model)
    await tab.say(question)


@pytest.mark.parametrize(
    ("name", "kind", "words", "actions"),
    [
        ("data-policy", "data_policy", "meets your data policy", [PRIVACY, PREFERENCES, CHOOSE]),
        ("no-models", "no_model", "No model was named", [PREFERENCES, MODELS, CHOOSE]),
        ("free-daily", "free_quota", "free requests for today are used up", [CHOOSE, CREDITS]),
        ("moderation", "moderation", "because of violence", [CHOOSE, MODELS]),
        ("credits", "credits_exhausted", "credits are used up", [CREDITS, OWN_KEYS]),
        ("auth-user", "key_rejected", "knows no account", [OWN_KEYS, KEYS, STATUS]),
        ("key-limit-403", "key_limit", "reached its own spending limit", [KEYS, OWN_KEYS]),
    ],
)
async def test_a_refusal_says_what_to_do(
    house: House, name: str, kind: str, words: str, actions: Sequence[str]
) -> None:
    """In plain words, with a button for each way out and the raw answer behind a fold; nothing ran, so no chit."""
    async with house.visit() as tab:
        await begin(tab, f"sandbox/error-{name}")
        await tab.stands(FAILURE)
        assert await tab.ask(f"document.querySelector('{FAILURE}').dataset.kind") == kind
        assert words in await tab.text(f"{FAILURE} h3")
        assert await tab.ask(ACTIONS) == actions
        assert await tab.ask("document.querySelector('.chit-line')") is None
        await tab.go(f"{FAILURE} summary")
        await tab.until(f"document.querySelector('{FAILURE} pre').innerText.startsWith('{{')")


async def test_a_rate_limit_is_waited_out_in_sight(house: House) -> None:
    """The page says when it tries again; whoever stops that sees the refusal, with other models to go on with."""
    async with house.visit() as tab:
        await begin(tab, "sandbox/error-provider-pool")
        await tab.reads(".from-actor .status:not([hidden])", "Trying again in")
        await tab.go(".stop")
        await tab.stands(f"{FAILURE}[data-kind=rate_limited]")
        assert {AGAIN, CHOOSE, FALLBACK} <= set(await tab.ask(ACTIONS))


async def test_nobody_there(house: House, upstream: Sandbox) -> None:
    """Nothing was sent; once the network is back, the button asks again and the reply takes the failure's place."""
    port = int(upstream.base_url.split(":")[2].partition("/")[0])
    await upstream.close()
    async with house.visit() as tab:
        await begin(tab, "sandbox/echo", "Anybody?")
        await tab.reads(".from-actor .status:not([hidden])", "Trying again in")
        await tab.go(".stop")
        await tab.stands(f"{FAILURE}[data-kind=offline]")
        assert await tab.ask(ACTIONS) == [AGAIN, STATUS]
        await upstream.start(port=port)
        await tab.go(f"{FAILURE} [data-do=retry]")
        await tab.reads(".from-actor .reply", "Anybody?")
        await tab.stands(".message", 2)


async def test_a_misspelt_model(house: House, upstream: Sandbox) -> None:
    """The nearest id is one button away, and that one then answers."""
    async with house.visit() as tab:
        await begin(tab, "openai/gpt-5-minni")
        await tab.stands(f"{FAILURE}[data-kind=model_unknown]")
        assert "Use openai/gpt-5-mini" in await tab.ask(ACTIONS)
        await tab.go(f"{FAILURE} [data-do=retry]")
        await tab.stands(".from-actor[data-state=done]")
        assert upstream.ledger.generations[-1].model.startswith("openai/gpt-5-mini")


async def test_what_one_can_still_afford(house: House, upstream: Sandbox) -> None:
    """One button asks again with fewer tokens at most, and that is paid for."""
    upstream.account.total_credits = Decimal("0.01")
    async with house.visit() as tab:
        await begin(tab, "anthropic/claude-sonnet-4.5")
        await tab.stands(FAILURE)
        changes = await tab.ask(f"JSON.parse(document.querySelector('{FAILURE} [data-do=retry]').dataset.changes)")
        assert 0 < changes["max_tokens"] < 64_000
        await tab.go(f"{FAILURE} [data-do=retry]")
        await tab.stands(".from-actor[data-state=done]")
        assert upstream.ledger.requests[-1].body["max_tokens"] == changes["max_tokens"]


async def test_choosing_another_model(house: House) -> None:
    """That button leads to the model field."""
    async with house.visit() as tab:
        await begin(tab, "sandbox/error-free-daily")
        await tab.go(f"{FAILURE} [data-do=choose-model]")
        await tab.until("document.activeElement.matches('.model-field .model-input')")


async def test_an_error_in_the_middle(house: House) -> None:
    """What came stays above the failure, and the chit below says what it cost."""
    async with house.visit() as tab:
        await begin(tab, "sandbox/mid-error")
        await tab.stands(FAILURE)
        assert "begins well" in await tab.text(".from-actor .reply")
        await tab.stands(".from-actor .chit-line")
