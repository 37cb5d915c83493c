"""The least that a relay can be: aiohttp on both sides, bytes passed through as they come, nothing kept.

`python -m bench.api_relay UPSTREAM` serves `/v1/chat/completions` until it is ended and prints its address first. With
`fresh` after it, each call has a connection of its own, as Chit's paid calls have (promise G5).
"""

import asyncio
import sys

import aiohttp
from aiohttp import web

from bench.measure import CANARY

_PATH = "/chat/completions"


async def _serve(upstream: str, *, fresh: bool) -> None:
    headers = {"Authorization": f"Bearer {CANARY}", "Content-Type": "application/json"}
    connector, timeout = aiohttp.TCPConnector(limit=0, force_close=fresh), aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:

        async def relay(request: web.Request) -> web.StreamResponse:
            async with session.post(upstream + _PATH, data=await request.read()) as reply:
                kind = {"Content-Type": reply.headers["Content-Type"]}
                if reply.content_type != "text/event-stream":
                    return web.Response(status=reply.status, headers=kind, body=await reply.read())
                response = web.StreamResponse(status=reply.status, headers=kind)
                await response.prepare(request)
                async for data in reply.content.iter_any():
                    await response.write(data)
                await response.write_eof()
                return response

        app = web.Application()
        app.router.add_post(f"/v1{_PATH}", relay)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], fresh="fresh" in sys.argv[2:]))
