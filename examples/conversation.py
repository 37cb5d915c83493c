"""A conversation with two branches, read back as the tree that it is."""

import asyncio

import chit


async def main() -> None:
    """Ask, go on, go back, and go on from there."""
    async with chit.open() as app:
        name = await app.send("Suggest a name for a cat.", system="Answer in one line.")
        await app.send("A longer one, please.", after=name)
        other = await app.send("A shorter one, please.", after=name)

        conversation = await app.get_conversation(other)
        for leaf in conversation.leaves:
            print(f"branch {leaf.id[-8:]}:")
            for message in conversation.branch(leaf):
                print(f"  {message.source}: {' '.join(message.text.split())[:60]}")
        print("cost of all branches:", conversation.cost)


asyncio.run(main())
