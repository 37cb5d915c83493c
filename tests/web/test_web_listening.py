"""The port: both families of addresses, or an honest no."""

import errno
import socket
from collections.abc import Callable, Iterator

import pytest

from chit.about import DEFAULT_PORT
from chit.errors import InputError
from chit.web import listening
from chit.web.listening import open_listening

FAMILIES = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
Squat = Callable[..., int]


@pytest.fixture
def squat() -> Iterator[Squat]:
    """Another program that listens on an address; tells its port."""
    opened: list[socket.socket] = []

    def squat(host: str, port: int = 0) -> int:
        squatter = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        opened.append(squatter)
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind((host, port))
        squatter.listen()
        return int(squatter.getsockname()[1])

    yield squat
    for squatter in opened:
        squatter.close()


def can_bind(host: str, port: int) -> bool:
    """Whether somebody else could take this address now, with the option that shares what is only bound."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind((host, port))
        except OSError:
            return False
        return True


@pytest.mark.parametrize("host", FAMILIES.values())
def test_squatting(squat: Squat, host: str) -> None:
    """Attack 10, squatting ::1 (or 127.0.0.1): where one family is taken, neither is held and the start is refused."""
    port = squat(host)
    with pytest.raises(InputError, match=f"port {port} cannot be used: .*in use") as caught:
        open_listening(port)
    assert "--port" in caught.value.hint
    [free] = set(FAMILIES.values()) - {host}
    assert can_bind(free, port)


def test_both_families_are_held() -> None:
    """Attack 10, after the start nobody can take either address; after the end both are free."""
    opened = open_listening(0)
    assert {(each.family, each.getsockname()[0]) for each in opened.sockets} == set(FAMILIES.items())
    assert {each.getsockname()[1] for each in opened.sockets} == {opened.port}
    assert [can_bind(host, opened.port) for host in FAMILIES.values()] == [False, False]
    opened.close()
    opened.close()
    assert [can_bind(host, opened.port) for host in FAMILIES.values()] == [True, True]


def test_the_next_port_is_taken_and_told(squat: Squat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ports that are taken in one family are passed over, in order, and named; when all are, that is told."""
    first = squat("::1")
    monkeypatch.setattr(listening, "PORTS", range(first, first + 2))
    try:
        opened = open_listening()
    except InputError:  # somebody on this machine has the second
        pytest.skip("the port beside is taken")
    assert (opened.port, opened.taken) == (first + 1, (first,))
    with pytest.raises(InputError, match=f"none of the ports {first} to {first + 1}"):
        open_listening()
    opened.close()


def test_the_ports_of_chit() -> None:
    """Ten in a row, from the fixed one on."""
    assert (listening.PORTS[0], len(listening.PORTS)) == (DEFAULT_PORT, 10)


@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL])
def test_a_machine_without_ipv6(number: int) -> None:
    """Where there is no ::1 at all, whether the system lacks the family or only the address, 127.0.0.1 is enough."""

    class Odd(socket.socket):
        def bind(self, address: object) -> None:
            if number == errno.EADDRNOTAVAIL and self.family == socket.AF_INET6:
                raise OSError(number, "no such address")
            super().bind(address)  # type: ignore[arg-type] # as it came

    def make(family: socket.AddressFamily, kind: socket.SocketKind) -> socket.socket:
        if number == errno.EAFNOSUPPORT and family == socket.AF_INET6:
            raise OSError(number, "no such family")
        return Odd(family, kind)

    opened = open_listening(0, make_socket=make)
    assert [each.family for each in opened.sockets] == [socket.AF_INET]
    opened.close()


@pytest.mark.parametrize("failures", [3, 99])
def test_a_free_port_is_free_in_both_families(failures: int) -> None:
    """For port 0 another is tried where ::1 is taken on the first, but not for ever."""
    left = [failures]

    class Unlucky(socket.socket):
        def bind(self, address: object) -> None:
            if self.family == socket.AF_INET6 and left[0]:
                left[0] -= 1
                raise OSError(errno.EADDRINUSE, "in use")
            super().bind(address)  # type: ignore[arg-type] # as it came

    if failures == 3:
        opened = open_listening(0, make_socket=Unlucky)
        assert len(opened.sockets) == 2
        opened.close()
    else:
        with pytest.raises(InputError, match="port 0"):
            open_listening(0, make_socket=Unlucky)
