"""The architecture as a small program: who may import whom, and what the core never touches."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Room:
    """Where its modules are, which of our rooms and which libraries (module prefixes) they may import.

    ``world`` lists what the room uses of the world all the same, each with its reason beside it.
    """

    path: str
    rooms: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ("pyspark",)
    world: tuple[str, ...] = ()


# Data flows one way, and the rooms on its way do not know each other: flow alone knows the order.
# People is no station but a shelf of column functions, which silver takes from.
CORE = {
    "errors": Room("lakehouse_core/errors.py", libraries=()),
    "ports": Room("lakehouse_core/ports.py"),
    "contracts": Room("lakehouse_core/contracts", ("errors",), ("pyspark.sql.types",)),
    "bronze": Room("lakehouse_core/bronze", ("contracts", "errors")),
    "cdc": Room("lakehouse_core/cdc", ("contracts", "errors")),
    "people": Room("lakehouse_core/people", libraries=("pyspark", "pandas", "email_validator", "idna", "phonenumbers")),
    "silver": Room("lakehouse_core/silver", ("contracts", "errors", "people")),
    "gold": Room("lakehouse_core/gold", ("contracts", "errors")),
    "quality": Room("lakehouse_core/quality", ("contracts", "errors")),
    "serve": Room("lakehouse_core/serve", ("contracts", "errors")),
    "tables": Room(
        "lakehouse_core/tables",
        ("contracts", "errors", "ports"),
        ("pyspark", "delta", "py4j"),  # Hudi has no Python API: its errors are Java's
        world=("datetime.now",),  # Delta's VACUUM counts hours back from the machine's clock
    ),
}
CORE["blueprint"] = Room("lakehouse_core/blueprint.py", ("contracts", "errors", "silver", "gold"))
CORE["extensions"] = Room("lakehouse_core/extensions.py", ("blueprint", "errors"))
CORE["testing"] = Room("lakehouse_core/testing.py", ("errors",))
CORE["flow"] = Room("lakehouse_core/flow.py", tuple(CORE))
# What every adapter does alike with the flow: reads, writes, in an order that survives a crash.
CORE["intake"] = Room("lakehouse_core/intake.py", tuple(CORE))

# Outside the core any library will do; only our own packages are counted.
OUTER = {
    "lakehouse_local": Room("adapters/local", ("lakehouse_core", "source_app")),
    "lakehouse_aws": Room("adapters/aws", ("lakehouse_core",)),
    "source_app": Room("source_app"),
}
PACKAGES = ("lakehouse_core", *OUTER)

# What a core room needs of the world arrives as an argument.
WORLD = {"os", "time", "pathlib", "subprocess", "socket", "tempfile", "shutil", "glob", "random", "secrets", "uuid"}
WORLDLY = {
    "open": "a path",
    "input": "a terminal",
    "datetime.now": "the clock",
    "datetime.utcnow": "the clock",
    "datetime.today": "the clock",
    "date.today": "the clock",
    "SparkSession.builder": "a Spark of its own",
    "SparkSession.getActiveSession": "whatever Spark there is",
    "F.current_timestamp": "the clock",
    "F.current_date": "the clock",
    "F.now": "the clock",
    "F.rand": "chance",
    "F.uuid": "chance",
}


def _imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The line and the full name of everything that is imported, at whatever depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{module}.{name.name}") for name in node.names)


def _below(name: str, prefix: str) -> bool:
    return name == prefix or name.startswith(f"{prefix}.")


def _core_complaint(room: str, name: str) -> str | None:
    """What is wrong with a core room's import, if anything is."""
    top = name.partition(".")[0]
    if name.startswith("."):
        return "imports relatively"
    if top in PACKAGES:
        mine = (room, *CORE[room].rooms)
        return None if any(_below(name, f"lakehouse_core.{other}") for other in mine) else f"imports {name}"
    if top in WORLD:
        return f"imports {name}: what it needs of the world arrives as an argument"
    if top in sys.stdlib_module_names or any(_below(name, library) for library in CORE[room].libraries):
        return None
    return f"imports {name}: not among its libraries"


def _outer_complaint(room: str, name: str) -> str | None:
    """What is wrong with an outer room's import, if anything is."""
    top = name.partition(".")[0]
    return f"imports {name}" if top in PACKAGES and top not in (room, *OUTER[room].rooms) else None


def _worldly(room: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The uses of the clock, paths, chance and Spark's own start."""
    for node in ast.walk(tree):
        used = ast.unparse(node) if isinstance(node, ast.Name | ast.Attribute) else ""
        if used in WORLDLY and used not in CORE[room].world:
            yield node.lineno, f"uses {used}: {WORLDLY[used]} arrives as an argument"


def complaints(room: str, source: str) -> list[str]:
    """Everything in a module of the room that the architecture forbids."""
    tree = ast.parse(source)
    complain = _core_complaint if room in CORE else _outer_complaint
    found = [(line, wrong) for line, name in _imports(tree) if (wrong := complain(room, name))]
    found += _worldly(room, tree) if room in CORE else []
    return [f"line {line}: {room} {wrong}" for line, wrong in sorted(found)]


def _modules(place: Path) -> list[Path]:
    return [place] if place.suffix == ".py" else sorted(place.rglob("*.py"))


@pytest.mark.parametrize("room", [*CORE, *OUTER])
def test_rooms_import_what_they_may(room: str) -> None:
    """No module of the room imports or uses what it may not."""
    place = ROOT / (CORE | OUTER)[room].path
    found = {str(module.relative_to(ROOT)): complaints(room, module.read_text()) for module in _modules(place)}
    assert {module: wrong for module, wrong in found.items() if wrong} == {}


def test_every_core_module_is_in_a_room() -> None:
    """A new folder or file in the core needs a line in the table above."""
    rooms = {Path(room.path).name for room in CORE.values()}
    modules = {path.relative_to(ROOT / "lakehouse_core").parts[0] for path in _modules(ROOT / "lakehouse_core")}
    assert modules - rooms == {"__init__.py"}


WRONG = [
    # title, room, source
    ("silver knows gold", "silver", "from lakehouse_core.gold import mart"),
    ("silver knows gold, by another spelling", "silver", "from lakehouse_core import gold"),
    ("cdc knows bronze, at depth", "cdc", "def f():\n    import lakehouse_core.bronze"),
    ("the core knows an adapter", "flow", "from lakehouse_local.settings import Settings"),
    ("contracts know Spark's frames", "contracts", "from pyspark.sql import DataFrame"),
    ("a relative import", "gold", "from ..silver import order"),
    ("a library that is not the room's", "gold", "import pandas"),
    ("the environment", "bronze", "import os"),
    ("the machine's clock", "gold", "from datetime import datetime\nas_of = datetime.now()"),
    ("Spark's clock", "gold", "from pyspark.sql import functions as F\nas_of = F.current_timestamp()"),
    ("a path", "cdc", "open('x')"),
    ("a Spark of its own", "serve", "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate()"),
    ("local knows aws", "lakehouse_local", "import lakehouse_aws"),
    ("aws knows local", "lakehouse_aws", "from lakehouse_local import settings"),
    ("the source knows the lake", "source_app", "from lakehouse_core.contracts import CONTRACTS"),
]
RIGHT = [
    ("silver takes from people", "silver", "from lakehouse_core import people"),
    ("a room knows itself", "gold", "from lakehouse_core.gold.mart import Mart"),
    ("flow knows all rooms", "flow", "from lakehouse_core import bronze, cdc, gold, quality, serve, silver, tables"),
    ("an adapter opens files", "lakehouse_local", "import os\nopen('x')\nfrom lakehouse_core import silver"),
    ("a time that is given", "gold", "from datetime import UTC, datetime\nas_of = datetime(2026, 1, 1, tzinfo=UTC)"),
]


@pytest.mark.parametrize(("title", "room", "source"), WRONG, ids=[case[0] for case in WRONG])
def test_a_wrong_arrow_is_found(title: str, room: str, source: str) -> None:
    """The program that guards the architecture sees what it is there to see."""
    assert len(complaints(room, source)) == 1, title


@pytest.mark.parametrize(("title", "room", "source"), RIGHT, ids=[case[0] for case in RIGHT])
def test_a_right_arrow_is_let_through(title: str, room: str, source: str) -> None:
    """What is allowed raises no complaint."""
    assert complaints(room, source) == [], title
