"""From a libpq DSN to Django's way of naming a database."""

from typing import Any

from psycopg2 import ProgrammingError
from psycopg2.extensions import parse_dsn

from source_app.errors import DatabaseUnreachable

_DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}


def django_database(dsn: str) -> dict[str, Any]:
    """The entry of ``DATABASES`` for a DSN; what Django has no name for (TLS, timeouts) goes to libpq as it is."""
    try:
        parts = parse_dsn(dsn)
    except ProgrammingError:
        # The DSN holds a password: it is not repeated.
        raise DatabaseUnreachable("the DSN cannot be parsed", "host=127.0.0.1 port=5432 dbname=saas user=...") from None
    options = {name: value for name, value in parts.items() if name not in _DJANGO_NAMES}
    named = {_DJANGO_NAMES[name]: value for name, value in parts.items() if name in _DJANGO_NAMES}
    return {"ENGINE": "django.db.backends.postgresql", **named, "OPTIONS": options}
