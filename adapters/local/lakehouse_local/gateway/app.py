"""The HTTP application: checks, routes, and runs our services' operations in threads."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp import web

from lakehouse_local.gateway import health
from lakehouse_local.gateway.answer import CONTENT_TYPE, Answer, Answerer, refusal
from lakehouse_local.gateway.forward import Forward
from lakehouse_local.gateway.guard import Keys, is_local, is_local_origin
from lakehouse_local.gateway.routing import S3, route

LARGEST_REQUEST = 16 << 20
"""Bytes of a request to a service of our own; objects of S3 are not limited."""
_THREADS = 32


class Gateway:
    """One endpoint's application over its services and its forward target."""

    def __init__(self, answerers: Mapping[str, Answerer], target: str, access_key: str) -> None:
        self._answerers = answerers
        self._keys = Keys(access_key)
        self._forward = Forward(target, self._keys)
        self._target = target
        self._threads = ThreadPoolExecutor(_THREADS, "operation")

    def application(self) -> web.Application:
        """The application, to be run in an event loop."""
        application = web.Application(client_max_size=LARGEST_REQUEST)
        application.router.add_get(health.PATH, self._health)
        application.router.add_route("*", "/{path:.*}", self._any)
        application.cleanup_ctx.append(self._life)
        return application

    async def _life(self, _: web.Application) -> AsyncIterator[None]:
        async with self._forward:
            yield
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _any(self, request: web.Request) -> web.StreamResponse:
        where = route(request.headers, request.query)
        ours = self._answerers.get(where.service)
        if obstacle := _not_from_here(request):
            return _said(refusal("AccessDeniedException", obstacle, 403), ours)
        if where.access_key is None and (ours or where.service != S3):
            return _said(refusal("MissingAuthenticationTokenException", "the request is not signed", 403), ours)
        if where.access_key is not None and where.access_key not in self._keys:
            return _said(
                refusal(
                    "UnrecognizedClientException" if where.service != S3 else "InvalidAccessKeyId",
                    'the access key is not this endpoint\'s; eval "$(lakehouse env)" sets the right one',
                    403,
                ),
                ours or (None if where.service == S3 else self._answerers),
            )
        if ours is None:
            return await self._forward(request, where.service)
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            text = f"a request may have {LARGEST_REQUEST} bytes"
            return _said(refusal("RequestEntityTooLargeException", text, 413), ours)
        target = request.headers.get("X-Amz-Target", "")
        loop = asyncio.get_running_loop()
        return _said(await loop.run_in_executor(self._threads, partial(ours, target, body)), ours)

    async def _health(self, request: web.Request) -> web.StreamResponse:
        if obstacle := _not_from_here(request):
            return _said(refusal("AccessDeniedException", obstacle, 403), self._answerers)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, partial(health.report, self._answerers, self._target))
        if "text/html" in request.headers.get("Accept", ""):
            return web.Response(text=health.html(found), content_type="text/html")
        return web.json_response(found)


def _not_from_here(request: web.Request) -> str | None:
    if not is_local(request.host):
        return f"the endpoint answers to loopback names alone, not to {request.host!r}"
    origin = request.headers.get("Origin")
    if origin is not None and not is_local_origin(origin):
        return f"pages of {origin!r} may not use the endpoint"
    return None


def _said(answer: Answer, as_json: object) -> web.Response:
    """The answer over HTTP: JSON for our services, S3's XML for S3."""
    headers = {"x-amzn-RequestId": answer.request_id}
    if as_json:
        return web.Response(status=answer.status, body=answer.body, headers=headers, content_type=CONTENT_TYPE)
    error = json.loads(answer.body)
    text = f"<Error><Code>{error['__type']}</Code><Message>{health.escaped(error['message'])}</Message></Error>"
    return web.Response(status=answer.status, text=text, headers=headers, content_type="application/xml")
