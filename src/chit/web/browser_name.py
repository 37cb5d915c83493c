"""What a person knows a browser by: `Firefox on Linux`, of what it says of itself."""

_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
"""The first that occurs: the later ones occur in what the earlier ones say as well."""


def name_browser(user_agent: str) -> str:
    """From a `User-Agent`; nothing of it is repeated."""
    browser = next((name for sign, name in _BROWSERS if sign in user_agent), "a browser")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), None)
    return browser if system is None else f"{browser} on {system}"
