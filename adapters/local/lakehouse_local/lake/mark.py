"""How far this home's lake had come, kept beside the servers: an S3 that lost objects must not look merely young."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock

from lakehouse_local import state
from lakehouse_local.errors import LakeIncomplete

FILE = "lake.json"


@dataclass(frozen=True, order=True)
class Mark:
    """The newest manifest (epoch, sequence) and the newest run that were ever seen in the lake."""

    epoch: int = 0
    sequence: int = -1
    run: int = 0


def read(home: Path) -> Mark:
    """The mark of a home; the lowest one where nothing was ever taken in."""
    try:
        body = (home / FILE).read_text()
    except FileNotFoundError:
        return Mark()
    return state.read(
        body,
        str(home / FILE),
        lambda found: Mark(**found),
        hint="remove it if the lake in S3 is whole: lakehouse verify",
    )


def restart(home: Path, *, manifest: tuple[int, int], run: int) -> None:
    """Begin again from what S3 holds now: a reload is the way back after objects were lost."""
    _write(home, Mark(*manifest, run))


def advance(home: Path, *, manifest: tuple[int, int] | None = None, run: int | None = None) -> None:
    """Move the mark forward, never back."""
    # A capture and a run advance it at the same time.
    with FileLock(home / f"{FILE}.lock"):
        mark = read(home)
        epoch, sequence = max((mark.epoch, mark.sequence), manifest or (0, -1))
        _write(home, Mark(epoch, sequence, max(mark.run, run or 0)))


def check(home: Path, *, manifest: tuple[int, int] | None, run: int) -> None:
    """LakeIncomplete if S3's newest manifest or run is older than what this home had already seen."""
    mark = read(home)
    if (manifest or (0, -1)) >= (mark.epoch, mark.sequence) and run >= mark.run:
        return
    holds = f"manifest {manifest[0]}/{manifest[1]}" if manifest else "no manifest"
    raise LakeIncomplete(
        f"S3 lacks what was taken in before: this lake had come to manifest {mark.epoch}/{mark.sequence} and run "
        f"{mark.run}; S3 holds {holds} and run {run}",
        hint="bring the objects back (lakehouse down exports them, lakehouse up restores them), or load everything "
        "again as a new epoch: lakehouse replicate --reload",
    )


def _write(home: Path, mark: Mark) -> None:
    draft = home / f"{FILE}.tmp"
    draft.write_text(json.dumps(asdict(mark)))
    draft.replace(home / FILE)
