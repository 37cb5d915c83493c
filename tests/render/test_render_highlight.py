"""Colours in code: exact text, a fixed set of classes, readable in both themes, and never at any price."""

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.page import inspect

from chit.render.highlight import _LANGUAGES, LONGEST, LONGEST_LINE, highlight
from chit.render.markdown import render_all
from chit.render.palette import BACKGROUNDS, COLOURED, PALETTE, highlight_css

PYTHON = 'def compute(value: int) -> str:\n    """Say it."""\n    return f"{value}\\n"  # done\n'


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * channel for weight, channel in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, as WCAG 2 defines it."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_keywords_names_and_strings_have_classes() -> None:
    """Python comes out in Pygments' short names."""
    html = highlight(PYTHON, "python") or ""
    assert '<span class="k">def </span><span class="nf">compute</span>' in html
    assert set(re.findall(r'class="([^"]*)"', html)) <= COLOURED


@pytest.mark.parametrize("language", sorted(_LANGUAGES))
def test_every_language_of_the_list_keeps_the_text(language: str) -> None:
    """Each has a lexer, and not one character is lost or added."""
    for code in (PYTHON, "\ufeffa\r\n\tb  \n\n<x y='1'>&amp;</x>\n", ""):
        html = highlight(code, language)
        assert html is not None
        assert inspect(html).text == code


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["python", "html", "bash", "json", "markdown"]))
def test_any_code_keeps_its_text(code: str, language: str) -> None:
    """Broken code is text too."""
    shown = inspect(highlight(code, language) or "")
    assert (shown.text, shown.faults) == (code, [])


@pytest.mark.parametrize(
    ("code", "language"),
    [("x", "klingon"), ("x", ""), ("x\n" * LONGEST, "python"), ("x" * (LONGEST_LINE + 1), "python")],
)
def test_some_code_stays_plain(code: str, language: str) -> None:
    """Unknown languages, long blocks and long lines."""
    assert highlight(code, language) is None


def test_one_reply_colours_only_so_much() -> None:
    """Beyond its allowance, further blocks of a reply stay plain."""
    fence = "```python\n" + "x = 1 # a\n" * 4000 + "```\n\n"
    assert ['<span class="c">' in html for html in render_all(fence * 6)] == [True] * 5 + [False]


def test_a_lexer_that_loses_text_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that would come out shorter than it is stays plain; so does a language that Pygments no longer knows."""

    class Lossy:
        def get_tokens_unprocessed(self, code: str) -> list[tuple[int, None, str]]:
            return [(0, None, code[1:])]

    monkeypatch.setattr("chit.render.highlight._find_lexer", lambda language: Lossy)
    assert highlight("abc", "python") is None
    monkeypatch.setattr("chit.render.highlight._find_lexer", lambda language: None)
    assert highlight("abc", "python") is None
    assert "abc" in render_all("```python\nabc\n```")[0]


def test_what_is_on_no_list_has_no_lexer() -> None:
    """A name that Pygments does not know finds nothing, plug-ins included."""
    from chit.render.highlight import _find_lexer

    assert _find_lexer("klingon") is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_can_be_read(theme: str) -> None:
    """Each reaches 4.5 : 1 on the background of code."""
    place = 1 if theme == "light" else 2
    weak = {name: contrast(colours[place], BACKGROUNDS[theme]) for name, colours in PALETTE.items()}
    assert {name: ratio for name, ratio in weak.items() if ratio < 4.5} == {}


def test_the_style_sheet_has_a_rule_for_each_class() -> None:
    """And every variable that a rule names is set for both themes, by the system and by choice."""
    css = highlight_css()
    for name, (variable, light, dark) in PALETTE.items():
        assert f".code .{name} {{ color: var(--code-{variable}); }}" in css
        assert (css.count(f"--code-{variable}: {light};"), css.count(f"--code-{variable}: {dark};")) >= (1, 2)


def test_slow_libraries_are_loaded_when_they_are_needed() -> None:
    """Pygments waits for a closed fence in a language it colours, latex2mathml for a formula."""
    script = (
        "import sys\n"
        "from chit.render.markdown import render_all\n"
        "loaded = lambda: [name for name in ('pygments', 'latex2mathml') if name in sys.modules]\n"
        "render_all('# a\\n\\n```python\\nx = 1')\n"
        "print(loaded())\n"
        "render_all('```python\\nx = 1\\n```')\n"
        "print(loaded())\n"
        "render_all('$x$')\n"
        "print(loaded())\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["[]", "['pygments']", "['pygments', 'latex2mathml']"]
