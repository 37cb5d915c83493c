"""The files that pages are made of: small, free of what the policy forbids, and in step with the templates."""

import re
from pathlib import Path

import pytest

from chit.render.palette import highlight_css
from chit.web.pages import FOLDER as TEMPLATES
from chit.web.static_files import FOLDER as STATIC

SCRIPTS = sorted(STATIC.rglob("*.js"))
MOST_BYTES = 60_000
MOST_LINES = 300
SINKS = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function",
    "srcdoc",
    "DOMParser",
)
FRAME = "requestAnimationFrame"


def read(path: Path) -> str:
    """Its text."""
    return path.read_text(encoding="utf-8")


def all_markup() -> str:
    """The shell and every template."""
    return "\n".join(read(path) for path in [STATIC / "index.html", *sorted(TEMPLATES.glob("*.html"))])


def test_scripts_are_small() -> None:
    """All scripts together have at most 60 KB, and each reads in one sitting."""
    assert sum(path.stat().st_size for path in SCRIPTS) <= MOST_BYTES
    assert {path.name: lines for path in SCRIPTS if (lines := len(read(path).splitlines())) > MOST_LINES} == {}


def test_markup_is_made_in_one_place() -> None:
    """Only fragments.js turns text into markup, and nothing turns text into code."""
    found = {path.name: [sink for sink in SINKS if sink in read(path)] for path in SCRIPTS}
    assert {name: sinks for name, sinks in found.items() if sinks} == {"fragments.js": ["innerHTML"]}


def test_state_does_not_hang_on_frames() -> None:
    """Hidden tabs draw no frames, so that nothing may wait for one."""
    assert [path.name for path in SCRIPTS if FRAME in read(path)] == []


def test_scripts_import_what_is_there() -> None:
    """Every import names a file of ours and something that it exports."""
    for path in SCRIPTS:
        for names, target in re.findall(r'import (?:\{([^}]*)\}|\* as \w+) from "(?:\./)?([^"]+)"', read(path)):
            source = read(STATIC / target)
            for name in filter(None, (name.strip() for name in names.split(","))):
                assert re.search(rf"export (?:async )?(?:function|class|const|let) {name}\b", source), (path.name, name)


def test_the_stylesheet_loads_nothing() -> None:
    """No address and no import stands in it."""
    css = read(STATIC / "chit.css")
    assert "url(" not in css
    assert "@import" not in css


def test_code_has_the_colours_of_its_palette() -> None:
    """The stylesheet ends with what chit.render.palette writes: `python -c` of `highlight_css()` makes it anew."""
    assert read(STATIC / "chit.css").endswith(highlight_css())


def theme_colours(opening: str) -> dict[str, str]:
    """The colours that follow `opening` in the stylesheet, by name."""
    rule = read(STATIC / "chit.css").partition(opening)[2].partition("}")[0]
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", rule))


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("opening", [":root {", ':root[data-theme="dark"] {'])
@pytest.mark.parametrize(
    ("ink", "papers"),
    [
        ("ink", "paper sheet sunk tint bad-bg"),
        ("soft", "paper sheet sunk bad-bg"),
        ("accent", "paper sheet"),
        ("on-accent", "accent"),
        ("warn", "paper sheet sunk warn-bg"),
        ("bad", "bad-bg"),
    ],
)
def test_text_can_be_read(opening: str, ink: str, papers: str) -> None:
    """Every colour of text has a contrast of 4.5 : 1 on everything it stands on, in both themes."""
    colours = theme_colours(opening)
    for paper in papers.split():
        light, dark = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (ink, paper)


def test_both_ways_to_the_dark_are_the_same() -> None:
    """The computer's wish and the person's lead to the same colours."""
    dark = theme_colours(':root[data-theme="dark"] {')
    assert len(dark) > 10
    assert dark == theme_colours(':root:not([data-theme="light"]) {')


def test_every_button_does_something() -> None:
    """Each word in a `data-do` has its function, and each function its word; files are not offered everywhere."""
    scripts = "\n".join(read(path) for path in SCRIPTS)
    tables = "\n".join(re.findall(r"^(?:const DOES = |does\()\{$(.*?)^\}", scripts, flags=re.MULTILINE | re.DOTALL))
    known = set(re.findall(r'^  (?:async )?"?([a-z-]+)"?(?:: |\(|,$)', tables, flags=re.MULTILINE))
    assert set(re.findall(r'data-do="([a-z-]+)"', all_markup())) == known - {"refile"}  # a part of `edit`


def test_every_form_leads_to_a_route() -> None:
    """What a form sends, and where, is there to be asked for; without a path it is its page's own address."""
    sources = "".join(read(path) for path in TEMPLATES.parent.glob("*.py"))
    known = {
        (method, re.sub(r"\{.*?\}", "*", path))
        for method, path in re.findall(r'Route\(method="([A-Z]+)", path="([^"]+)"', sources)
    }
    forms = re.findall(r"<form [^>]*data-form=[^>]*>", all_markup())
    assert len(forms) >= 7
    for form in forms:
        method, path = (re.search(rf'data-{name}="([^"]*)"', form) for name in ("method", "path"))
        asked = re.sub(r"\{\{.*?\}\}", "*", path[1]) if path else "/sign-in"
        assert (method[1] if method else "POST", asked) in known, form


@pytest.mark.parametrize(
    "pattern", [r"<script(?![^>]* src=)", r"\sstyle=", r"\son[a-z]+=", r"javascript:", r"\|\s*safe\b"]
)
def test_markup_holds_nothing_inline(pattern: str) -> None:
    """No inline script, style or handler, and no template that trusts text by itself."""
    assert re.findall(pattern, all_markup()) == []


def test_the_shell_loads_only_our_own() -> None:
    """Every address in it is a path of this server."""
    addresses = re.findall(r'(?:src|href)="([^"]+)"', read(STATIC / "index.html"))
    assert [address for address in addresses if not re.match(r"/(?!/)|#", address)] == []
