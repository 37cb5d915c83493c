"""What is taken out of texts that are pasted in public."""

import os
import pwd
import socket

import pytest

from chit.cli.discretion import Discretion, find_discretion

ANNA = Discretion(homes=["/home/anna", "/private/home/anna"], names=["anna", "Al", "box.lan", "box"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/anna", "~"),
        ("/home/anna/.local/chit.db: /home/anna/x", "~/.local/chit.db: ~/x"),
        ("/private/home/anna/x", "~/x"),
        ("/home/annabel/x", "/home/…bel/x"),
        ("/data/home/anna/x", "/data/home/…/x"),
        ("/x/of-Anna_2/x", "/x/of-…_2/x"),
        ("/usr/local/al/x", "/usr/local/…/x"),
        ("http://box.lan:80/", "http://…:80/"),
        ("boxes of box", "boxes of …"),
        ("key sk-or-v1-" + "ab" * 20 + "!", "key sk-or-…"),
        ("user_2abcdefghijklmnopq said\nso", "user_… said so"),
    ],
)
def test_what_is_hidden(text: str, shown: str) -> None:
    """The home becomes a tilde; names, keys and account ids an ellipsis; short names only where they stand alone."""
    assert ANNA.hide(text) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://openrouter.ai/api/v1", "https://openrouter.ai/api/v1"),
        ("https://anna:secret@host:8443/v1?token=x#y", "https://host:8443/v1"),
        ("http://[::1]:80/api", "http://[::1]:80/api"),
    ],
)
def test_addresses_have_neither_login_nor_query(address: str, shown: str) -> None:
    """Scheme, host, port and path are all that is shown."""
    assert ANNA.show_address(address) == shown


def test_where_nothing_is_known_nothing_is_hidden() -> None:
    """Without homes and names texts stay as they are."""
    assert Discretion(homes=[""], names=[""]).hide("/home/anna") == "/home/anna"


def test_names_come_from_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment, the system's list of users and the host's name, whole and without its domain, are known."""
    monkeypatch.setattr(socket, "gethostname", lambda: "desk.example.org")
    entry = ("berta", "x", 1, 1, "", "/users/berta", "/bin/sh")
    monkeypatch.setattr(pwd, "getpwuid", lambda user: pwd.struct_passwd(entry))
    discretion = find_discretion({"HOME": "/home/carla/", "SUDO_USER": "dorothea"})
    told = "/users/berta /home/carla berta carla dorothea desk.example.org desk localhost"
    assert discretion.hide(told) == "~ ~ … … … … … localhost"


def test_a_user_that_the_system_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container without a list of users the environment is enough; a machine called localhost has no name."""

    def unknown(user: int) -> None:
        raise KeyError(user)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.setattr(socket, "gethostname", lambda: "localhost")
    discretion = find_discretion({"HOME": "/", "USER": "berta"})
    assert discretion.hide("/etc/berta localhost") == "/etc/… localhost"
    assert os.sep == "/"
