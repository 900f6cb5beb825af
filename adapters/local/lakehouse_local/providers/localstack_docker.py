"""LocalStack in a container of our own image."""

import warnings
from pathlib import Path
from typing import Any

from lakehouse_local.environment import S3Part
from lakehouse_local.providers import containers, localstack, process
from lakehouse_local.providers.errors import ServerNotStarted

IMAGE = "lakehouse/localstack:4.5"


class DockerLocalStack:
    """LocalStack as a container; its objects end with it."""

    name = "docker"
    keeps_data = False

    def __init__(self) -> None:
        self._container: Any = None

    def obstacle(self) -> str | None:
        """Why a container cannot be started; None if it can."""
        return containers.obstacle(IMAGE)

    def start(self, home: Path, why: str) -> S3Part:
        """Start the container, its port on loopback only."""
        containers.stay_on_loopback()
        from testcontainers.community.localstack import LocalStackContainer  # noqa: PLC0415 (reads the settings above)

        containers.remove_leftovers(home, IMAGE)
        port = process.port_for(home, "s3")
        container = LocalStackContainer(IMAGE, region_name="us-west-2", labels={containers.HOME_LABEL: str(home)})
        container.ports = {"4566": (process.LOOPBACK, port)}  # type: ignore[dict-item]  # docker-py takes address and port
        self._container = container
        endpoint = f"http://{process.LOOPBACK}:{port}"
        try:
            with warnings.catch_warnings():
                # The library's own container still waits in the way that it deprecates.
                warnings.simplefilter("ignore", DeprecationWarning)
                container.start(timeout=120)
            version = localstack.health(endpoint)
        except Exception as error:
            self.stop()
            raise ServerNotStarted(
                f"the container of {IMAGE} did not start: {error}", hint="LAKEHOUSE_S3=localstack"
            ) from error
        return localstack.part(self.name, why, version, endpoint)

    def ended(self) -> str | None:
        """Why the container no longer runs; None while it does."""
        return containers.container_ended(self._container) if self._container else "the container was not started"

    def stop(self) -> None:
        """Remove the container; objects that were not exported are gone."""
        if self._container is not None:
            self._container.stop()
            self._container = None

    def discard(self, home: Path) -> None:
        """Nothing: the container took everything with it."""
