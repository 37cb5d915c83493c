"""A reply as a value: the type is told to the model, and what it says is checked against it."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Literal

import chit


@dataclass
class Review:
    """What somebody thinks of a film."""

    title: str
    verdict: Literal["good", "bad", "mixed"]
    stars: Annotated[int, "1 to 5", {"minimum": 1}]
    quote: str | None = None


async def main() -> None:
    """Read one review, and many at once."""
    async with chit.open() as app:
        try:
            message = await app.send("“Metropolis” is a marvel!", returns=Review)
        except chit.OutputInvalid as error:
            print(f"{error}\n{error.hint}\nIt said: {error.text}")
            return
        print(message.value.title, message.value.verdict, message.value.stars)
        several = await app.send("Make up some reviews.", returns=list[Review])
        print(len(several.value), "reviews for", several.cost)


asyncio.run(main())
