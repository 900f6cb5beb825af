"""A proxy before a real S3, on loopback, that does something bad to one request: the Nth of a method and a key."""

import asyncio
import re
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import aiohttp
from aiohttp import web
from yarl import URL

from lakehouse_local.environment import S3Part

STALL_SECONDS = 3.0
_PER_CONNECTION = {"connection", "transfer-encoding", "content-length", "keep-alive", "expect"}


class Answer(NamedTuple):
    """What S3 said."""

    status: int
    headers: dict[str, str]
    body: bytes


Forward = Callable[[], Awaitable[Answer]]
Fault = Callable[[web.Request, Forward], Awaitable[web.StreamResponse]]


@dataclass
class Rule:
    """The request that a fault befalls; ``fired`` says whether it has."""

    call: str
    nth: int
    fault: Fault
    seen: int = 0
    fired: bool = False

    def hits(self, request: web.Request) -> bool:
        """Whether this is the one (``call`` is a pattern of ``METHOD /bucket/key?query``)."""
        if not re.search(self.call, f"{request.method} {request.raw_path}"):
            return False
        self.seen += 1
        if self.seen == self.nth:
            self.fired = True
            return True
        return False


@dataclass
class Proxy:
    """The proxy; without a rule it passes everything on."""

    part: S3Part
    rule: Rule | None = None
    calls: list[str] = field(default_factory=list)


def cut(request: web.Request) -> web.Response:
    """Reset the connection: what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


def _error(status: int, code: str) -> web.Response:
    return web.Response(
        status=status,
        content_type="application/xml",
        text=f"<Error><Code>{code}</Code><Message>chaos</Message></Error>",
    )


def answers(status: int, code: str, *, stored: bool = False) -> Fault:
    """S3 answers with an error, before it has done what was asked or after."""

    async def fault(_: web.Request, forward: Forward) -> web.StreamResponse:
        if stored:
            await forward()
        return _error(status, code)

    return fault


def reset(*, stored: bool = False, after_seconds: float = 0) -> Fault:
    """The connection breaks, at once or after a silence, before S3 has done what was asked or after."""

    async def fault(request: web.Request, forward: Forward) -> web.StreamResponse:
        if stored:
            await forward()
        await asyncio.sleep(after_seconds)
        return cut(request)

    return fault


async def short(request: web.Request, forward: Forward) -> web.StreamResponse:
    """Half of the answer's body comes, then the connection breaks."""
    answer = await forward()
    if not answer.body:
        return cut(request)
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    return cut(request)


async def slow(request: web.Request, forward: Forward) -> web.StreamResponse:
    """The answer comes in pieces, with pauses."""
    answer = await forward()
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await asyncio.sleep(0.5)
    await response.prepare(request)
    size = max(1, len(answer.body) // 4)
    for at in range(0, len(answer.body), size):
        await response.write(answer.body[at : at + size])
        await asyncio.sleep(0.1)
    await response.write_eof()
    return response


FAULTS: dict[str, Fault] = {
    "500": answers(500, "InternalError"),
    "500 after storing": answers(500, "InternalError", stored=True),
    "503": answers(503, "SlowDown"),
    "403": answers(403, "AccessDenied"),
    "reset": reset(),
    "reset after storing": reset(stored=True),
    "silence": reset(after_seconds=STALL_SECONDS),
    "silence after storing": reset(stored=True, after_seconds=STALL_SECONDS),
    "short": short,
    "slow": slow,
}
CONDITIONAL: dict[str, Fault] = {
    "409": answers(409, "ConditionalRequestConflict"),
    "412 of its own object": answers(412, "PreconditionFailed", stored=True),
}
"""What S3 says only of writes with If-None-Match."""


@contextmanager
def proxied(part: S3Part) -> Iterator[Proxy]:
    """A proxy before that S3 for as long as the block lasts; ``Proxy.part`` is where it listens."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="S3 proxy", daemon=True)
    thread.start()

    async def start() -> tuple[web.AppRunner, aiohttp.ClientSession, Proxy]:
        session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=60))
        proxy = Proxy(part)

        async def handle(request: web.Request) -> web.StreamResponse:
            return await _handle(proxy, part.endpoint, session, request)

        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.part = replace(part, endpoint=f"http://127.0.0.1:{runner.addresses[0][1]}")
        return runner, session, proxy

    runner, session, proxy = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    try:
        yield proxy
    finally:

        async def stop() -> None:
            await runner.cleanup()
            await session.close()

        asyncio.run_coroutine_threadsafe(stop(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _handle(
    proxy: Proxy, target: str, session: aiohttp.ClientSession, request: web.Request
) -> web.StreamResponse:
    body = await request.read()

    async def forward() -> Answer:
        async with session.request(
            request.method,
            URL(target + request.raw_path, encoded=True),
            headers={name: value for name, value in request.headers.items() if name.lower() not in _PER_CONNECTION},
            data=body,
            allow_redirects=False,
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _PER_CONNECTION}
            if request.method == "HEAD":
                kept["Content-Length"] = answer.headers.get("Content-Length", "0")
            return Answer(answer.status, kept, await answer.read())

    if (rule := proxy.rule) is not None and rule.hits(request):
        return await rule.fault(request, forward)
    answer = await forward()
    if request.method == "HEAD":
        return web.Response(status=answer.status, headers=answer.headers)
    return web.Response(status=answer.status, headers=answer.headers, body=answer.body)
