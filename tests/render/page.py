"""A page as the tests see it: it applies changes, and it says what is wrong with HTML."""

from collections.abc import Iterable
from html.parser import HTMLParser

from chit.render.blocks import BlockRenderer
from chit.render.changes import Change, apply_change

_TAG_NAMES = """
    p h3 h4 h5 h6 ul ol li blockquote hr br pre code div span table thead tbody tr th td em strong s a bdi button
    math mrow mi mn mo mtext mspace ms mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd mstyle
    mpadded mphantom menclose
"""
TAGS = set(_TAG_NAMES.split())
ATTRIBUTES = {
    "a": {"href", "class", "data-host", "rel", "target"},
    "bdi": {"class", "title"},
    "button": {"class", "data-copy", "type"},
    "ol": {"start"},
}
EVERYWHERE = {"class"}
_MATHS_NAMES = """
    display width height depth lspace rspace voffset minsize maxsize linethickness scriptlevel mathvariant stretchy
    fence form separator accent accentunder displaystyle movablelimits largeop symmetric columnlines rowlines notation
"""
MATHS = set(_MATHS_NAMES.split())
VOID = {"br", "hr"}


class Inspector(HTMLParser):
    """Collects what a page must not hold. The lists are its own, written apart from the sanitiser's."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.opened: list[str] = []
        self.links: list[dict[str, str]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Tags and attributes must be on the lists, addresses be ours."""
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        allowed = ATTRIBUTES.get(tag, set()) | EVERYWHERE | (MATHS if tag.startswith("m") else set())
        self.faults += [f"<{tag} {name}>" for name, _ in attrs if name not in allowed]
        values = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(values)
            href = values.get("href", "")
            ours = href.startswith("/leave?to=") and not set(href[10:]) & set("/:?&#<>\"' ")
            direct = href.startswith("https://openrouter.ai") and href[21:22] in {"", "/"} and "?" not in href
            if "href" in values and not ours and not direct:
                self.faults.append(f"href {href}")
        if tag not in VOID:
            self.opened.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Elements end in the order they began in."""
        if not self.opened or self.opened.pop() != tag:
            self.faults.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Text is harmless."""
        self.text += data

    def handle_comment(self, data: str) -> None:
        """Comments have no place here."""
        self.faults.append(f"<!--{data}")

    def handle_decl(self, decl: str) -> None:
        """Nor have declarations."""
        self.faults.append(f"<!{decl}")

    def unknown_decl(self, data: str) -> None:
        """Of whatever kind."""
        self.faults.append(f"<![{data}")

    def handle_pi(self, data: str) -> None:
        """Nor processing instructions."""
        self.faults.append(f"<?{data}")


def inspect(html: str) -> Inspector:
    """What a block holds."""
    inspector = Inspector()
    inspector.feed(html)
    inspector.close()
    inspector.faults += [f"open: {tag}" for tag in inspector.opened]
    return inspector


def faults_in(blocks: Iterable[str]) -> list[str]:
    """All faults of some blocks."""
    return [fault for block in blocks for fault in inspect(block).faults]


class Page:
    """One reply as it streams onto a page; each state it passes through can be looked at."""

    def __init__(self) -> None:
        self.renderer = BlockRenderer()
        self.blocks: list[str] = []
        self.changes: list[Change] = []

    def add(self, text: str) -> list[Change]:
        """Hand the renderer a piece and apply what comes back."""
        return self._apply(self.renderer.add(text))

    def end(self) -> list[Change]:
        """The end of the text."""
        return self._apply(self.renderer.end())

    def _apply(self, changes: list[Change]) -> list[Change]:
        for change in changes:
            apply_change(self.blocks, change)
        self.changes += changes
        assert self.renderer.blocks == self.blocks
        return changes


def stream(pieces: Iterable[str]) -> list[str]:
    """The blocks that a page ends with."""
    page = Page()
    for piece in pieces:
        page.add(piece)
    page.end()
    return page.blocks
