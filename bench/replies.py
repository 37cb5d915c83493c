"""Replies as models write them, one of each kind, and how they are cut into tokens."""

TOKEN = 4
"""Characters of one."""

_SENTENCE = "It goes on for a few sentences, as *replies* do, and says `nothing` new. "
_CODE = """def compute(value: int, other: str) -> dict[str, int]:
    # add the length
    return {"key": value + len(other)}

"""
REPLIES = {
    "prose": "## A heading\n\n"
    + (_SENTENCE * 5 + "See [the page](https://example.com/page).\n\n") * 2
    + "- first item with some words\n- second item, rather longer than the first\n- third\n\n",
    "code": "Here is a function:\n\n```python\n" + _CODE * 12 + "```\n\n" + _SENTENCE + "\n\n",
    "tables": "Compare:\n\n| Name | Kind | Price | Notes |\n|:--|:-:|--:|---|\n"
    + "| some-model | text | $0.25 | a few words here |\n" * 14
    + "\nSo there.\n\n",
    "maths": "The energy is $E = mc^2$, and $x_i^2 + y_i^2$ too:\n\n$$\n\\int_0^\\infty e^{-x^2} \\, dx = "
    "\\frac{\\sqrt{\\pi}}{2}\n$$\n\nfor all \\(x\\). So it is.\n\n",
    "one long list": "1. **Item** with a text that says what it is about, in a sentence or two.\n   - one\n   - two\n",
}


def make_reply(kind: str, tokens: int) -> str:
    """So many tokens of a kind of `REPLIES`, its text repeated as often as it takes."""
    text, length = REPLIES[kind], tokens * TOKEN
    return (text * (length // len(text) + 1))[:length]


def split_tokens(text: str) -> list[str]:
    """The tokens of a text."""
    return [text[place : place + TOKEN] for place in range(0, len(text), TOKEN)]
