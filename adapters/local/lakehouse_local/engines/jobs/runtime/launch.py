"""Runs a job's script as ``__main__`` and writes down how it ended: ``launch.py OUTCOME SCRIPT [ARGUMENT ...]``.

The script must find only what it would find in AWS Glue: packages that this environment has because the product is
installed from its sources are taken off the path.
"""

import json
import runpy
import sys
import traceback
from pathlib import Path
from types import TracebackType

OURS = ("lakehouse_core", "lakehouse_local", "lakehouse_aws", "source_app")


def main() -> int:
    """Run the script; its exit code."""
    outcome, script, *arguments = sys.argv[1:]
    sys.path[:] = [str(Path(script).parent), *(place for place in sys.path if not _is_ours(place))]
    sys.argv = [script, *arguments]
    message = ""
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as ending:
        if ending.code not in (None, 0):
            message = f"SystemExit: {ending.code}"
    except BaseException as error:  # noqa: BLE001 - whatever the script raises is its outcome
        message = _message(error)
        traceback.print_exception(error.with_traceback(_below(error, script)))
    sys.stdout.flush()
    sys.stderr.flush()
    Path(outcome).write_text(json.dumps({"message": message}))
    return 1 if message else 0


def _message(error: BaseException) -> str:
    """The error in a line; of a Java error, which py4j reports on two, both."""
    first, *rest = str(error).strip().splitlines() or [""]
    cause = rest[0].removeprefix(":") if rest and rest[0].startswith(": ") else ""
    return f"{type(error).__name__}: {first}{cause}".removesuffix(": ")


def _is_ours(place: str) -> bool:
    # A source tree holds more than one of our packages; a wheel that the job asked for is a folder of the run.
    found = [name for name in OURS if (Path(place) / name / "__init__.py").exists()]
    return bool(found) and not (Path(place) / ".of-the-run").exists()


def _below(error: BaseException, script: str) -> TracebackType | None:
    """The traceback without the frames that started the script."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename != script:
        frames = frames.tb_next
    return frames or error.__traceback__


if __name__ == "__main__":
    sys.exit(main())
