"""Messages between the service and its query processes: JSON with its length before it, over a socket."""

import json
import socket
import struct
from typing import Any

_LENGTH = struct.Struct("!I")
LIMIT_BYTES = 64 * 2**20


class Gone(Exception):
    """The other side has ended."""


def send(channel: socket.socket, message: Any) -> None:
    """Send one message; Gone if nobody is there."""
    body = json.dumps(message).encode()
    try:
        channel.sendall(_LENGTH.pack(len(body)) + body)
    except (BrokenPipeError, ConnectionResetError):
        raise Gone from None


def receive(channel: socket.socket) -> Any:
    """The next message; Gone if the other side ended, TimeoutError if the socket's timeout passed."""
    (size,) = _LENGTH.unpack(_exactly(channel, _LENGTH.size))
    if size > LIMIT_BYTES:
        raise Gone
    return json.loads(_exactly(channel, size))


def _exactly(channel: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = channel.recv(min(size - len(parts), 1 << 20))
        except ConnectionResetError:
            raise Gone from None
        if not part:
            raise Gone
        parts += part
    return bytes(parts)
