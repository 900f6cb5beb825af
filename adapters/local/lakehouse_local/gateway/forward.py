"""Requests that go on to the forward target as they are: Host and path kept, bodies streamed both ways."""

from types import TracebackType
from typing import Self

import aiohttp
from aiohttp import hdrs, web
from multidict import CIMultiDict
from yarl import URL

from lakehouse_local.gateway.guard import Keys

_CHUNK = 1 << 18
_HOP_BY_HOP = {
    name.lower()
    for name in (
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Upgrade",
        "Expect",
    )
}
_ISSUERS = {"sts", "iam"}


class Forward:
    """The way to one forward target; a context, within a running event loop."""

    def __init__(self, target: str, keys: Keys) -> None:
        self._target = target.rstrip("/")
        self._keys = keys
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=3),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            auto_decompress=False,
            skip_auto_headers=(hdrs.ACCEPT, hdrs.ACCEPT_ENCODING, hdrs.USER_AGENT, hdrs.CONTENT_TYPE),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def __call__(self, request: web.Request, service: str) -> web.StreamResponse:
        """Pass the request on and its answer back; 503 if the target does not answer."""
        assert self._session is not None  # noqa: S101 (the context is entered at start)
        try:
            async with self._session.request(
                request.method,
                URL(self._target + request.raw_path, encoded=True),
                headers=_end_to_end(request.headers),
                data=request.content if request.body_exists else None,
                allow_redirects=False,
            ) as answer:
                return await self._back(request, answer, service)
        except (aiohttp.ClientConnectorError, aiohttp.ServerDisconnectedError) as error:
            return web.Response(
                status=503,
                content_type="application/xml",
                text=f"<Error><Code>ServiceUnavailable</Code><Message>{self._target} does not answer "
                f"({type(error).__name__}); lakehouse status shows what runs</Message></Error>",
            )

    async def _back(self, request: web.Request, answer: aiohttp.ClientResponse, service: str) -> web.StreamResponse:
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_end_to_end(answer.headers))
        if service in _ISSUERS:
            body = await answer.read()
            self._keys.learn(body)
            await response.prepare(request)
            await response.write(body)
        else:
            await response.prepare(request)
            if request.method != hdrs.METH_HEAD:
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    await response.write(chunk)
        await response.write_eof()
        return response


def _end_to_end(headers: "aiohttp.typedefs.LooseHeaders") -> CIMultiDict[str]:
    """Headers without those that belong to one connection."""
    every = CIMultiDict(headers)
    named = {name.strip().lower() for name in every.get(hdrs.CONNECTION, "").split(",")}
    return CIMultiDict((name, value) for name, value in every.items() if name.lower() not in _HOP_BY_HOP | named)
