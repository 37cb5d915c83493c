"""Write the table of docs/preferences.md from the code; with --check, only tell whether it is current."""

import sys
from pathlib import Path

from chit.core.preferences import PREFERENCES
from chit.prefs import UserPrefs

DOCUMENT = Path(__file__).parent.parent / "docs" / "preferences.md"
BEGIN, END = "<!-- written by scripts/preferences_table.py -->\n", "<!-- end -->\n"


def write_table() -> str:
    """One line for each preference, in the order of `chit prefs list`."""
    rows = ["| Preference | Takes | Default | Variable | Decides |", "|---|---|---|---|---|"]
    defaults = UserPrefs(home=Path("/"))
    for each in PREFERENCES:
        default = getattr(defaults, each.name)
        shown = f"`{default}`" if default else "empty"
        rows.append(f"| `{each.name}` | {each.takes} | {shown} | `{each.variable}` | {each.about} |")
    return "".join(f"{row}\n" for row in rows)


def main() -> int:
    """0 if the document is current, or is now."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    current = before + BEGIN + write_table() + END + rest.split(END)[1]
    if text == current:
        return 0
    if "--check" in sys.argv:
        sys.stderr.write("docs/preferences.md is not current: run .venv/bin/python scripts/preferences_table.py\n")
        return 1
    DOCUMENT.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
