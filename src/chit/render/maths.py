r"""LaTeX to MathML. What does not convert, or would cost too much, is shown as it was written.

latex2mathml hands on whatever it finds – addresses of `\href`, styles, classes, the text of `\text` unescaped – and
turns commands that it does not know into letters. So only its element tree is used: written out here, by an allow-list,
with every text escaped, and refused when it holds what was not understood.
"""

import re
from html import escape, unescape
from xml.etree.ElementTree import Element

LONGEST = 2_000
"""Characters of a formula beyond which it is shown as written."""
_DEEPEST = 25
"""Braces, environments and the like within each other; the converter calls itself once or more for each."""

_COSTLY = re.compile(r"\\(?:re|provide)?(?:newcommand|def\b|gdef|let\b|DeclareMath|require\b)|(?:\\[A-Za-z]+\s*){80}")
"""Definitions, which can grow without bound, and chains of commands that each take the next as their argument."""
_DEEPER = re.compile(r"(?<!\\)\{|\\left\b|\\begin\b")
_LESS_DEEP = re.compile(r"(?<!\\)\}|\\right\b|\\end\b")
_ENVIRONMENT = re.compile(r"\\(begin|end)\{(aligned|align|gathered|gather\*?|eqnarray\*?|dcases|smallmatrix)\}")
_SAME_AS = {"gathered": "matrix", "gather": "matrix", "gather*": "matrix", "dcases": "cases", "smallmatrix": "matrix"}

_TAG_NAMES = """
    math mrow mi mn mo mtext mspace ms mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts
    mprescripts mtable mtr mtd mstyle mpadded mphantom menclose merror none
"""
_LENGTH_NAMES = "width height depth lspace rspace voffset minsize maxsize linethickness scriptlevel"
_WORD_NAMES = """
    mathvariant stretchy fence form separator accent accentunder displaystyle movablelimits largeop symmetric
    columnlines rowlines notation
"""
_LENGTH = re.compile(r"[+-]?\d{0,2}(?:\.\d{1,3})?(?:em|ex|pt|mu|px)?")
_WORD = re.compile(r"[a-z0-9 -]{1,40}")
_ATTRIBUTES = dict.fromkeys(_LENGTH_NAMES.split(), _LENGTH) | dict.fromkeys(_WORD_NAMES.split(), _WORD)
MATHML_TAGS = frozenset(_TAG_NAMES.split())
MATHML_ATTRIBUTES = frozenset(_ATTRIBUTES) | {"display"}


def render_formula(latex: str, *, display: bool) -> str:
    """A formula as `math`, in a line of its own if `display`; else its source as `code` of class `maths-raw`."""
    mathml = convert_formula(latex, display=display) if is_worth_trying(latex) else None
    shown = mathml or f'<code class="maths-raw">{escape(latex)}</code>'
    return f'<span class="maths-display">{shown}</span>' if display else shown


def is_worth_trying(latex: str) -> bool:
    """Whether a formula is neither long nor deep, defines nothing, and closes what it opens."""
    if len(latex) > LONGEST or _COSTLY.search(latex):
        return False
    depth = deepest = 0
    marks = [(found.start(), 1) for found in _DEEPER.finditer(latex)]
    marks += [(found.start(), -1) for found in _LESS_DEEP.finditer(latex)]
    for _, step in sorted(marks):
        depth += step
        deepest = max(deepest, depth)
    return depth == 0 and deepest <= _DEEPEST


def convert_formula(latex: str, *, display: bool) -> str | None:
    """MathML, or None for what is no formula or one that the converter does not wholly understand."""
    from latex2mathml.converter import Converter  # 60 ms, for replies with formulas only

    source = _ENVIRONMENT.sub(lambda found: f"\\{found[1]}{{{_SAME_AS.get(found[2], 'align*')}}}", latex)
    try:
        tree = Converter(display="block" if display else "inline").convert_to_element(source)
    except Exception:  # it raises whatever its loops run into; none of it says more than "cannot be converted"
        return None
    parts: list[str] = []
    return "".join(parts) if _write(tree, parts) else None


def _write(element: Element, parts: list[str]) -> bool:
    """Append the element as text; whether all of it was understood."""
    text = unescape(element.text or "")
    if element.tag not in MATHML_TAGS or (element.tag in {"mi", "mo"} and (text == "&" or text.startswith("\\"))):
        return False
    parts.append(f"<{element.tag}{''.join(_written_attributes(element))}>{escape(text)}")
    understood = all(_write(child, parts) for child in element)
    parts.append(f"</{element.tag}>")
    return understood


def _written_attributes(element: Element) -> list[str]:
    """The attributes that may stay; alignment becomes a class, since MathML Core knows no attribute for it."""
    written = []
    for name, value in element.attrib.items():
        if name == "columnalign" and value in {"left", "right", "center"}:
            written.append(f' class="align-{value}"')
        elif (name == "display" and element.tag == "math") or (
            name in _ATTRIBUTES and _ATTRIBUTES[name].fullmatch(value)
        ):
            written.append(f' {name}="{escape(value)}"')
    return written
