"""Everything that can go wrong, as one tree. Every error says what happened, what to do, and where.

    ChitError                 kind, message, hint, link, actions
    ├── InputError            what the person or program gave us cannot be used
    │   ├── TooLarge              more than there is room for
    │   └── KindNotTaken          a file of a kind that models do not read
    ├── KeyUnavailable        no usable key on this side: missing, malformed, readable by others
    │   ├── KeyNotFound       keys are kept here, but none of this name or for this base URL
    │   ├── KeychainUnusable  the system's keychain is missing, refused, locked or too slow
    │   └── VaultError        the vault file, or what guards it, cannot do what was asked
    │       ├── VaultLocked       its passphrase is needed
    │       ├── WrongPassphrase   it does not open with this one
    │       ├── TooManyTries      wrong ones came too fast; nothing was tried
    │       ├── VaultDamaged      not a vault file, or not whole
    │       └── VaultTooCostly    opening it would take more memory or time than any vault of ours
    ├── UpstreamError         OpenRouter, a provider or the network refused, failed or broke off
    ├── OutputInvalid         a reply is not of the type that was asked for
    ├── LimitReached          a reply with tools would have gone on beyond its limit
    └── StoreError            the local database or its folder
        ├── NotFound          no such message, conversation or generation
        ├── StoreUnreadable   cannot be opened: permissions, not a database, a folder in its place
        ├── StoreDamaged      opened, but its pages or rows do not hold together
        ├── StoreTooNew       written by a later Chit
        └── DiskFull          nothing more can be saved; what is saved stays readable

Mistakes of the programmer (a closed app used again, a wrong argument type) are `RuntimeError` or `TypeError` and are
never caught together with these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

ActionKind = Literal["retry", "retry_with", "open_link", "switch_model", "unlock", "add_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a person can do about an error, in a form a button can carry."""

    kind: ActionKind
    label: str
    """What the button says."""
    url: str | None = None
    """The page to open, for `open_link`."""
    changes: Mapping[str, Any] | None = None
    """Request parameters to change before sending again, for `retry_with`: a JSON Merge Patch, but that `plugins` are
    united with those of the request by their `id`."""
    models: tuple[str, ...] = ()
    """Model ids to offer, for `switch_model`."""

    def as_dict(self) -> dict[str, Any]:
        """JSON form; members that do not apply are left out."""
        shown: dict[str, Any] = {"kind": self.kind, "label": self.label}
        if self.url is not None:
            shown["url"] = self.url
        if self.changes is not None:
            shown["changes"] = dict(self.changes)
        if self.models:
            shown["models"] = list(self.models)
        return shown


class ChitError(Exception):
    """An error a person can act on.

    `kind` is a stable word for programs, `message` the cause in plain words, `hint` what to do about it, `link` the
    page that fixes it, `actions` the same as data. Where a reply went wrong, `message_id` names what is kept of it.
    """

    kind = "unknown"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        kind: str | None = None,
        link: str | None = None,
        actions: tuple[Action, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.kind = kind or self.kind
        self.link = link
        self.actions = actions
        self.message_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The `error` object of `chit ask --json`: every member present, unknown ones null."""
        return {
            "kind": self.kind,
            "message": self.message,
            "hint": self.hint,
            "link": self.link,
            "actions": [action.as_dict() for action in self.actions],
            "status": None,
            "code": None,
            "provider": None,
            "retryable": False,
            "retry_after": None,
            "raw": None,
        }


class InputError(ChitError):
    """Something given to us cannot be used: an empty prompt, a malformed file, an unknown option value."""

    kind = "input_invalid"


class TooLarge(InputError):
    """More than there is room for."""

    kind = "too_large"


class KindNotTaken(InputError):
    """A file of a kind that models do not read."""

    kind = "kind_not_taken"


class KeyUnavailable(ChitError):
    """No usable key on this side; nothing was sent."""

    kind = "key_missing"


class KeyNotFound(KeyUnavailable):
    """Keys are kept here, but none of this name or none for this base URL: a key only goes where it was stored for."""

    kind = "key_not_found"


class KeychainUnusable(KeyUnavailable):
    """The system's keychain is missing, refused, locked or too slow. A lookup goes on without it; its status tells."""

    kind = "keychain_unusable"


class VaultError(KeyUnavailable):
    """The vault file, or what guards it, cannot do what was asked."""

    kind = "vault"


class VaultLocked(VaultError):
    """The vault file's passphrase is needed."""

    kind = "locked"


class WrongPassphrase(VaultError):
    """The vault file does not open with this passphrase."""

    kind = "wrong_passphrase"


class TooManyTries(VaultError):
    """Wrong passphrases came too fast. Nothing was tried; `retry_after` says in how many seconds the next may be."""

    kind = "too_many_tries"

    def __init__(self, message: str, *, hint: str, retry_after: float) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after

    def as_dict(self) -> dict[str, Any]:
        """The `error` object of `chit ask --json`."""
        return super().as_dict() | {"retryable": True, "retry_after": self.retry_after}


class VaultDamaged(VaultError):
    """What lies in the vault file's place is none, or is not whole. It is never changed."""

    kind = "vault_damaged"


class VaultTooCostly(VaultError):
    """Opening the vault file would take more memory or time than any of ours (security and reliability §1)."""

    kind = "vault_too_costly"


class UpstreamError(ChitError):
    """OpenRouter, a provider behind it, or the network between refused, failed or broke off.

    Built by `core.guidance`, never by hand elsewhere. `status` is HTTP's (None if no reply came), `code` the body's own
    (integer or string), `raw` the body as received, else what the connection reported, `retry_after` seconds.
    `meant_status` is the status that a code or type in the body stands for where HTTP said that all was well, else
    `status`.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        hint: str,
        link: str | None = None,
        actions: tuple[Action, ...] = (),
        status: int | None = None,
        meant_status: int | None = None,
        code: int | str | None = None,
        provider: str | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        raw: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, kind=kind, link=link, actions=actions)
        self.status = status
        self.meant_status = status if meant_status is None else meant_status
        self.code = code
        self.provider = provider
        self.retryable = retryable
        self.retry_after = retry_after
        self.raw = raw

    def as_dict(self) -> dict[str, Any]:
        """The `error` object of `chit ask --json`."""
        return super().as_dict() | {
            "status": self.status,
            "code": self.code,
            "provider": self.provider,
            "retryable": self.retryable,
            "retry_after": self.retry_after,
            "raw": self.raw,
        }


class OutputInvalid(ChitError):
    """A reply is not of the type that was asked for. `text` is what it says instead."""

    kind = "schema_mismatch"

    def __init__(self, message: str, *, hint: str, text: str) -> None:
        super().__init__(message, hint=hint)
        self.text = text


class LimitReached(ChitError):
    """A reply with tools would have gone on beyond its limit of steps or cost. What came before is kept."""

    kind = "limit_reached"


class StoreError(ChitError):
    """The local database or its folder cannot do what was asked."""

    kind = "store"


class NotFound(StoreError):
    """No such message, conversation or generation."""

    kind = "not_found"


class WasPrivate(NotFound):
    """A private conversation of which nothing is known any more but what it cost."""

    kind = "was_private"


class StoreUnreadable(StoreError):
    """The database cannot be opened at all."""

    kind = "store_unreadable"


class StoreDamaged(StoreError):
    """The database opened, but its content does not hold together. Never papered over."""

    kind = "store_damaged"


class StoreTooNew(StoreError):
    """The database was written by a later version of Chit."""

    kind = "store_too_new"


class DiskFull(StoreError):
    """Nothing more can be saved; what is saved stays readable."""

    kind = "disk_full"
