"""The dashboard, live: built again whenever a run has ended, on loopback alone."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

HOST = "127.0.0.1"
_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Live:
    """A page and the run that it shows."""

    run: int
    page: str


def serve(
    live: Live, port: int, newest: Callable[[], int], build: Callable[[], Live], ready: Callable[[str], None]
) -> None:
    """Answer until interrupted.

    Args:
        live: the first page.
        port: where to listen; 0 for a free one.
        newest: the number of the lake's newest run.
        build: makes the page anew.
        ready: told the address.
    """
    stop = threading.Event()

    class Handler(_Handler):
        shown = live

    with ThreadingHTTPServer((HOST, port), Handler) as server:
        Handler.hosts = (f"{HOST}:{server.server_port}", f"localhost:{server.server_port}")
        answering = threading.Thread(target=server.serve_forever, daemon=True)
        answering.start()
        ready(f"http://{HOST}:{server.server_port}/")
        try:
            while not stop.wait(_LOOK_SECONDS):
                if newest() != Handler.shown.run:
                    Handler.shown = build()
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    """Two addresses: the page, and the number of its run; asked for by another name, neither (DNS rebinding)."""

    shown: ClassVar[Live]
    hosts: ClassVar[tuple[str, ...]] = ()

    def do_GET(self) -> None:
        """Answer."""
        if self.headers.get("Host") not in self.hosts:
            self._answer(403, "text/plain", "this server answers to its own address alone\n")
        elif self.path == "/":
            self._answer(200, "text/html", self.shown.page)
        elif self.path == "/run":
            self._answer(200, "text/plain", str(self.shown.run))
        else:
            self._answer(404, "text/plain", "there are / and /run\n")

    def _answer(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Say nothing: the terminal is for runs."""
