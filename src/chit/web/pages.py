"""The templates, and the one place where text counts as markup.

Whatever a template is given is escaped, unless it is markup already: what `render` made, or what went through `trust`.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from chit import about
from chit.core.amendment import is_edited
from chit.core.imported import find_imported_model, is_imported
from chit.core.jsontext import encode_json
from chit.core.receipt_words import differs, find_doubt
from chit.web.figures import FILTERS
from chit.web.pieces import attached, citations, is_web_address, tool_calls

FOLDER = Path(__file__).parent / "templates"


def render(name: str, **variables: Any) -> Markup:
    """The template of that name, without its ending. Raises `jinja2.UndefinedError` for a variable it misses."""
    return Markup(_ENVIRONMENT.get_template(f"{name}.html").render(**variables))  # noqa: S704 - autoescape made it


def trust(html: str) -> Markup:
    """Only for blocks that `chit.render` wrote: they are clean."""
    return Markup(html)  # noqa: S704 - the one place, for cleaned html


def _write_json(value: Any) -> str:
    """For a data attribute; escaped like any text."""
    return encode_json(value).decode()


def _make_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {**FILTERS, "json": _write_json}
    environment.tests["web_address"] = is_web_address
    environment.globals |= {
        "about": about,
        "attached": attached,
        "citations": citations,
        "differs": differs,
        "doubt": find_doubt,
        "imported_model": find_imported_model,
        "is_edited": is_edited,
        "is_imported": is_imported,
        "tool_calls": tool_calls,
    }
    return environment


_ENVIRONMENT = _make_environment()
