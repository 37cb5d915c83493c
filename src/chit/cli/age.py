"""How long ago something was, in the shortest words."""


def show_age(seconds: float) -> str:
    """`40 s`, `3 h`, `12 days`."""
    for unit, size in (("days", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"
