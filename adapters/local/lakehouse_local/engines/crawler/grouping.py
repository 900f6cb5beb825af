"""Which objects are one table: folders whose schemas are alike become partitions of their parent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lakehouse_local.engines.crawler.errors import LevelTooDeep
from lakehouse_local.engines.crawler.model import Grouping
from lakehouse_local.engines.crawler.schema import Schema, compatible, similarity

SIMILAR = 0.7
"""From which share of equal columns on AWS groups folders; the figure is reported by users, not documented."""

Path = tuple[str, ...]
"""Folders below the bucket."""


@dataclass(frozen=True)
class Group:
    """The objects of one table, and the folder (or, ``single``, the object) that it is."""

    folder: Path
    schemas: tuple[Schema, ...]
    single: bool = False

    @property
    def depths(self) -> set[int]:
        """How many folders lie between the table and its objects."""
        return {len(folder_of(schema)) - len(self.folder) for schema in self.schemas}


@dataclass
class _Folder:
    path: Path
    own: list[Schema] = field(default_factory=list)
    children: dict[str, "_Folder"] = field(default_factory=dict)


def folder_of(schema: Schema) -> Path:
    """The folders that an object lies in."""
    return tuple(schema.object.key.split("/")[:-1])


def groups(schemas: Sequence[Schema], root: Path, grouping: Grouping) -> list[Group]:
    """The tables below the folder ``root``, by place.

    Raises:
        LevelTooDeep: the table level lies above the include path.
    """
    if grouping.level is not None:
        return _at_level(schemas, root, grouping.level - 1)
    top = _Folder(root)
    for schema in schemas:
        folder = top
        for name in folder_of(schema)[len(root) :]:
            folder = folder.children.setdefault(name, _Folder((*folder.path, name)))
        folder.own.append(schema)
    return _grouped(top, grouping)


def _at_level(schemas: Sequence[Schema], root: Path, depth: int) -> list[Group]:
    if depth < len(root):
        raise LevelTooDeep(
            f"table level {depth + 1} lies above the include path, which is at level {len(root) + 1}",
            hint="the bucket is level 1, its folders level 2 ...",
        )
    found: dict[Path, list[Schema]] = defaultdict(list)
    for schema in schemas:
        if len(folder_of(schema)) >= depth:
            found[folder_of(schema)[:depth]].append(schema)
    return [
        Group(folder, cluster) for folder, members in sorted(found.items()) for cluster in _readable_together(members)
    ]


def _grouped(folder: _Folder, grouping: Grouping) -> list[Group]:
    below = [group for name in sorted(folder.children) for group in _grouped(folder.children[name], grouping)]
    own = _own(folder, grouping)
    if own or not below:
        return own + below
    whole_children = len(below) == len(folder.children) and all(len(g.folder) == len(folder.path) + 1 for g in below)
    members = [schema for group in below for schema in group.schemas]
    if whole_children and not any(group.single for group in below):
        merged = Group(folder.path, tuple(members))
        if len(merged.depths) == 1 and _keys_agree(merged) and _alike(members, grouping):
            return [merged]
    return below


def _own(folder: _Folder, grouping: Grouping) -> list[Group]:
    """The tables of the objects that lie in the folder itself: one if they are alike, else one for each."""
    if not folder.own:
        return []
    if _alike(folder.own, grouping):
        return [Group(folder.path, tuple(folder.own))]
    return [Group((*folder.path, schema.object.name), (schema,), single=True) for schema in folder.own]


def _alike(schemas: Sequence[Schema], grouping: Grouping) -> bool:
    first, *rest = schemas
    return all(compatible(first, other) and (grouping.combine or similarity(first, other) >= SIMILAR) for other in rest)


def _keys_agree(group: Group) -> bool:
    """Whether the folders on the way to the objects have the same ``name=`` everywhere, or none."""
    return len({key_names(group.folder, folder_of(schema)) for schema in group.schemas}) <= 1


def key_names(table: Path, folder: Path) -> tuple[str, ...]:
    """The partition keys' names between a table and one of its folders.

    >>> key_names(("lake", "t"), ("lake", "t", "year=2024", "a"))
    ('year', 'partition_1')
    """
    between = folder[len(table) :]
    return tuple(
        part.partition("=")[0].lower() if "=" in part else f"partition_{at}" for at, part in enumerate(between)
    )


def key_values(table: Path, folder: Path) -> tuple[str, ...]:
    """The partition keys' values between a table and one of its folders."""
    return tuple(part.partition("=")[2] if "=" in part else part for part in folder[len(table) :])


def _readable_together(members: Iterable[Schema]) -> list[tuple[Schema, ...]]:
    """The objects at a forced level, split only where no serde could read them together."""
    clusters: list[list[Schema]] = []
    for schema in members:
        for cluster in clusters:
            if compatible(cluster[0], schema):
                cluster.append(schema)
                break
        else:
            clusters.append([schema])
    return [tuple(cluster) for cluster in clusters]
