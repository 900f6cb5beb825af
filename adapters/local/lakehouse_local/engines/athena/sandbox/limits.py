"""How much one query may take of the machine."""

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """Bytes of memory and disk, seconds of wall clock, threads.

    ``confine`` is false only where the kernel has no Landlock and the user asked to go on without it.
    """

    memory_bytes: int = 768 * 2**20
    address_bytes: int = 1536 * 2**20
    file_bytes: int = 8 * 2**30
    seconds: int = 1800
    threads: int = 2
    confine: bool = True

    def to_json(self) -> str:
        """As the nursery gets it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Limits":
        """What :meth:`to_json` wrote."""
        return cls(**json.loads(text))
