"""The findings of `chit doctor` as lines: marks and words, so that no colour is needed."""

import sys
from collections.abc import Sequence

from chit.cli.columns import find_columns, wrap
from chit.cli.exits import DONE
from chit.cli.findings import Finding, Topic, Verdict, find_exit_code
from chit.cli.terminal import neutralise, paint, write_json, write_out

_MARKS: dict[Verdict, str] = {"ok": "✓ ok", "note": "· note", "warn": "! warn", "bad": "✗ bad"}
_STYLES: dict[Verdict, str] = {"note": "dim", "warn": "warn", "bad": "bad"}
_NAMES: dict[Topic, str] = {"home": "home folder", "base_url": "base URL", "not_protected": "not protected"}
_MARK_WIDTH = 8
_NAME_WIDTH = 15


def show_report(findings: Sequence[Finding], *, as_json: bool) -> int:
    """Print it; the exit code is that of the first bad finding, else 0."""
    code = find_exit_code(findings)
    if as_json:
        write_json({"ok": code == DONE, "findings": [each.as_dict() for each in findings]})
    else:
        write_out(write_report(findings))
    return code


def write_report(findings: Sequence[Finding]) -> str:
    """A line for each, wrapped for a terminal, and one that sums them up."""
    columns = find_columns()
    lines: list[str] = []
    before: Topic | None = None
    for each in findings:
        lines += _lines(each, columns, is_first=each.topic != before)
        before = each.topic
    return "\n".join([*lines, "", summarise(findings), ""])


def summarise(findings: Sequence[Finding]) -> str:
    """`everything works`, or how many problems there are, and where."""
    topics = {verdict: [name_of(each.topic) for each in findings if each.verdict == verdict] for verdict in _MARKS}
    warnings = f"{_count(topics['warn'], 'warning')}: {_list(topics['warn'])}" if topics["warn"] else ""
    if topics["bad"]:
        problems = f"{_count(topics['bad'], 'problem')}: {_list(topics['bad'])}"
        return f"{problems}; {warnings}" if warnings else problems
    return f"everything works; {warnings}" if warnings else "everything works"


def name_of(topic: Topic) -> str:
    """As it stands on the screen."""
    return _NAMES.get(topic, topic)


def _lines(finding: Finding, columns: int | None, *, is_first: bool) -> list[str]:
    margin = " " * (_MARK_WIDTH + _NAME_WIDTH)
    mark = f"{_MARKS[finding.verdict]:<{_MARK_WIDTH}}"
    if style := _STYLES.get(finding.verdict):
        mark = paint(mark, style, sys.stdout)
    name = name_of(finding.topic) if is_first else ""
    first, *rest = _wrap(neutralise(finding.text), columns)
    lines = [f"{mark}{name:<{_NAME_WIDTH}}{first}", *(f"{margin}{line}" for line in rest)]
    if finding.hint:
        begin, *more = _wrap(neutralise(finding.hint), columns)
        lines += [f"{margin}→ {begin}", *(f"{margin}  {line}" for line in more)]
    return [line.rstrip() for line in lines]


def _wrap(text: str, columns: int | None) -> list[str]:
    """Two columns are kept free, for the margin under an arrow."""
    return wrap(text, None if columns is None else columns - _MARK_WIDTH - _NAME_WIDTH - 2)


def _count(topics: Sequence[str], what: str) -> str:
    return f"{len(topics)} {what}{'' if len(topics) == 1 else 's'}"


def _list(topics: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(topics))
