"""What Markdown becomes: the elements a page styles, and nothing a strict content policy would refuse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.page import faults_in, inspect

from chit.render.limits import DEEPEST, LONGEST_LINE, MOST_IMAGES
from chit.render.markdown import RENDER_VERSION, render_all

LINK = 'rel="noopener noreferrer nofollow" target="_blank"'


def render(text: str) -> str:
    """All blocks, one after another."""
    return "\n".join(render_all(text))


def lead(address: str, host: str, text: str) -> str:
    """A link through our page."""
    return f'<a href="/leave?to={address}" class="external" data-host="{host}" {LINK}><bdi>{text}</bdi></a>'


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a *b* **c** ~~d~~ `<e>`", "<p>a <em>b</em> <strong>c</strong> <s>d</s> <code>&lt;e&gt;</code></p>"),
        ("a  \nb\\\nc\nd", "<p>a<br>\nb<br>\nc\nd</p>"),
        (
            "# a\n## b\n### c\n#### d\n##### e\n###### f",
            "<h3>a</h3>\n<h4>b</h4>\n<h5>c</h5>\n<h6>d</h6>\n<h6>e</h6>\n<h6>f</h6>",
        ),
        ("a\n===\nb\n---", "<h3>a</h3>\n<h4>b</h4>"),
        ("a\n\n***\n\nb", "<p>a</p>\n<hr>\n<p>b</p>"),
        ("> a\n> > b", "<blockquote>\n<p>a</p>\n<blockquote>\n<p>b</p>\n</blockquote>\n</blockquote>"),
        ("- a\n  - b\n    1. c", "<ul>\n<li>a\n<ul>\n<li>b\n<ol>\n<li>c</li>\n</ol>\n</li>\n</ul>\n</li>\n</ul>"),
        ("7. a\n8. b", '<ol start="7">\n<li>a</li>\n<li>b</li>\n</ol>'),
        ("- a\n\n- b", "<ul>\n<li>\n<p>a</p>\n</li>\n<li>\n<p>b</p>\n</li>\n</ul>"),
        (
            "- [ ] a\n- [x] b\n- c",
            '<ul class="tasks">\n<li class="task"><span class="box">☐</span> a</li>\n'
            '<li class="task"><span class="box">☑</span> b</li>\n<li>c</li>\n</ul>',
        ),
        ("<b>a</b> &amp; &copy; <!-- c -->", "<p>&lt;b&gt;a&lt;/b&gt; &amp; © &lt;!-- c --&gt;</p>"),
        ("<div>\n\na", "<p>&lt;div&gt;</p>\n<p>a</p>"),
        ("a\0b\r\nc", "<p>a\ufffdb\nc</p>"),
        ("", ""),
        ("\n \n", ""),
        ("[a]: https://b.example", ""),
    ],
)
def test_blocks_and_lines(text: str, html: str) -> None:
    """Headings begin at the third level, HTML is text, task boxes are characters."""
    assert render(text) == html


def test_a_table_is_aligned_by_classes() -> None:
    """No style attribute; the table stands in a box that scrolls."""
    html = render("| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | `\\|` |")
    assert html.startswith('<div class="table"><table>')
    for cell in (
        '<th class="align-left">a',
        '<td class="align-center">2',
        '<td class="align-right">3',
        "<td><code>|</code>",
    ):
        assert cell in html
    assert "style" not in html


def test_code_has_a_label_and_a_button() -> None:
    """The structure the page's script and stylesheet hold on to; coloured when closed."""
    assert render('```Python title="x"\nx = "<a>"\n```') == (
        '<div class="code"><div class="code-head"><span class="language">Python</span>'
        '<button type="button" class="copy" data-copy="">Copy</button></div>'
        '<pre><code class="language-python">x = <span class="s">"&lt;a&gt;"\n</span></code></pre></div>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "```python\nx = 1",
        "```klingon\nx = 1\n```",
        "```\nx = 1\n```",
        "    x = 1",
        "- ```python\n  x = 1\n",
        "~~~\nx = 1\n```",
    ],
)
def test_code_that_is_open_or_unknown_is_plain(text: str) -> None:
    """Only a closed block of a known language is coloured."""
    html = render(text)
    assert "x = 1" in html
    assert '<span class="m">' not in html


@pytest.mark.parametrize(
    "text", ["> ```python\n> x = 1\n> ```", "- a\n\n  ```python\n  x = 1\n  ```\n- b", "~~~~py\nx = 1\n~~~~~"]
)
def test_closed_code_within_blocks_is_coloured(text: str) -> None:
    """Quotes and items know where a fence ends."""
    assert '<span class="m">1' in render(text)


@pytest.mark.parametrize("info", ['a"b', "<x>", "tail x", "x" * 40, "&quot;", "{.python}", "ünïcode"])
def test_a_label_is_text(info: str) -> None:
    """Whatever stands beside a fence is shown as text and makes no other class."""
    html = render(f"```{info}\nx\n```")
    assert inspect(html).faults == []
    assert 'class="tail"' not in html


def test_links_lead_through_the_page() -> None:
    """Bracketed, in angle brackets, bare, by reference, to mail; hosts in punycode."""
    plain = lead("https%3A%2F%2Fa.example%2Fb%3Fc%3Dd", "a.example", "{}")
    assert render('[x](https://a.example/b?c=d "title")') == f"<p>{plain.format('x')}</p>"
    assert render("<https://a.example/b?c=d>") == f"<p>{plain.format('https://a.example/b?c=d')}</p>"
    assert render("(https://a.example/b?c=d).") == f"<p>({plain.format('https://a.example/b?c=d')}).</p>"
    assert render("[x]\n\n[x]: https://a.example/b?c=d") == f"<p>{plain.format('x')}</p>"
    assert 'data-host="xn--e1afmkfd.xn--p1ai"' in render("https://пример.рф/x")
    assert '<a href="/leave?to=mailto%3Aa%40b.example" class="external" rel=' in render("<a@b.example>")


def test_openrouter_is_linked_directly() -> None:
    """Its pages need no page between."""
    address = "https://openrouter.ai/settings/privacy"
    assert render(f"[x]({address})") == f'<p><a href="{address}" data-host="openrouter.ai" {LINK}><bdi>x</bdi></a></p>'


@pytest.mark.parametrize("text", ["[x](javascript:a)", "[x](/settings)", "[x](src/main.py)", "[x](<a b>)", "[x]()"])
def test_other_links_keep_their_text(text: str) -> None:
    """They look like links that lead nowhere."""
    assert render(text) == '<p><span class="dead-link">x</span></p>'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://a.example/x_(y)", "https://a.example/x_(y)"),
        ("(https://a.example/x)", "https://a.example/x"),
        ("**https://a.example/x**", "https://a.example/x"),
        ("https://a.example/x, and", "https://a.example/x"),
        ("see https://a.example/x...", "https://a.example/x"),
        ("[https://a.example/x]", "https://a.example/x"),
        ("HTTP://a.example", "HTTP://a.example"),
        ("https://a.example/x](y)", "https://a.example/x"),
    ],
)
def test_bare_addresses_end_where_the_sentence_goes_on(text: str, shown: str) -> None:
    """Punctuation and brackets around an address stay outside."""
    html = render(text)
    assert len(inspect(html).links) == 1
    assert f"<bdi>{shown}</bdi>" in html


@pytest.mark.parametrize(
    "text",
    ["https://", "xhttps://a.b", "https:// a", "https://.", "ftp://a.b", "https[://a.b]", "`https://a.b`", "a://b"],
)
def test_what_is_no_address_is_text(text: str) -> None:
    """Other schemes, nothing behind the slashes, code."""
    assert inspect(render(text)).links == []


def test_links_never_stand_in_links() -> None:
    """An address within the text of a link is text."""
    html = render("[a <https://b.example> https://c.example](https://d.example)")
    assert [link["data-host"] for link in inspect(html).links] == ["d.example"]


def test_images_are_not_loaded() -> None:
    """A description with the host, as a link; without one where it stands in a link or leads nowhere."""
    link = f'<a href="/leave?to=https%3A%2F%2Fa.example%2Fb.png" class="external image" data-host="a.example" {LINK}>'
    assert render("![c *d*](https://a.example/b.png)") == f"<p>{link}<bdi>image: c d (a.example)</bdi></a></p>"
    assert "<bdi>image: c (a.example)</bdi></a>" in render("[![c](https://a.example/b.png)](https://d.example)")
    assert len(inspect(render("[![c](https://a.example/b.png)](https://d.example)")).links) == 1
    assert render("![c](data:image/png;base64,AA)") == '<p><span class="dead-link">image: c</span></p>'
    assert "image: c (mail)" in render("![c](mailto:a@b.example)")


def test_a_reference_cannot_blow_a_text_up() -> None:
    """A long address used often stops being a link when the reply's allowance is used up."""
    text = f"[a]: https://b.example/{'x' * 1900}\n\n" + "[a]\n\n" * 1000
    blocks = render_all(text)
    assert sum(map(len, blocks)) < 1_000_000
    assert ("href" in blocks[0], "href" in blocks[-1]) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "x" * (LONGEST_LINE + 1) + " *a*",
        "![" * (MOST_IMAGES + 1) + " *a*",
        "*b " * 60 + "*a*" + " b*" * 60,
        ">" * 10 + " *a*\nb\n\nc",
        "- " * DEEPEST + "*a*",
        "- a\n  " + "> " * 7 + "*a*\n\n  b",
        "> " * 8 + "\n" + "> " * 9 + "*a*",
    ],
)
def test_what_would_cost_too_much_is_plain_text(text: str) -> None:
    """Nothing of it is lost, and its marks are shown as they are."""
    html = render(text)
    assert "*a*" in html
    assert inspect(html).faults == []


def test_a_quote_in_code_is_no_quote() -> None:
    """Indented code may begin with any number of marks."""
    assert "<pre><code>&gt;&gt;&gt;&gt;&gt;&gt;&gt;&gt; a" in render("    >>>>>>>> a")


def test_nesting_within_the_limits_is_kept() -> None:
    """Lists ten deep, quotes five deep."""
    assert render("\n".join("  " * depth + "- a" for depth in range(10))).count("<ul>") == 10
    assert render("> " * 5 + "*a*").count("<blockquote>") == 5


@pytest.mark.parametrize(
    "text",
    [
        "[" * 10_000,
        "*" * 10_000,
        "*a " * 10_000,
        ">" * 10_000,
        "![" * 10_000,
        "`a``" * 5_000,
        "$a " * 10_000,
        "<https://" * 9_000,
    ],
)
def test_repeated_marks_are_harmless(text: str) -> None:
    """They end, and come out as text."""
    assert faults_in(render_all(text)) == []


@settings(deadline=None)
@given(st.text(alphabet="a b\n\t#*_-+>1.)(`~$\\[]!:|<&x\u202e\r\0", max_size=60))
def test_any_text_is_well_formed_and_stays_so(text: str) -> None:
    """Random marks give well-formed blocks from the lists, the same each time."""
    blocks = render_all(text)
    assert faults_in(blocks) == []
    assert blocks == render_all(text)


def test_stored_html_has_a_version() -> None:
    """A whole number, for whoever stores what was rendered."""
    assert RENDER_VERSION >= 1
