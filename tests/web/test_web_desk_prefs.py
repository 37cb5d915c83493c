"""Changing preferences through a page."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.canaries import PERSONS_KEY
from tests.web.office import Office, Setting, opened

from chit.notices import PrefsChanged
from chit.sandbox.server import Sandbox


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    """A home without preferences, and an upstream."""
    async with Sandbox(pace=0) as upstream:
        yield Setting(home=tmp_path / "home", upstream=upstream)


@pytest.fixture
async def office(setting: Setting) -> AsyncIterator[Office]:
    """It is open."""
    async with opened(setting) as office:
        yield office


def read(office: Office) -> dict[str, Any]:
    """What the file says."""
    return tomllib.loads((office.setting.home / "prefs.toml").read_text())


async def test_preferences_are_changed(office: Office) -> None:
    """They are in the file, hold from now on, and are answered; null and nothing go back to the default."""
    browser = await office.sign_in()
    changes: dict[str, Any] = {
        "theme": "dark",
        "model": "a/b, c/d",
        "low_balance": "7.50",
        "auto_lock_minutes": 0,
        "parameters": {"temperature": 0.2},
    }
    done = await browser.ask("PATCH", "/prefs", **changes)
    assert (done.status, done.json()) == (200, {"prefs": changes, "note": None})
    assert read(office) == {**changes, "low_balance": 7.5}
    assert office.desk.defaults == {"models": ["a/b", "c/d"], "temperature": 0.2}
    assert office.notices == [PrefsChanged()]
    done = await browser.ask("PATCH", "/prefs", model=None, parameters={}, theme=None, low_balance=2.25)
    assert done.json()["prefs"]["low_balance"] == "2.25"
    assert (office.desk.defaults, office.desk.prefs.theme) == ({}, "system")
    done = await browser.ask("PATCH", "/prefs", model="")
    assert done.json()["prefs"]["model"] is None


async def test_the_sandbox_has_no_defaults(office: Office) -> None:
    """A model that the person prefers is not one of the sandbox's."""
    browser = await office.sign_in()
    await browser.ask("PATCH", "/prefs", model="a/b")
    await office.desk.enter_sandbox()
    assert office.desk.defaults == {}


async def test_what_the_environment_decides_is_told(setting: Setting) -> None:
    """The file is changed, and the answer says that the variable wins."""
    setting.variables["CHIT_THEME"] = "light"
    async with opened(setting) as office:
        browser = await office.sign_in()
        done = await browser.ask("PATCH", "/prefs", theme="dark")
        assert "the environment of this server says otherwise" in done.json()["note"]
        assert (done.json()["prefs"]["theme"], read(office)["theme"]) == ("light", "dark")


@pytest.mark.parametrize(
    "wrong",
    [
        {"theme": "pink"},
        {"auto_lock_minutes": -1},
        {"low_balance": "much"},
        {"parameters": {"stream": True}},
        {"parameters": {"api_key": "x"}},
        {"model": PERSONS_KEY},
        {PERSONS_KEY: "x"},
        {"base_url": "https://evil.example"},
        {"app_name": "x"},
    ],
    ids=["theme", "minutes", "dollars", "parameter", "secret", "key", "key as name", "base url", "other"],
)
async def test_one_wrong_value_leaves_all_as_they_are(office: Office, wrong: dict[str, Any]) -> None:
    """400 with the reason, which repeats no secret; where the key goes is not for a page to decide."""
    browser = await office.sign_in()
    refused = await browser.ask("PATCH", "/prefs", **{"theme": "dark", **wrong})
    assert (refused.status, refused.json()["error"]["kind"]) == (400, "input_invalid")
    assert not (office.setting.home / "prefs.toml").exists()
    assert office.notices == []
