"""A PostgreSQL that somebody else runs: checked, never started or stopped."""

from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import extensions

from lakehouse_local.environment import PostgresPart
from lakehouse_local.providers import roles
from lakehouse_local.providers.errors import PostgresUnfit
from lakehouse_local.providers.passwords import passwords_of


class DsnPostgres:
    """The server behind a DSN (a URL or key=value).

    If its role may, database ``saas`` and the two roles are created on it; otherwise that role and its database are
    used for everything, which needs the REPLICATION attribute.
    """

    name = "dsn"

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def obstacle(self) -> str | None:
        """None: that it works is found out by ``start``, which says what does not."""
        return None

    def start(self, home: Path, why: str) -> PostgresPart:
        """Check the server and prepare it; PostgresUnfit with what it lacks."""
        try:
            dsn = str(extensions.make_dsn(self._dsn, connect_timeout=10))
            with closing(psycopg2.connect(dsn)) as connection, connection.cursor() as cursor:
                cursor.execute("SHOW wal_level")
                level = str(cursor.fetchone()[0])  # type: ignore[index]
                cursor.execute(
                    "SELECT rolname, rolsuper, rolsuper OR (rolcreaterole AND rolcreatedb AND rolreplication),"
                    " rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user"
                )
                role, superuser, creates, replicates = cursor.fetchone() or ("", False, False, False)
                version = connection.info.parameter_status("server_version")
                encrypted = connection.info.ssl_in_use
        except psycopg2.Error as error:
            raise PostgresUnfit(
                f"the PostgreSQL of LAKEHOUSE_POSTGRES does not let us in: {str(error).strip()}",
                hint="check host, port, user, password and sslmode of the DSN with psql",
            ) from None
        if level != "logical":
            raise PostgresUnfit(
                f"that PostgreSQL has wal_level={level}; change capture needs logical",
                hint="ALTER SYSTEM SET wal_level = logical, then restart that server",
            )
        tls = f"{extensions.parse_dsn(dsn).get('sslmode', 'prefer')} as the DSN says" if encrypted else "none"
        if creates or superuser:
            passwords = passwords_of(home)
            return PostgresPart(
                provider=self.name,
                why=why,
                version=roles.prepare(dsn, passwords),
                dsn=roles.dsn_of(dsn, roles.APP, passwords.app),
                capture_dsn=roles.dsn_of(dsn, roles.CAPTURE, passwords.capture),
                tls=tls,
            )
        if not replicates:
            raise PostgresUnfit(
                f"role {role} may neither create roles and databases nor replicate",
                hint=f"as a superuser: ALTER ROLE {role} REPLICATION (or a DSN of a role that may create roles)",
            )
        return PostgresPart(
            provider=self.name,
            why=f"{why}; {role} may not create roles and is used for everything",
            version=f"PostgreSQL {version}",
            dsn=dsn,
            capture_dsn=dsn,
            tls=tls,
        )

    def ended(self) -> str | None:
        """None: it is not ours to watch."""
        return None

    def stop(self) -> None:
        """Nothing: it is not ours to stop."""

    def discard(self, home: Path) -> None:
        """Nothing: its data is not ours."""
