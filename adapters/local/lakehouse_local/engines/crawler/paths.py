"""A crawl of plain folders: list, look, group."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lakehouse_local.engines.crawler.classify import classify
from lakehouse_local.engines.crawler.globs import excluder
from lakehouse_local.engines.crawler.grouping import Group, folder_of, groups, key_names, key_values
from lakehouse_local.engines.crawler.model import Classifier, Column, FoundPartition, FoundTable, Grouping, PathTarget
from lakehouse_local.engines.crawler.names import distinct, table_name
from lakehouse_local.engines.crawler.objects import Object, Objects, split
from lakehouse_local.engines.crawler.schema import Schema, merged, with_columns

_PARALLEL = 8
Say = Callable[[str], None]
"""Takes a line for the crawl's log."""


def crawl(
    objects: Objects,
    target: PathTarget,
    classifiers: Sequence[Classifier],
    grouping: Grouping,
    *,
    say: Say,
    seen: frozenset[str] = frozenset(),
) -> tuple[list[Group], frozenset[str]]:
    """The tables below a path, and the folders that were looked at.

    Args:
        objects: the S3.
        target: where, and what to leave out.
        classifiers: the user's own, tried first.
        grouping: how folders become tables.
        say: told about objects that are no table.
        seen: folders (``s3://...``) that are passed over because an earlier crawl has seen them.

    Raises:
        CrawlError: by its own name.
    """
    listed = _listed(objects, target)
    chosen = [found for found in listed if _uri(found) not in seen]
    bucket, prefix = split(target.path)
    _warn_of_formats(bucket, listed, say)
    sampled = _sampled(chosen, target.sample)
    with ThreadPoolExecutor(_PARALLEL) as pool:
        known = list(pool.map(lambda found: classify(objects, found, classifiers), sampled))
    for found, schema in zip(sampled, known, strict=True):
        if schema is None:
            say(f"classification of s3://{found.bucket}/{found.key} is UNKNOWN: no table")
    root = tuple(part for part in prefix.split("/") if part)
    schemas = [schema for schema in known if schema is not None]
    if len(listed) == 1 and listed[0].key == prefix:
        root = root[:-1]
    return groups(schemas, root, grouping), frozenset(map(_uri, listed))


def described(all_groups: Iterable[Group], prefix: str, taken: Iterable[str] = ()) -> list[FoundTable]:
    """The groups as tables with names of their own."""
    used = set(taken)
    tables = []
    for group in all_groups:
        table = _described(group, prefix)
        if table.name in used:
            table = _described(group, prefix, name=distinct(table.name, table.location))
        used.add(table.name)
        tables.append(table)
    return tables


def _described(group: Group, prefix: str, name: str | None = None) -> FoundTable:
    first = group.schemas[0]
    bucket = first.object.bucket
    deepest = max(group.schemas, key=lambda schema: len(folder_of(schema)))
    keys = key_names(group.folder, folder_of(deepest)) if not group.single else ()
    place = "/".join((bucket, *group.folder))
    folders = sorted({folder_of(schema) for schema in group.schemas if len(folder_of(schema)) > len(group.folder)})
    columns = tuple(column for column in merged(group.schemas) if column.name not in keys)
    return FoundTable(
        name=name or table_name(prefix, group.folder[-1] if group.folder else bucket),
        location=f"s3://{place}" if group.single else f"s3://{place}/",
        columns=columns,
        partition_keys=tuple(Column(key, "string") for key in keys),
        partitions=tuple(
            FoundPartition(key_values(group.folder, folder), f"s3://{bucket}/{'/'.join(folder)}/")
            for folder in folders
            if len(folder) - len(group.folder) == len(keys)
        ),
        format=with_columns(first.format, columns),
        parameters=_statistics(group.schemas),
    )


def _statistics(schemas: Sequence[Schema]) -> dict[str, str]:
    """The catalog's parameters; counts of rows are estimates from the samples, as AWS's are."""
    rows = sum(round(schema.rows / schema.fraction) for schema in schemas)
    content = sum(round(schema.bytes / schema.fraction) for schema in schemas)
    first = schemas[0]
    return {
        "classification": first.format.classification,
        "compressionType": first.compression,
        "typeOfData": "file",
        "objectCount": str(len(schemas)),
        "recordCount": str(rows),
        "averageRecordSize": str(content // rows if rows else 0),
        "sizeKey": str(sum(schema.object.size for schema in schemas)),
        **first.parameters,
    }


def _listed(objects: Objects, target: PathTarget) -> list[Object]:
    """The objects below the path, without empty, hidden and excluded ones; or the object that the path names."""
    bucket, prefix = split(target.path)
    folder = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
    excluded = excluder(target.exclusions)
    found = objects.below(bucket, prefix)
    if prefix != folder and any(each.key == prefix for each in found):
        return [each for each in found if each.key == prefix]
    return [
        each
        for each in found
        if each.key.startswith(folder)
        and each.size
        and not any(part[:1] in ("_", ".") for part in each.key[len(folder) :].split("/"))
        and not excluded(each.key[len(folder) :])
    ]


def _warn_of_formats(bucket: str, listed: Sequence[Object], say: Say) -> None:
    """An S3 target over a table format's folder sees every file version: rows come twice. AWS does not say so."""
    if any(each.name.endswith(".parquet") and each.name.count("_") == 2 and "-" in each.name for each in listed):
        say(f"s3://{bucket} looks like a Hudi table here: use a Hudi target, or rows of old file versions count too")


def _sampled(listed: Sequence[Object], sample: int | None) -> list[Object]:
    if sample is None:
        return list(listed)
    leaves: dict[str, list[Object]] = defaultdict(list)
    for found in listed:
        leaves[_uri(found)].append(found)
    return [found for leaf in leaves.values() for found in leaf[:sample]]


def _uri(found: Object) -> str:
    """The folder of an object."""
    return f"s3://{found.bucket}/{found.key.rpartition('/')[0]}/"
