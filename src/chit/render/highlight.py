"""Colours in code: Pygments' short names of what each stretch is, and `span`s with these as classes.

Only languages on the list are coloured: of Pygments' five hundred, some can be driven into endless matching. The lexers
are called without Pygments' own preparation, which would change tabs, byte-order marks and line ends.
"""

from collections.abc import Iterator
from functools import cache
from html import escape
from importlib import import_module
from typing import Any

from chit.render.palette import COLOURED

LONGEST = 50_000
"""Characters of a block beyond which it stays plain."""
LONGEST_LINE = 2_000
"""Characters; longer lines are data or minified, and what slow patterns are slow on."""

_NAMES = """
    asm awk bash bat batch c c# c++ cfg clj clojure cmake cpp cs csharp css dart diff docker dockerfile elixir elm
    erlang ex f90 fish fortran fsharp gherkin go golang graphql groovy haskell hcl hs html http ini java javascript
    jinja jl js json json5 jsx julia kotlin latex less lisp lua make makefile mathematica matlab md markdown mysql
    nasm nginx nim nix objective-c objc ocaml pascal perl php pl plpgsql postgresql powershell prolog properties
    proto protobuf ps1 psql py pycon python python3 r rb rs ruby rust sass scala scheme scss sed sh shell smalltalk
    solidity sql sqlite3 swift systemverilog tcl terraform tex tf toml ts tsx typescript udiff v vb.net verilog vhdl
    vim vue wast xml yaml yml zig zsh
"""
_LANGUAGES = frozenset(_NAMES.split())


def is_coloured(code: str, language: str) -> bool:
    """Whether a block of code would be coloured. Loads nothing."""
    return language in _LANGUAGES and len(code) <= LONGEST and max(map(len, code.split("\n"))) <= LONGEST_LINE


def highlight(code: str, language: str) -> str | None:
    """The code as HTML, or None where it stays plain. Its text is exactly the code."""
    runs = list_runs(code, language)
    if runs is None:
        return None
    shown = ((name, text, escape(text)) for name, text in runs)
    return "".join(
        f'<span class="{name}">{html}</span>' if name and not text.isspace() else html for name, text, html in shown
    )


def list_runs(code: str, language: str) -> list[tuple[str, str]] | None:
    """Class, empty for none, and text of each stretch of the code; None where it stays plain."""
    lexer = _find_lexer(language) if is_coloured(code, language) else None
    if lexer is None:
        return None
    runs = list(_runs(lexer(), code))
    return runs if sum(len(text) for _, text in runs) == len(code) else None


def _runs(lexer: Any, code: str) -> Iterator[tuple[str, str]]:
    """Class and text of each run of the same class."""
    shown, collected = "", ""
    for _, kind, text in lexer.get_tokens_unprocessed(code):
        name = _class_of(kind)
        if name != shown and not text.isspace():
            if collected:
                yield shown, collected
            shown, collected = name, ""
        collected += text
    yield shown, collected


@cache
def _class_of(kind: Any) -> str:
    """The class of a kind of token: its own, or that of the nearest kind above it that has a colour; else none."""
    from pygments.token import STANDARD_TYPES  # type: ignore[import-untyped]

    while kind is not None:
        if (name := STANDARD_TYPES.get(kind)) in COLOURED:
            return str(name)
        kind = kind.parent
    return ""


@cache
def _find_lexer(language: str) -> Any | None:
    """The class of a language's lexer; some keep state, so that each text gets its own.

    Pygments' own look-up would also run whatever plug-ins are installed.
    """
    # It takes 30 ms and more, so only replies with code pay for it.
    from pygments.lexers import LEXERS  # type: ignore[import-untyped]

    for name, (module, _, aliases, _, _) in LEXERS.items():
        if language in aliases:
            return getattr(import_module(module), name)
    return None
