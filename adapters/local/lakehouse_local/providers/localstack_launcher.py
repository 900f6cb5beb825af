"""Runs LocalStack bound to loopback; executed by LocalStack's own interpreter, not by ours.

LocalStack 4.5 listens on every interface whatever GATEWAY_LISTEN says: it gives Twisted a port and no interface.
"""

import functools

from twisted.internet import endpoints  # type: ignore[import-not-found]

endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

from localstack.runtime.main import main  # type: ignore[import-not-found]  # noqa: E402 (after the interface is in place)

main()
