"""PostgreSQL 15 in a container of our own image."""

from pathlib import Path
from typing import Any

from psycopg2 import extensions

from lakehouse_local.environment import PostgresPart
from lakehouse_local.providers import certificates, containers, process, roles
from lakehouse_local.providers.errors import ServerNotStarted
from lakehouse_local.providers.passwords import passwords_of
from lakehouse_local.providers.place import home_id

IMAGE = "lakehouse/postgres:15"


class DockerPostgres:
    """A container whose data lives in a named volume of the home."""

    name = "docker"

    def __init__(self) -> None:
        self._container: Any = None

    def obstacle(self) -> str | None:
        """Why a container cannot be started; None if it can."""
        return containers.obstacle(IMAGE)

    def start(self, home: Path, why: str) -> PostgresPart:
        """Start the container with TLS, its port on loopback only."""
        containers.stay_on_loopback()
        from testcontainers.community.postgres import PostgresContainer  # noqa: PLC0415 (reads the settings above)

        containers.remove_leftovers(home, IMAGE)
        passwords = passwords_of(home)
        issued = certificates.issue(process.LOOPBACK)
        authority = home / "postgres-authority.crt"
        authority.write_bytes(issued.authority)
        port = process.port_for(home, "postgres")
        container = PostgresContainer(
            IMAGE,
            username=roles.ADMIN,
            password=passwords.admin,
            dbname="postgres",
            driver=None,
            labels={containers.HOME_LABEL: str(home)},
        )
        container.ports = {"5432": (process.LOOPBACK, port)}  # type: ignore[dict-item]  # docker-py takes address and port
        container.with_volume_mapping(_volume(home), "/var/lib/postgresql/data", "rw")
        # Clients come through the engine's bridge; the published port is on loopback.
        rules = roles.host_rules(tls=True, clients="all").encode()
        for name, content in (
            ("pg_hba.conf", rules),
            ("server.crt", issued.server),
            ("server.key", issued.key),
        ):
            container.with_copy_into_container(content, f"/etc/lakehouse/{name}", 0o600)
        self._container = container
        try:
            container.start()
        except Exception as error:
            tail = containers.container_ended(container) if container._container else None  # noqa: SLF001 (no public test)
            self.stop()
            raise ServerNotStarted(
                f"the container of {IMAGE} did not start: {tail or error}",
                hint="LAKEHOUSE_POSTGRES=installed or embedded",
            ) from error
        admin = extensions.make_dsn(
            host=process.LOOPBACK,
            port=port,
            dbname="postgres",
            user=roles.ADMIN,
            password=passwords.admin,
            connect_timeout=10,
            sslmode="verify-full",
            sslrootcert=str(authority),
        )
        return PostgresPart(
            provider=self.name,
            why=why,
            version=roles.prepare(admin, passwords),
            dsn=roles.dsn_of(admin, roles.APP, passwords.app),
            capture_dsn=roles.dsn_of(admin, roles.CAPTURE, passwords.capture),
            tls="verify-full",
        )

    def ended(self) -> str | None:
        """Why the container no longer runs; None while it does."""
        return containers.container_ended(self._container) if self._container else "the container was not started"

    def stop(self) -> None:
        """Shut PostgreSQL down in an orderly way and remove the container; the volume stays."""
        if self._container is None:
            return
        if self._container._container is not None:  # noqa: SLF001 (stop() of the library kills at once)
            self._container.get_wrapped_container().stop(timeout=30)
        self._container.stop(delete_volume=False)
        self._container = None

    def discard(self, home: Path) -> None:
        """Remove the volume."""
        containers.remove_volume(_volume(home))


def _volume(home: Path) -> str:
    return f"lakehouse-{home_id(home)}"
