"""Everything that `chit doctor` looks at, in its order; each check runs whatever became of the others."""

import asyncio
import os
from collections.abc import Callable, Sequence

from chit.cli.backup_findings import examine_backups
from chit.cli.balance_findings import examine_balance
from chit.cli.connection_findings import examine_base_url, examine_connection
from chit.cli.discretion import find_discretion
from chit.cli.exits import BUG
from chit.cli.findings import Finding, Topic
from chit.cli.history_findings import examine_history
from chit.cli.home_findings import LoadedPrefs, examine_home, load_patiently
from chit.cli.key_findings import examine_key, examine_vault
from chit.cli.reach import Reach, reach_out
from chit.cli.surroundings import examine_proxies, examine_versions, list_unprotected
from chit.cli.unlocking import CommandKeys
from chit.errors import KeyUnavailable

Check = tuple[Topic, Callable[[], Sequence[Finding]]]


def examine() -> list[Finding]:
    """All of it, for the environment of this process. Nobody is asked and nothing is changed."""
    discretion = find_discretion(os.environ)
    loaded = load_patiently(os.environ)
    hide, prefs = discretion.hide, loaded.prefs
    local = run_checks(
        [
            ("versions", examine_versions),
            ("preferences", lambda: loaded.findings),
            ("home", lambda: examine_home(prefs.home, hide)),
            ("database", lambda: examine_history(prefs.home, hide)),
            ("backups", lambda: examine_backups(prefs.home, hide)),
        ]
    )
    reach = _reach(loaded)
    return local + run_checks(
        [
            ("key", lambda: examine_key(reach, hide)),
            ("vault", lambda: examine_vault(reach.vault, hide)),
            ("base_url", lambda: examine_base_url(prefs.base_url, discretion)),
            ("connection", lambda: examine_connection(reach.probe, prefs.base_url, discretion)),
            ("balance", lambda: examine_balance(reach, prefs.low_balance)),
            ("proxies", lambda: examine_proxies(hide)),
            ("not_protected", list_unprotected),
        ]
    )


def _reach(loaded: LoadedPrefs) -> Reach:
    keys = CommandKeys(loaded.prefs)
    problem = None
    try:
        keys.take_given()
    except KeyUnavailable as error:
        problem = error
    return asyncio.run(reach_out(keys, problem, sends_keys=loaded.names_base_url))


def run_checks(checks: Sequence[Check]) -> list[Finding]:
    """The findings, in order; a check that fails is one."""
    findings: list[Finding] = []
    for topic, check in checks:
        try:
            findings += check()
        except Exception as error:  # whatever it is, the others are still worth knowing
            text = f"it could not be looked at: {type(error).__name__}"
            hint = "This is a bug in Chit, sorry."
            findings.append(Finding(topic=topic, verdict="bad", text=text, hint=hint, exit_code=BUG))
    return findings
