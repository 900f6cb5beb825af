"""The page of the last test run, out of pytest's JUnit files: ``python tests/support/report.py .reports docs/test-report.md``."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

HEAD = """# Tests of the last run

What `make test`, `make test-wide` or `make test-all` ran last in this clone, by room. Written by `make docs`.
"""


@dataclass(frozen=True)
class Case:
    """One test: where it is (``tests/adapters/capture``), its name, how it ended, why, and how long it took in seconds."""

    room: str
    name: str
    outcome: str
    why: str
    seconds: float


def cases(suite: ET.Element) -> Iterator[Case]:
    """The tests of one of pytest's suites."""
    for each in suite.iter("testcase"):
        place = each.get("classname", "").split(".")
        ended = next((child for child in each if child.tag in ("failure", "error", "skipped")), None)
        outcome = "passed" if ended is None else "skipped" if ended.tag == "skipped" else "failed"
        why = "" if ended is None else ended.get("message", "").partition("\n")[0]
        yield Case("/".join(place[:3]), each.get("name", ""), outcome, why, float(each.get("time", 0)))


def page(found: list[Case], runs: list[str]) -> str:
    """The page's text."""
    if not found:
        return f"{HEAD}\nNo test has run in this clone yet.\n"
    lines = [
        HEAD,
        *(f"- {run}" for run in runs),
        "",
        "| room | tests | passed | failed | skipped | seconds |",
        "|---|---|---|---|---|---|",
    ]
    rooms: dict[str, list[Case]] = defaultdict(list)
    for case in found:
        rooms[case.room].append(case)
    for room, inside in [*sorted(rooms.items()), ("**all**", found)]:
        counts = [sum(case.outcome == outcome for case in inside) for outcome in ("passed", "failed", "skipped")]
        lines.append(
            f"| {room} | {len(inside)} | {' | '.join(map(str, counts))} | {sum(case.seconds for case in inside):,.0f} |"
        )
    for outcome in ("failed", "skipped"):
        if chosen := [case for case in found if case.outcome == outcome]:
            lines += ["", f"## {outcome.capitalize()}", ""]
            lines += [f"- `{case.room}` `{case.name}`: {_plain(case.why)}" for case in chosen]
    slowest = sorted(found, key=lambda case: -case.seconds)[:10]
    lines += ["", "## The slowest", ""]
    lines += [f"- {case.seconds:,.0f} s: `{case.room}` `{case.name}`" for case in slowest]
    return "\n".join([*lines, ""])


def _plain(text: str) -> str:
    """Text that Markdown shows as it is."""
    return text.replace("\\", "\\\\").replace("`", "'").replace("<", "&lt;").replace("|", "\\|")


def main(folder: Path, out: Path) -> None:
    """Write the page."""
    found: list[Case] = []
    runs: list[str] = []
    for file in sorted(folder.glob("*.xml")):
        suite = next(ET.parse(file).iter("testsuite"))  # noqa: S314 - what pytest wrote here
        inside = list(cases(suite))
        runs.append(
            f"`{file.stem}`, {suite.get('timestamp', '')[:19].replace('T', ' ')}: {len(inside)} tests in {float(suite.get('time', 0)):,.0f} s"
        )
        found += inside
    out.write_text(page(found, runs))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
