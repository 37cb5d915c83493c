"""`chit doctor` as a whole: healthy, at a terminal, and fit to be pasted in public."""

import re
import socket
from pathlib import Path

import pytest
from tests.cli.conftest import PASSPHRASE, HandOver, seal
from tests.cli.doctoring import ask, bad, findings, texts
from tests.cli.person import KEY, Person
from tests.vault.doubles import make_entry

from chit.cli import reach
from chit.cli.examination import run_checks
from chit.cli.findings import Finding
from chit.sandbox.account import MANAGEMENT_KEY, Key
from chit.store.schema import STEPS

TOPICS = [
    "versions",
    "preferences",
    "home",
    "database",
    "settlement",
    "backups",
    "key",
    "vault",
    "base_url",
    "connection",
    "balance",
    "proxies",
    "not_protected",
]


# --- healthy ---------------------------------------------------------------------------------------------------------


def test_all_is_well(person: Person) -> None:
    """Every topic is told in its order, the code is 0, and the last line says so."""
    ask(person)
    outcome = person.call("doctor", "--json")
    assert (outcome.code, outcome.err, outcome.record["ok"]) == (0, "", True)
    told = [each["topic"] for each in outcome.record["findings"]]
    assert list(dict.fromkeys(told)) == TOPICS
    assert set(outcome.record["findings"][0]) == {"topic", "verdict", "text", "hint", "exit_code"}
    assert re.search(
        r"Chit .* · Python 3\..* · SQLite 3\..* \(apsw .*\) · aiohttp \d.* · orjson \d", texts(outcome, "versions")
    )
    assert "yours alone, writable, " in texts(outcome, "home")
    counts = "conversations 1, messages 2, generations 1, of which listed “may have been billed” 0"
    assert texts(outcome, "database") == f"[ok] schema {len(STEPS)}, whole: {counts} "
    assert texts(outcome, "key") == (
        "[ok] in the environment variable OPENROUTER_API_KEY, ordinary, accepted, without a limit of its own "
    )
    assert "[ok] http://127.0.0.1:" in texts(outcome, "base_url")
    connection = texts(outcome, "connection")
    assert re.search(r"unencrypted, but on this machine only; answered in (under 0\.01|\d+\.\d\d) s", connection)
    assert "answered in 0.00" not in connection
    assert re.search(r"\[ok\] this computer's clock is right to within [1-9]\d* s", connection)
    assert len(findings(outcome, "not_protected")) == 1
    for point in (
        "run as you or as root", "swap, hibernation", "memory after a lock", "weak passphrase on a stolen vault",
        "older vault file put back", "history is plain SQLite", "docs/keys.md",
    ):  # fmt: skip
        assert point in texts(outcome, "not_protected")
    shown = person.call("doctor")
    assert shown.code == 0
    assert shown.out.endswith("\n\neverything works\n")
    assert shown.out.startswith("✓ ok    versions       Chit ")


def test_a_home_that_is_not_there_is_not_made(stranger: Person) -> None:
    """Before the first question there is nothing to check; the missing key is the one problem, with the ways to one."""
    outcome = stranger.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (3, ["key"])
    assert "[note] … is not there yet" in re.sub(r"\S+/home", "…", texts(outcome, "home"))
    assert texts(outcome, "database") == "[note] there is no history yet "
    assert "chit login" in texts(outcome, "key")
    assert not stranger.home.exists()
    assert stranger.call("doctor").out.endswith("\n1 problem: key\n")


def test_nothing_is_changed(person: Person) -> None:
    """No file in the home folder is made, changed or removed, and nothing is settled."""
    person.upstream.settle_after = 3600
    ask(person)
    before = {path: path.read_bytes() for path in person.home.rglob("*") if path.is_file()}
    outcome = person.call("doctor", "--json")
    assert {path: path.read_bytes() for path in person.home.rglob("*") if path.is_file()} == before
    assert "[note] 1 pending, the oldest for " in texts(outcome, "settlement")
    assert not person.upstream.ledger.lookups


# --- every check runs ------------------------------------------------------------------------------------------------


def test_a_check_that_crashes_is_a_finding() -> None:
    """The others run, and what was in the exception is not shown."""
    fine = Finding(topic="home", verdict="ok", text="fine")

    def crash() -> list[Finding]:
        raise RuntimeError("private")

    found = run_checks([("versions", crash), ("home", lambda: [fine])])
    assert [(each.topic, each.verdict, each.exit_code) for each in found] == [("versions", "bad", 1), ("home", "ok", 0)]
    assert "private" not in found[0].text


def test_a_place_of_keys_that_crashes_is_a_finding(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault that nobody thought of costs its own topic only."""

    async def crash(store: object) -> None:
        raise RuntimeError("private")

    monkeypatch.setattr(reach, "find_status", crash)
    outcome = person.call("doctor", "--json")
    assert (outcome.code, bad(outcome)) == (1, ["vault"])
    assert "private" not in outcome.out


# --- fit for the public ----------------------------------------------------------------------------------------------


# Short names: the folder of a test is named after it, and an agent's socket has room for 103 bytes of path.
@pytest.mark.parametrize("broken", [pytest.param(False, id="ok"), pytest.param(True, id="bad")])
def test_pastable(
    person: Person, tmp_path: Path, hand_over: HandOver, monkeypatch: pytest.MonkeyPatch, broken: bool
) -> None:
    """No piece of a key, label, account id, login, home, host name, proxy's login or amount is in either form."""
    monkeypatch.setattr(socket, "gethostname", lambda: "canaryhost.lan")
    account = person.upstream.account
    account.total_credits, account.total_usage, account.user_id = 77.31, 3.17, "user_2canary0000000000000000"
    label = "sk-or-v1-0dd...115"
    account.keys[KEY] = Key(limit=55.25, usage=51.13, label=label, disabled=broken)
    folder = tmp_path / "canarylogin"
    person.home = folder / ".local" / "chit"
    person.home.mkdir(parents=True, mode=0o700)
    if not broken:
        ask(person)
    entry = make_entry(KEY, base_url=person.upstream.base_url, label="canarylabel")
    management = make_entry(MANAGEMENT_KEY, base_url=person.upstream.base_url, label="canarylabel")
    person.variables |= {"HOME": str(folder), "USER": "canarylogin", "OPENROUTER_API_KEY": ""}
    person.variables |= {"http_proxy": "http://canaryproxy:secretword@canaryhost:3128", "no_proxy": "127.0.0.1"}
    seal(person, inference=entry, management=management)
    person.call("key", "unlock", "--passphrase-fd", hand_over(PASSPHRASE))
    if broken:
        (person.home / "chit.db").write_text("nonsense" * 600)
        (person.home / "prefs.toml").write_text(
            'base_url = "https://canaryproxy:secretword@x/?token=secretword"\nx = ['
        )
        (person.home / "prefs.toml").chmod(0o644)
        person.home.chmod(0o755)
    shown, record = person.call("doctor"), person.call("doctor", "--json")
    person.call("key", "lock")
    assert shown.code == record.code == (2 if broken else 0)
    for told in (shown.out + shown.err, record.out + record.err):
        assert "~/.local/" in told, "something was there to hide"
        for canary in (
            "0ddba115", "0dd", "115\n", "a115", "af00", "sk-or-v1", label, "canary", "user_2", "secretword", "token=",
            "77.31", "74.14", "55.25", "51.13", "4.12", "3.17", str(tmp_path),
        ):  # fmt: skip
            assert canary not in told, canary
        assert make_fingerprint() not in told


def make_fingerprint() -> str:
    """Of the person's key."""
    from chit.core.secret import Secret
    from chit.vault.fingerprint import fingerprint

    return fingerprint(Secret(KEY))


# --- at a terminal ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [60, 100])
def test_at_a_terminal(stranger: Person, columns: int) -> None:
    """No line is wider than the terminal, marks come with words, and the code is that of the first problem."""
    terminal = stranger.sit_down("doctor", columns=columns)
    assert terminal.close() == 3
    plain = re.sub("\x1b\\[[0-9;]*m", "", terminal.screen)
    assert max(map(len, plain.splitlines())) <= columns
    for line in (
        "✓ ok    versions       Chit ",
        "✗ bad   key            there is no OpenRouter key",
        "\n1 problem: key\n",
    ):
        assert line in plain
    assert "\x1b[31m✗ bad" in terminal.screen
    unprotected = plain[plain.index("not protected") : plain.index("\n\n1 problem")]
    assert unprotected.count("\n") < 3 or columns < 100
    assert "chit key set --management" not in plain
    assert "unknown, since nothing was asked" in plain


def test_without_colour(stranger: Person) -> None:
    """`NO_COLOR` leaves marks and words."""
    stranger.variables["NO_COLOR"] = "1"
    terminal = stranger.sit_down("doctor", columns=80)
    assert terminal.close() == 3
    assert "\x1b" not in terminal.screen
