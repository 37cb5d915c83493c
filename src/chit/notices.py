"""In-process publish and subscribe: what has changed, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass

from chit.core.balance import Balance
from chit.errors import ChitError


@dataclass(frozen=True, slots=True)
class GenerationEnded:
    """A generation has ended; its settlement, if it has an id, can begin."""

    message_id: str
    generation_id: str | None
    error: ChitError | None = None
    """What went wrong, if it ended in this process and did."""


@dataclass(frozen=True, slots=True)
class SettlementChanged:
    """A generation's record arrived, or the search for it was given up."""

    generation_id: str


@dataclass(frozen=True, slots=True)
class SessionRevoked:
    """A browser was signed out; what it still receives ends now."""

    hash: str


@dataclass(frozen=True, slots=True)
class LockChanged:
    """The vault was locked, or unlocked, by whatever way."""

    is_locked: bool


@dataclass(frozen=True, slots=True)
class KeysChanged:
    """A key was stored or deleted here."""


@dataclass(frozen=True, slots=True)
class HomeChanged:
    """Another home's history is shown from now on: that of the sandbox, or the person's own."""

    is_sandbox: bool


@dataclass(frozen=True, slots=True)
class PrefsChanged:
    """Preferences were changed here."""


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """The balance was asked for, here or by another process; its age is news too."""

    balance: Balance


Notice = (
    GenerationEnded
    | SettlementChanged
    | BalanceChanged
    | SessionRevoked
    | LockChanged
    | KeysChanged
    | HomeChanged
    | PrefsChanged
)


class Notices:
    """Calls every subscriber, in the order of subscribing, on the event loop."""

    def __init__(self) -> None:
        self._subscribers: dict[object, Callable[[Notice], None]] = {}

    def publish(self, notice: Notice) -> None:
        """Tell everyone who is subscribed now."""
        for subscriber in list(self._subscribers.values()):
            subscriber(notice)

    def subscribe(self, subscriber: Callable[[Notice], None]) -> Callable[[], None]:
        """Call `subscriber` from now on; the returned function ends that."""
        subscription = object()  # one subscriber may subscribe twice
        self._subscribers[subscription] = subscriber

        def unsubscribe() -> None:
            self._subscribers.pop(subscription, None)

        return unsubscribe
