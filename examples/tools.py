"""A model that may look things up: functions with typed parameters, run until it has its answer."""

import asyncio
from typing import Annotated, Literal

import chit

STOCK = {"apple": 12, "pear": 0}


def count(fruit: Annotated[str, "its name, in the singular"]) -> int:
    """How many of a fruit are in stock."""
    return STOCK.get(fruit, 0)


async def order(fruit: str, size: Literal["crate", "pallet"] = "crate") -> str:
    """Order more of a fruit."""
    await asyncio.sleep(0)  # where a real one would talk to somebody
    return f"a {size} of {fruit} will come tomorrow"


async def main() -> None:
    """At most five steps, and not beyond ten cents."""
    async with chit.open() as app:
        reply = app.stream("Do we need fruit?", tools=[count, order], max_steps=5, max_cost="0.10")
        async for event in reply:
            if isinstance(event, chit.ToolEnded):
                print(f"{event.name} → {event.result}")
        message = await reply
        print(message)
        print("cost of all steps:", (await app.get_conversation(message)).cost)


asyncio.run(main())
