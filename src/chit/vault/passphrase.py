"""A passphrase that does not leak by accident."""

from typing import NoReturn

from chit.errors import InputError

_MAX_BYTES = 4096


class Passphrase:
    """What opens the vault file. Shown never; cannot be pickled, copied or formatted into text.

    It is used as it was typed, byte for byte: the `age` program must get the same.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Raises `InputError` if it is empty, longer than 4 KiB, or holds what no keyboard line can."""
        encoded = text.encode("utf-8", "surrogatepass")
        if not text or len(encoded) > _MAX_BYTES:
            raise InputError("a passphrase has 1 to 4096 characters", hint="Choose one of several random words.")
        if encoded != text.encode("utf-8", "replace") or any(character in text for character in "\0\r\n"):
            raise InputError("a passphrase is one line of text", hint="Leave out what cannot be typed.")
        self._text = text

    def reveal(self) -> bytes:
        """The passphrase itself, as UTF-8."""
        return self._text.encode()

    def __repr__(self) -> str:
        return "Passphrase(…)"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Passphrase cannot be pickled or copied")

    __copy__ = __reduce__

    def __deepcopy__(self, memo: object) -> NoReturn:
        self.__reduce__()
