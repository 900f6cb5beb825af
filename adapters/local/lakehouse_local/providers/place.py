"""Where a home keeps things, and how it is told from another home at the same path."""

import os
import secrets
from pathlib import Path

ID_FILE = "id"


def make_home(home: Path) -> None:
    """Create the home. Where we are root, PostgreSQL's account must be able to walk through it, but not to list it."""
    home.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)


def home_id(home: Path) -> str:
    """The home's random name for what it keeps elsewhere (a volume, a folder).

    Not made from its path: a new home where an old one was deleted must not find the old one's data.
    """
    file = home / ID_FILE
    if not file.exists():
        file.write_text(secrets.token_hex(8))
    return file.read_text()
