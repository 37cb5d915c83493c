"""What a browser is called."""

import pytest

from chit.web.browser_name import name_browser

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox on Linux"),
        (
            f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/150.0.0.0 Safari/537.36 Edg/150.0",
            "Edge on Windows",
        ),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {WEBKIT} Chrome/150.0 Safari/537.36", "Chrome on macOS"),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 19_0 like Mac OS X) {WEBKIT} Version/19.0 Safari/604.1",
            "Safari on iPhone",
        ),
        (f"{MOZILLA} (Linux; Android 16) {WEBKIT} Chrome/150.0 Mobile Safari/537.36 OPR/99", "Opera on Android"),
        ("curl/8.0", "a browser"),
        ("", "a browser"),
        ("<script>alert(1)</script>\x1b[2J", "a browser"),
    ],
)
def test_browsers_have_names(said: str, name: str) -> None:
    """The common ones on the common systems; anything else is a browser, and nothing of it is repeated."""
    assert name_browser(said) == name
