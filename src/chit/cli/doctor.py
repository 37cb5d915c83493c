"""`chit doctor`: whether everything works, and what to do where it does not."""

import click

from chit.cli.options import as_json


@click.command(
    epilog="""\b
Examples:
  chit doctor
  chit doctor --json
""",
)
@as_json
def doctor(as_json: bool) -> int:
    """Check keys, history, connection and balance.

    Nothing is changed or asked, and the output can be pasted in public. The exit code is 0 if nothing is bad.
    """
    from chit.cli.examination import examine
    from chit.cli.report import show_report

    return show_report(examine(), as_json=as_json)
