"""Failures, in place of the reply: what happened, whose it is to mend, and buttons that do it."""

from decimal import Decimal

import pytest
from tests.web.browser import Tab
from tests.web.house import House

from chit.sandbox.account import SANDBOX_KEY, Key
from chit.sandbox.server import Sandbox

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAILURE = ".from-actor:last-of-type .failure"
ACTIONS = f"[...document.querySelectorAll('{FAILURE} .actions > *')].map(each => each.href ?? each.textContent.trim())"
PRIVACY = "https://openrouter.ai/settings/privacy"
PREFERENCES = "https://openrouter.ai/settings/preferences"
CREDITS = "https://openrouter.ai/settings/credits"
STATUS = "https://status.openrouter.ai/"
CHOOSE, AGAIN = "Choose another model", "Try again"


async def fail(tab: Tab, model: str) -> None:
    """Ask that model in a new conversation, and wait for the failure."""
    await tab.screen("new")
    await tab.page.fill(".model-field .model-input", model)
    await tab.say("Hello?")
    await tab.stands(FAILURE)


@pytest.mark.parametrize(
    ("name", "kind", "words", "actions"),
    [
        ("data-policy", "data_policy", "meets your data policy", [PRIVACY, PREFERENCES, CHOOSE]),
        ("no-models", "no_model", "No model was named", [PREFERENCES, "https://openrouter.ai/models", CHOOSE]),
        ("free-daily", "free_quota", "free requests for today are used up", [CREDITS]),
        ("overloaded-503", None, "", []),
        ("provider-pool", None, "", []),
        ("moderation", None, "", []),
        ("credits", None, "", []),
        ("html-502", None, "", []),
        ("auth-user", None, "", []),
        ("key-limit-403", None, "", []),
    ],
)
async def test_a_failure_says_what_to_do(
    house: House, name: str, kind: str, words: str, actions: list[str]
) -> None:
    """In plain words, with a button for each way out; no chit is shown for what never ran."""
    async with house.visit() as tab:
        await fail(tab, f"sandbox/error-{name}")
        print(name, await tab.ask(f"document.querySelector('{FAILURE}').dataset.kind"), "|", await tab.text(f"{FAILURE} h3"), "|", await tab.ask(ACTIONS))
        await tab.stands(".from-actor .chit-line", 0)
