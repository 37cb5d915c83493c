"""Attack cases 17, 18 and 21 to 26: no reply can bring a script, a request or a disguised link into a page."""

import pytest
from tests.render.page import Page, faults_in, inspect, stream
from tests.render.xss_corpus import ADDRESSES, VECTORS

from chit.render.markdown import render_all


def test_the_corpus_is_large() -> None:
    """It holds at least 150 different attacks."""
    assert len(set(VECTORS)) >= 150


@pytest.mark.parametrize("text", VECTORS)
def test_an_attack_is_harmless_in_history(text: str) -> None:
    """Only elements, attributes and addresses of the lists come out."""
    assert faults_in(render_all(text)) == []


@pytest.mark.parametrize("text", VECTORS)
def test_an_attack_is_harmless_at_every_moment_of_a_stream(text: str) -> None:
    """Character by character, every state of the page is harmless and the last is what history shows."""
    page = Page()
    for character in text:
        page.add(character)
        assert faults_in(page.blocks) == []
    page.end()
    assert page.blocks == render_all(text)


@pytest.mark.parametrize("text", VECTORS)
def test_where_an_attack_is_cut_makes_no_difference(text: str) -> None:
    """Cut in two at any place, it ends as history shows it."""
    whole = render_all(text)
    assert [cut for cut in range(len(text)) if stream([text[:cut], text[cut:]]) != whole] == []


@pytest.mark.parametrize("text", VECTORS)
def test_an_attack_is_harmless_within_other_blocks(text: str) -> None:
    """Quotes, items, cells and formatting around it change nothing."""
    line = text.replace("\n", " ")
    for around in (
        f"> {line}",
        f"- a\n- {line}",
        f"| a |\n|---|\n| {line} |",
        f"**{line}**",
        f"# {line}",
        f"[{line}](x)",
    ):
        assert faults_in(render_all(around)) == []


@pytest.mark.parametrize("address", ADDRESSES)
def test_addresses_lead_to_the_web_or_nowhere(address: str) -> None:
    """Whatever is linked leads through our page to http or https, or to OpenRouter, or has no link at all."""
    for html in render_all(f"[x](<{address}>) [x]({address})"):
        for link in inspect(html).links:
            assert link["href"].startswith(
                ("/leave?to=https%3A%2F%2F", "/leave?to=http%3A%2F%2F", "https://openrouter.ai")
            )


def test_the_inspector_finds_what_it_looks_for() -> None:
    """Each kind of fault is reported, so that its silence means something."""
    for html in (
        "<script>x</script>",
        '<p onclick="x">x</p>',
        '<p style="x">x</p>',
        '<p id="x">x</p>',
        '<a href="javascript:x">x</a>',
        '<a href="/leave?to=x&y">x</a>',
        '<a href="https://openrouter.ai.evil">x</a>',
        "<!-- x -->",
        "<!DOCTYPE html>",
        "<![CDATA[x]]>",
        "<?x?>",
        "<p>x",
        "<em><s>x</em></s>",
    ):
        assert inspect(html).faults != [], html
