"""Versions and proxies."""

import platform
from importlib.metadata import PackageNotFoundError

import pytest

from chit.cli import surroundings
from chit.cli.surroundings import examine_proxies, examine_versions


@pytest.mark.parametrize(
    ("proxies", "text"),
    [
        ({}, "none in the environment"),
        ({"no": "localhost"}, "none in the environment"),
        ({"http": "http://me:secret@proxy.example:3128", "https": "proxy"}, None),
        ({"https": "http://[broken"}, "https through an address that cannot be read"),
    ],
)
def test_proxies_are_told_by_their_hosts(proxies: dict[str, str], text: str | None) -> None:
    """Without login and port; an address that is none is said to be one."""
    (found,) = examine_proxies(str, lambda: proxies)
    assert found.text == (text or "http through proxy.example, https through an address that names no host")


def test_a_package_without_a_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that came without its metadata does not keep the others from being told."""

    def unknown(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(surroundings, "version", unknown)
    assert "aiohttp (version unknown) · orjson (version unknown)" in examine_versions()[0].text


@pytest.mark.parametrize(("release", "shown"), [("6.1.0-anna-custom", "6.1.0 "), ("unknown", "")])
def test_the_kernels_name_is_left_out(release: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever builds one may have put their name into it."""
    monkeypatch.setattr(platform, "release", lambda: release)
    text = examine_versions()[0].text
    assert text.endswith(f"{platform.system()} {shown}{platform.machine()}")
