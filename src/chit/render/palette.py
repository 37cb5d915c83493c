"""The colours of code: classes by Pygments' short names, two palettes that fit the look's paper and ink.

Every colour reaches a contrast of 4.5 : 1 on the sunk background of its own theme. What has no class keeps the ink.
"""

BACKGROUNDS = {"light": "#f3f1eb", "dark": "#12110f"}
"""What code stands on: the look's `sunk`."""

PALETTE = {
    "c": ("comment", "#6b665d", "#a8a195"),
    "k": ("keyword", "#8a3a78", "#d99bcb"),
    "kc": ("constant", "#8f4a00", "#e2a45c"),
    "kt": ("type", "#0f6b5c", "#5cc4b0"),
    "m": ("number", "#8f4a00", "#e2a45c"),
    "s": ("string", "#4c6316", "#a9c46c"),
    "se": ("escape", "#8f4a00", "#e2a45c"),
    "nb": ("builtin", "#28608c", "#84b8e4"),
    "nf": ("function", "#28608c", "#84b8e4"),
    "nc": ("class", "#0f6b5c", "#5cc4b0"),
    "nd": ("decorator", "#6b5200", "#cfb25a"),
    "nt": ("tag", "#8a3a78", "#d99bcb"),
    "na": ("attribute", "#28608c", "#84b8e4"),
    "nv": ("variable", "#6b5200", "#cfb25a"),
    "gh": ("heading", "#28608c", "#84b8e4"),
    "gd": ("deleted", "#a3262a", "#f08a86"),
    "gi": ("inserted", "#4c6316", "#a9c46c"),
    "gp": ("prompt", "#6b665d", "#a8a195"),
    "go": ("output", "#6b665d", "#a8a195"),
}
"""Short name → what it is for, its light colour, its dark colour. Kinds below a kind share its colour."""
COLOURED = frozenset(PALETTE)


def highlight_css() -> str:
    """The rules for a stylesheet: variables for each theme, then one rule for each class.

    Dark follows the system unless the root element's `data-theme` says otherwise.
    """
    light = _variables(1)
    dark = _variables(2)
    rules = "\n".join(f".code .{short} {{ color: var(--code-{name}); }}" for short, (name, _, _) in PALETTE.items())
    return (
        f":root {{\n{light}\n}}\n"
        f'@media (prefers-color-scheme: dark) {{\n:root:not([data-theme="light"]) {{\n{dark}\n}}\n}}\n'
        f':root[data-theme="dark"] {{\n{dark}\n}}\n'
        f"{rules}\n"
    )


def _variables(theme: int) -> str:
    return "\n".join(f"  --code-{colours[0]}: {colours[theme]};" for colours in PALETTE.values())
