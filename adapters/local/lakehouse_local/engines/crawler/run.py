"""One crawl over all targets of a crawler."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lakehouse_local.engines.crawler import delta_tables, hudi_tables, paths
from lakehouse_local.engines.crawler.model import (
    Classifier,
    DeltaTarget,
    FoundTable,
    Grouping,
    HudiTarget,
    PathTarget,
    Target,
)
from lakehouse_local.engines.crawler.objects import Objects


@dataclass(frozen=True)
class Crawled:
    """What was found, and the folders that were there (``s3://bucket/folder/``)."""

    tables: tuple[FoundTable, ...]
    folders: frozenset[str]


class Stopped(Exception):
    """The crawl was asked to stop."""


def crawl(
    objects: Objects,
    targets: Sequence[Target],
    classifiers: Sequence[Classifier],
    *,
    prefix: str,
    grouping: Grouping,
    seen: frozenset[str],
    say: paths.Say,
    stopping: Callable[[], bool],
) -> Crawled:
    """Look at every target.

    Args:
        objects: the S3.
        targets: where to look.
        classifiers: the user's own, in order.
        prefix: of the tables' names.
        grouping: how folders become tables.
        seen: folders to pass over (a crawl of new folders only).
        say: the crawl's log.
        stopping: asked between targets.

    Raises:
        Stopped: ``stopping`` said so.
        CrawlError: a target cannot be crawled; S3Unreachable, S3Refused.
    """
    tables: list[FoundTable] = []
    folders: frozenset[str] = frozenset()
    for target in targets:
        if stopping():
            raise Stopped
        match target:
            case PathTarget():
                found, there = paths.crawl(objects, target, classifiers, grouping, say=say, seen=seen)
                tables += paths.described(found, prefix, (table.name for table in tables))
                folders |= there
            case HudiTarget():
                tables += hudi_tables.crawl(objects, target, prefix)
            case DeltaTarget():
                tables += delta_tables.crawl(objects, target, prefix)
    return Crawled(tuple(tables), folders)
