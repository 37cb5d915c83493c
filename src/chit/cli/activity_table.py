"""The work of `chit activity`: what the account spent, as OpenRouter tells it."""

from chit.cli.bars import Bar, write_bars
from chit.cli.cells import find_width
from chit.cli.costs_table import Form
from chit.cli.keys_work import ask_as_manager
from chit.cli.terminal import write_json, write_out
from chit.cli.unlocking import CommandKeys
from chit.core.activity import Activity, By, activity_record, add_activity, sum_activity
from chit.core.csv_text import Cell, write_csv
from chit.core.spending_table import name_it
from chit.core.usage import from_pico, read_cost, show_cost
from chit.openrouter.account import fetch_activity

_COLUMNS = tuple(activity_record(Activity(name="")))[1:]


def show_activity(keys: CommandKeys, by: By, *, form: Form) -> None:
    """Print it. Raises `KeyUnavailable`, `UpstreamError`."""
    records = ask_as_manager(keys, lambda client: fetch_activity(client, lambda: keys.use("management")))
    rows = sum_activity(records, by)
    match form:
        case "json":
            items = [activity_record(each) for each in rows]
            write_json({"by": by, "total": activity_record(add_activity(rows)), "items": items})
        case "csv":
            write_out(write_csv([[by, *_COLUMNS], *map(_list_cells, rows)]))
        case _:
            write_out(_write(rows, find_width()))


def _list_cells(row: Activity) -> list[Cell]:
    record = activity_record(row)
    money = {name: read_cost(record[name]) for name in ("usage", "byok_usage")}
    return [*(record | money).values()]


def _write(rows: list[Activity], width: int | None) -> str:
    if not rows:
        return "OpenRouter knows of nothing in the last 30 days that are over.\n"
    bars = [
        Bar(
            name=name_it(each.name),
            amount=each.usage_pico,
            figure=show_cost(each.usage),
            note=_count(each.requests),
        )
        for each in rows
    ]
    total = add_activity(rows)
    lines = [f"{show_cost(total.usage)} in 30 days of UTC, {_count(total.requests)}"]
    if total.byok_pico:
        lines.append(f"  {show_cost(from_pico(total.byok_pico))} with provider keys, which the provider bills")
    return "\n".join([write_bars(bars, width), *lines, ""])


def _count(requests: int) -> str:
    return f"{requests:,} request{'' if requests == 1 else 's'}"
