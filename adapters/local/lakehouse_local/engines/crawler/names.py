"""How a crawler names tables."""

import hashlib
import re

_MAX = 128


def table_name(prefix: str, folder: str) -> str:
    """Prefix and folder in lower case, everything but letters, digits and underscores replaced by an underscore.

    >>> table_name("raw_", "Core-Tenant.v2")
    'raw_core_tenant_v2'
    """
    return re.sub(r"[^a-z0-9_]", "_", (prefix + folder).lower())[:_MAX]


def distinct(name: str, location: str) -> str:
    """The name of a second table of the same folder name: a hash of its place follows."""
    mark = hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()
    return f"{name[: _MAX - len(mark) - 1]}_{mark}"
