"""The second wall by itself: whatever reaches it, only what is allowed leaves it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.render.page import inspect
from tests.render.xss_corpus import ADDRESSES, HTML

from chit.render.palette import COLOURED
from chit.render.sanitise import sanitise


@pytest.mark.parametrize("html", HTML)
def test_raw_html_is_made_harmless(html: str) -> None:
    """The wall does not lean on the renderer: even unescaped attacks do not pass."""
    assert inspect(sanitise(html)).faults == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_foreign_address_passes(address: str) -> None:
    """A link that does not go through our own page loses its address."""
    assert "href" not in sanitise(f'<a href="{address}">x</a>')


@pytest.mark.parametrize(
    "html",
    [
        '<p id="x">a</p>',
        '<p style="color:red">a</p>',
        '<p class="external">a</p>',
        '<span class="evil">a</span>',
        '<code class="language-<x>">a</code>',
        '<a class="button">a</a>',
        '<bdi title="hello">a</bdi>',
        '<button type="submit" formaction="/x">a</button>',
        '<ol start="-1">a</ol>',
        '<a target="_top" rel="opener" data-host="A b">a</a>',
        '<math><mi mathvariant="url(x)">a</mi></math>',
        '<math><mi href="https://a.example">a</mi></math>',
    ],
)
def test_attributes_hold_only_what_the_renderer_writes(html: str) -> None:
    """Other names and other values are removed, their elements stay."""
    left = sanitise(html).replace(' class=""', "")
    assert "=" not in left
    assert ">a</" in left


@pytest.mark.parametrize("name", sorted(COLOURED))
def test_every_colour_passes(name: str) -> None:
    """The classes of the palette are those that may pass."""
    html = f'<span class="{name}">a</span>'
    assert sanitise(html) == html


@settings(deadline=None)
@given(st.text(alphabet="<>/=\"' abcmpsvgixo&;#!-\n", max_size=80))
def test_no_tag_soup_passes(html: str) -> None:
    """Random markup comes out well-formed and within the lists, and cleaning it again changes nothing."""
    once = sanitise(html)
    assert inspect(once).faults == []
    assert sanitise(once) == once
