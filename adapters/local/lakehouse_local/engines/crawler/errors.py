"""What keeps a crawl from finding tables."""

from lakehouse_core.errors import LakehouseError


class CrawlError(LakehouseError):
    """Base of a crawl's errors."""

    code = "crawl"


class FormatNotRead(CrawlError):
    """Objects of a format that AWS's crawlers know and this one does not."""

    code = "crawl-format"


class TargetMissing(CrawlError):
    """A target's bucket or table is not there."""

    code = "crawl-target-missing"


class LevelTooDeep(CrawlError):
    """A table level at which the include path has no folder."""

    code = "crawl-level"
