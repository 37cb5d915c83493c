"""The key in the middle of a chat: the vault may have been locked since its beginning."""

from chit.cli.typed_ahead import QuietTerminal
from chit.cli.unlocking import CommandKeys
from chit.errors import VaultLocked


async def find_key(keys: CommandKeys, quiet: QuietTerminal) -> None:
    """Ask for the passphrase where only that helps. A person who does not want to tell it stays in the chat.

    Raises as `CommandKeys.find`.
    """
    try:
        await keys.find(asks=False)
    except VaultLocked:
        if not keys.can_get_passphrase():
            raise
        await _ask(keys, quiet)


async def _ask(keys: CommandKeys, quiet: QuietTerminal) -> None:
    try:
        with quiet.lifted():
            await keys.find()
    except KeyboardInterrupt:
        raise VaultLocked(
            "the vault stays locked, so nothing was sent", hint="Send it again to be asked again."
        ) from None
