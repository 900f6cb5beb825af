"""The passwords of one home's PostgreSQL roles: random, kept beside the data, readable by the owner alone."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "passwords.json"


def _random() -> str:
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Passwords:
    """One password per role."""

    admin: str = field(default_factory=_random, repr=False)
    app: str = field(default_factory=_random, repr=False)
    capture: str = field(default_factory=_random, repr=False)


def passwords_of(home: Path) -> Passwords:
    """The home's passwords, made on the first call."""
    file = home / FILE
    if file.exists():
        return Passwords(**json.loads(file.read_text()))
    fresh = Passwords()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        json.dump(asdict(fresh), target)
    return fresh
