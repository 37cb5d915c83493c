"""Formulas: where they are found, what they become, and what is shown as it was written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.page import faults_in, inspect
from tests.render.xss_corpus import FORMULAS

from chit.render.markdown import render_all
from chit.render.maths import LONGEST, convert_formula, is_worth_trying, render_formula


def render(text: str) -> str:
    """All blocks, one after another."""
    return "\n".join(render_all(text))


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("$x$", 1),
        ("a $x_1$, $y$-axis and ($z$).", 3),
        ("\\(x\\) and \\[y\\] and $$z$$", 3),
        ("$5 and $6, or $7", 0),
        ("costs $5$", 1),
        ("US$5 and A$6", 0),
        ("$HOME/$USER", 0),
        ("$ x $", 0),
        ("$a`b`$", 0),
        ("\\$x\\$ $", 0),
        ("$x\\$y$", 1),
        ("$", 0),
        ("$x", 0),
        ("$$ $$", 0),
        ("\\( \\)", 0),
        ("\\(x", 0),
        ("`$x$`", 0),
        ("[$x$](https://a.b)", 1),
        ("| $x$ |\n|---|\n| \\(y\\) |", 2),
        ("$$\nx\n$$", 1),
        ("$$x$$", 1),
        ("$$x\n+y$$.", 1),
        ("\\[\nx\n\\],", 1),
        ("a\n$$\nx\n$$\nb", 1),
        ("a\n\\[x\\]\nb", 1),
        ("- a\n  $$\n  x\n  $$\n- b", 1),
        ("- a\n  $$\n  x\n", 0),
        ("- a\n  $$\nx\n$$", 0),
        ("> $$\n> x\n> $$", 1),
        ("    $$x$$", 0),
        ("$$\nx\n\ny\n$$", 0),
        ("$$$\nx\n$$$", 0),
        ("$$x$$ is y", 1),
        ("$$", 0),
        ("$$\nx", 0),
        ("$$$$", 0),
    ],
)
def test_formulas_are_found(text: str, formulas: int) -> None:
    """Between marks that close, in lines and blocks; money, variables and code are not formulas."""
    html = render(text)
    assert html.count("<math") == formulas
    assert faults_in([html]) == []


def test_a_formula_is_mathml() -> None:
    """In a line, or in a line of its own."""
    assert render("$x^2$") == '<p><math display="inline"><mrow><msup><mi>x</mi><mn>2</mn></msup></mrow></math></p>'
    assert render("$$\nx\n$$") == (
        '<p><span class="maths-display"><math display="block"><mrow><mi>x</mi></mrow></math></span></p>'
    )


def test_punctuation_behind_a_block_stays() -> None:
    """Models end a displayed formula with the sentence's full stop."""
    assert "<mo>.</mo>" in render("$$\nx\n$$.") or ">.</" in render("$$\nx\n$$.")


def test_alignment_is_a_class() -> None:
    """`aligned` and its kin are tables whose cells are aligned by the stylesheet."""
    html = render_formula("\\begin{aligned}a&=b\\\\c&=d\\end{aligned}", display=True)
    assert '<mtd class="align-right">' in html
    assert "&amp;" not in html


@pytest.mark.parametrize(
    "name", ["aligned", "align", "gathered", "gather*", "eqnarray", "dcases", "cases", "pmatrix", "split"]
)
def test_environments_of_several_lines_convert(name: str) -> None:
    """Those that models write, whatever the converter calls them."""
    mathml = convert_formula(f"\\begin{{{name}}}a&b\\\\c&d\\end{{{name}}}", display=True)
    assert mathml is not None
    assert "<mtable" in mathml


@pytest.mark.parametrize("latex", ["\\nosuch{x}", "{", "\\frac", "x & y", "\\text{a", "^", "\\left(", "\\begin{x}"])
def test_what_does_not_convert_is_shown_as_written(latex: str) -> None:
    """Unknown commands and broken formulas keep their source."""
    assert inspect(render_formula(latex, display=False)).text == latex
    assert "maths-raw" in render_formula(latex, display=False)


@pytest.mark.parametrize(
    "latex",
    [
        "x" * (LONGEST + 1),
        "{" * 30 + "x" + "}" * 30,
        "\\left(" * 30 + "x" + "\\right)" * 30,
        "\\sqrt" * 100 + "x",
        "\\not " * 100,
        "\\def\\a{\\b\\b}\\a",
        "\\text{a",
        "\\newcommand{\\a}{b}",
        "\\renewcommand{\\a}{b}",
    ],
)
def test_costly_formulas_are_not_tried(latex: str) -> None:
    """Long, deep, chained, self-defining or broken ones."""
    assert not is_worth_trying(latex)
    assert "maths-raw" in render_formula(latex, display=True)


@pytest.mark.parametrize(
    "latex", ["x", "\\left(\\frac{1}{2}\\right)", "\\{" * 40, "\\alpha + " * 90, "\\lambda \\defeq"]
)
def test_ordinary_formulas_are_tried(latex: str) -> None:
    """Escaped braces nest nothing, and commands between other things are no chain."""
    assert is_worth_trying(latex)


def test_lengths_are_small() -> None:
    """Space that would push the page away is taken out, the rest stays."""
    assert 'width="2em"' in render_formula("a\\hspace{2em}b", display=False)
    assert "999" not in render_formula("a\\hspace{999em}b", display=False)


def test_one_reply_converts_only_so_much() -> None:
    """Beyond its allowance, formulas are shown as written."""
    html = render("$x + y + z$\n\n" * 5_000)
    assert (html.count("<math") > 1000, "maths-raw" in html) == (True, True)


@settings(deadline=None)
@given(st.text(alphabet="\\{}^_&ab1 <>'\"lefrigtcsqhrxno", max_size=40) | st.sampled_from(FORMULAS))
def test_any_formula_is_harmless(latex: str) -> None:
    """Random formulas give well-formed HTML from the lists."""
    assert faults_in([render_formula(latex, display=True)]) == []
