"""What the two container providers share: our images, loopback ports, and cleaning up after a killed supervisor."""

import os
from pathlib import Path
from typing import Any

HOME_LABEL = "lakehouse.home"


def obstacle(image: str) -> str | None:
    """Why containers of that image cannot be used now; None if they can.

    An image that is not built yet is an obstacle: building it takes minutes, so that is asked for, not guessed.
    """
    try:
        client = _client()
    except Exception:  # noqa: BLE001 (docker-py has no common base for "no engine")
        return "no container engine answers"
    try:
        if not client.images.list(name=image):
            return f"image {image} is not built (make docker-images)"
    finally:
        client.close()
    return None


def remove_leftovers(home: Path, image: str) -> None:
    """Remove the containers of an image that a killed supervisor of this home left behind."""
    client = _client()
    try:
        for container in client.containers.list(all=True, filters={"label": f"{HOME_LABEL}={home}", "ancestor": image}):
            container.remove(force=True, v=False)
    finally:
        client.close()


def remove_volume(name: str) -> None:
    """Remove a named volume, if it exists."""
    client = _client()
    try:
        for volume in client.volumes.list(filters={"name": name}):
            volume.remove(force=True)
    finally:
        client.close()


def container_ended(container: Any) -> str | None:
    """Why a testcontainers container no longer runs; None while it does."""
    wrapped = container.get_wrapped_container()
    wrapped.reload()
    if wrapped.status == "running":
        return None
    tail = wrapped.logs(tail=15).decode(errors="replace")
    return f"container {wrapped.short_id} is {wrapped.status}; the end of its log:\n{tail}"


def stay_on_loopback() -> None:
    """Settings that testcontainers reads when it is imported: loopback only, and no helper container (we clean up)."""
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")
    os.environ.setdefault("TESTCONTAINERS_CONNECTION_MODE", "docker_host")
    os.environ.setdefault("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1")


def _client() -> Any:
    import docker  # noqa: PLC0415 (half a second that only machines with an engine need)

    client = docker.from_env(timeout=10)
    client.ping()
    return client
