"""How a test runs a program of the clients' environment."""

import subprocess
from collections.abc import Callable

Client = Callable[..., subprocess.CompletedProcess[str]]
"""Takes a program and its arguments, and ``ok``: whether it must succeed (the default) or fail."""
