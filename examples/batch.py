"""Many questions beside each other, at most eight at a time; what fails is told, and the sum is exact."""

import asyncio

import chit

QUESTIONS = [f"What is {n} times {n}?" for n in range(20)]


async def main() -> None:
    """Ask them all."""
    gate = asyncio.Semaphore(8)

    async with chit.open() as app:

        async def ask(question: str) -> chit.Message | None:
            async with gate:
                try:
                    return await app.send(question)
                except chit.UpstreamError as error:
                    print(f"{question} {error} {error.hint}")
                    return None

        replies = await asyncio.gather(*map(ask, QUESTIONS))
        print(sum(reply is not None for reply in replies), "of", len(QUESTIONS), "answered")
        costs = await app.sum_costs(by="model", origin="library")
        for model, cost in costs.parts.items():
            print(f"{model}: ${cost}")
        print("pending:", costs.pending)


asyncio.run(main())
