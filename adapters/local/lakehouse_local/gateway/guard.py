"""Who may talk to the endpoint: programs of this machine that know its key, and no web page of somewhere else.

A page of another site can reach loopback through a browser: by a name that it makes point here (the Host is checked),
or by a cross-site request (the Origin is).
"""

import re
import threading
from urllib.parse import urlsplit

_LOCAL = re.compile(
    r"(?:.+\.)?localhost"
    r"|(?:.+\.)?localhost\.localstack\.cloud"  # LocalStack's name of 127.0.0.1, for buckets as hosts
    r"|(?:.+\.)?s3(?:[.-][a-z0-9-]+)?\.amazonaws\.com"  # a bucket's name at AWS, sent here by a client's proxy setting
    r"|127\.0\.0\.1|\[::1\]",
    re.IGNORECASE,
)
_ISSUED = re.compile(rb"<AccessKeyId>([A-Z0-9]+)</AccessKeyId>")


def is_local(host: str) -> bool:
    """Whether a Host header names this machine.

    >>> is_local("127.0.0.1:4566"), is_local("lake.s3.localhost.localstack.cloud:4566"), is_local("rebind.example:80")
    (True, True, False)
    """
    return _LOCAL.fullmatch(re.sub(r":\d+$", "", host)) is not None


def is_local_origin(origin: str) -> bool:
    """Whether an Origin header names a page of this machine.

    >>> is_local_origin("http://localhost:3000"), is_local_origin("https://evil.example"), is_local_origin("null")
    (True, False, False)
    """
    return is_local(urlsplit(origin).netloc)


class Keys:
    """The access keys that open the endpoint: its own, and those that the forward target's STS and IAM hand out."""

    def __init__(self, own: str) -> None:
        self._known = {own}
        self._lock = threading.Lock()

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def learn(self, body: bytes) -> None:
        """Take the keys in an answer of STS or IAM."""
        with self._lock:
            self._known.update(key.decode() for key in _ISSUED.findall(body))
