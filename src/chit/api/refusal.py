"""A call that is turned away by us: what it is told, in the shape that its caller knows."""

from collections.abc import Mapping


class ApiRefusal(Exception):
    """Raised by a check or a handler: answer with this, and do nothing else."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        hint: str = "",
        link: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """`code` is a stable word for programs."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.hint = hint
        self.link = link
        self.headers = dict(headers or {})
