"""A reply as it comes, then its receipt, first as reported, then as OpenRouter's own record has it."""

import asyncio

import chit


async def main() -> None:
    """Ask, show, settle."""
    async with chit.open() as app:
        reply = app.stream("Tell me a story in three sentences.")
        async for text in reply.texts():
            print(text, end="", flush=True)
        print()
        message = await reply
        print("reported:", message.cost)
        settled = await message.settled()
        print("settled:", settled.settled_cost, "by", settled.provider)


asyncio.run(main())
