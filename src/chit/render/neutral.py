"""Markdown that leaves Chit for other programs: what a viewer may show of it, and nothing that it could run.

HTML outside code is written as text, pictures from elsewhere as links, and a link leads to the web, to a mail address
or nowhere. Whether that worked is not assumed: the result is read again, as viewers with and without tables read it,
and what still holds anything else is written more strictly, at last as one block of code (attack case 41).
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chit.render.limits import LONGEST_LINE
from chit.render.parser import is_closed
from chit.render.source import clean_source

OWN_LABEL = "chit-"
"""Labels of links that begin so are those of the document around the text."""
_LONGEST = 400_000
"""Characters of a text that is looked into."""
_IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]+")
"""What browsers pass over in an address, or might."""
_RUN = re.compile("`+")
_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def neutralise(text: str) -> str:
    """The same text. Every code fence in it is closed, so that what follows it is not code."""
    source = clean_source(text)
    if len(source) > _LONGEST or any(len(line) > LONGEST_LINE for line in source.split("\n")):
        return fence(source)
    try:
        for spans, links in ((True, True), (True, False), (False, False)):
            written = _rewrite(source, spans=spans, links=links)
            if is_harmless(written) and _lets_go(written):
                return written
    except RecursionError:
        pass
    return fence(source)


def plain(text: str) -> str:
    """One line of text, whatever stands in it."""
    line = " ".join(clean_source(text).split())
    return _PUNCTUATION.sub(r"\\\1", line).replace("\\<", "&lt;").replace("\\&", "&amp;")


def fence(text: str, language: str = "") -> str:
    """A block of code that nothing in it can end."""
    ticks = "`" * max(3, 1 + max((len(run) for run in _RUN.findall(text)), default=0))
    content = clean_source(text).removesuffix("\n")
    return f"{ticks}{language}\n{content}\n{ticks}"


def is_harmless(written: str) -> bool:
    """Whether no viewer finds HTML, pictures, or links that lead anywhere but to the web or a mail address."""
    for parser in (_make_parser(has_tables=True), _make_parser(has_tables=False)):
        env: dict[str, dict[str, dict[str, str]]] = {}
        tokens = parser.parse(written, env)
        for label, target in env.get("references", {}).items():
            if label.lower().startswith(OWN_LABEL) or not _may_lead(target["href"]):
                return False
        if not all(_is_harmless(token) for block in tokens for token in (block, *(block.children or ()))):
            return False
    return True


def _lets_go(written: str) -> bool:
    """Whether what follows the text is none of it: a fence that stood in HTML, say, may be one now, without an end."""
    for parser in (_make_parser(has_tables=True), _make_parser(has_tables=False)):
        heading = parser.parse(f"{written}\n\n# x")[-3:]
        if [token.type for token in heading] != ["heading_open", "inline", "heading_close"] or heading[0].level:
            return False
    return True


def _is_harmless(token: Token) -> bool:
    if token.type in ("html_block", "html_inline", "image"):
        return False
    return token.type != "link_open" or _may_lead(str(token.attrs["href"]))


def _may_lead(address: str) -> bool:
    plainly = _IGNORED.sub("", unquote(address)).lower()
    return plainly.startswith(("http://", "https://", "mailto:")) or ":" not in plainly


def _rewrite(source: str, *, spans: bool, links: bool) -> str:
    """Everything but blocks of code, with or without code within a line and with or without links."""
    lines = source.split("\n")
    tokens: list[Token] = []
    parser = _make_parser(has_tables=True)
    parser.block.parse(source, parser, {}, tokens)
    for first, end, has_spans in _find_stretches(tokens, len(lines)):
        written = _escape("\n".join(lines[first:end]), spans=spans and has_spans, links=links)
        lines[first:end] = written.split("\n")
    last = tokens[-1] if tokens else None
    if last is not None and last.type == "fence" and not is_closed(last, lines):
        lines[len(lines) - (lines[-1] == "") :] = [last.markup]
    return "\n".join(lines)


def _find_stretches(tokens: list[Token], count: int) -> Iterator[tuple[int, int, bool]]:
    """First line and end of everything that is no block of code, and whether it is known to be one text."""
    place = 0
    for token in tokens:
        if token.map is None or token.map[0] < place:
            continue
        first, end = token.map
        if token.type in ("fence", "code_block", "inline"):
            yield from ((line, line + 1, False) for line in range(place, first))
            if token.type == "inline":
                yield first, end, True
            place = end
    yield from ((line, line + 1, False) for line in range(place, count))


def _escape(text: str, *, spans: bool, links: bool) -> str:
    out: list[str] = []
    place = 0
    alone: set[int] = set()
    """Lengths of runs of backticks that nothing ends."""
    while place < len(text):
        found = _SPECIAL.search(text, place)
        if found is None:
            break
        out.append(text[place : found.start()])
        place = found.end()
        mark = found[0]
        if mark[0] == "`" and spans and len(mark) not in alone:
            end = _find_end(text, place, len(mark))
            if end is None:
                alone.add(len(mark))
            else:
                mark += text[place:end]
                place = end
        out.append(_WRITTEN[links](mark))
    return "".join((*out, text[place:]))


_SPECIAL = re.compile(r"`+|\\<|\\.|<|!\[|\[", re.DOTALL)
_MARKS = {"<": "&lt;", "\\<": "&lt;", "![": "\\!["}
_WRITTEN: dict[bool, Callable[[str], str]] = {
    True: lambda mark: _MARKS.get(mark, mark),
    False: lambda mark: (_MARKS | {"[": "\\[", "![": "\\!\\["}).get(mark, mark),
}
"""By whether links stay."""


def _find_end(text: str, place: int, length: int) -> int | None:
    """Where the code ends that a run of backticks began: after the next run of that very length."""
    return next((run.end() for run in _RUN.finditer(text, place) if len(run[0]) == length), None)


@cache
def _make_parser(*, has_tables: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True})
    if has_tables:
        parser.enable(["table", "strikethrough"])
    parser.validateLink = lambda url: True  # type: ignore[method-assign]  # other viewers may follow anything
    return parser
