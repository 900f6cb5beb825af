"""DMS's S3 target settings, under DMS's names: those that this engine honours.

Source of names and meanings: DMS API, ``S3Settings``. A setting that is missing here, or a value that would lose data,
is refused by name: a setting that is taken and ignored would be a lie.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from lakehouse_local.capture.errors import SettingUnsupported

_ONLY: dict[str, tuple[Any, str]] = {
    "CompressionType": ("gzip", "bronze files are gzip"),
    "IncludeOpForFullLoad": (True, "without it the rows of the load have a column fewer than the changes"),
    "UseTaskStartTimeForFullLoadTimestamp": (True, "all rows of a load carry one time, that of its snapshot"),
    "Rfc4180": (True, "raw text cannot be read back"),
    "CsvNullValue": (r"\N", "any other marker could be data"),
    "UseCsvNoSupValue": (True, "a value that was not sent is not NULL"),
    "CsvNoSupValue": (r"\U", "any other marker could be data"),
}


@dataclass(frozen=True)
class S3Settings:
    """The settings of one capture; the default is the POC's layout (all changes in one folder, in commit order).

    ``CdcMaxBatchInterval`` is in seconds, ``CdcMinFileSize`` and ``MaxFileSize`` in KB of uncompressed data (a table's
    own size stands for that of its CSV). ``BucketFolder`` and ``CdcPath`` are folders below the bucket.
    """

    BucketFolder: str = "dms-data"
    CdcPath: str = "cdc"
    PreserveTransactions: bool = True
    AddColumnName: bool = False
    TimestampColumnName: str = "dms_timestamp"
    CdcMaxBatchInterval: int = 1
    CdcMinFileSize: int = 32_000
    MaxFileSize: int = 12_288
    CompressionType: str = "gzip"
    IncludeOpForFullLoad: bool = True
    UseTaskStartTimeForFullLoadTimestamp: bool = True
    Rfc4180: bool = True
    CsvNullValue: str = r"\N"
    UseCsvNoSupValue: bool = True
    CsvNoSupValue: str = r"\U"

    def __post_init__(self) -> None:
        for name, (only, why) in _ONLY.items():
            if getattr(self, name) != only:
                raise SettingUnsupported(f"{name} can only be {only!r}: {why}", hint=f"leave {name} out")
        if self.PreserveTransactions and self.AddColumnName:
            raise SettingUnsupported(
                "AddColumnName and PreserveTransactions exclude each other, as in DMS: the tables' rows stand in one file",
                hint="set one of them to false",
            )
        if self.PreserveTransactions and not self.CdcPath.strip("/"):
            raise SettingUnsupported("PreserveTransactions needs a CdcPath", hint="CdcPath: cdc")
        for name in ("CdcMaxBatchInterval", "CdcMinFileSize", "MaxFileSize"):
            if getattr(self, name) < 1:
                raise SettingUnsupported(f"{name} is {getattr(self, name)}; it must be at least 1")

    @property
    def layout(self) -> str:
        """``transactions`` (all tables together, in commit order) or ``tables`` (a folder per table)."""
        return "transactions" if self.PreserveTransactions else "tables"


POC = S3Settings()
"""The POC's layout: transactions in commit order, no header."""

PER_TABLE = S3Settings(PreserveTransactions=False, AddColumnName=True)
"""DMS's default layout: each table's changes in its own folder, with a header."""


def from_dms(given: Mapping[str, Any]) -> S3Settings:
    """The settings of a DMS endpoint's ``S3Settings``; what is left out has this engine's default.

    Raises:
        SettingUnsupported: a name or a value that is not honoured.
    """
    honoured = {field.name: type(field.default) for field in fields(S3Settings)}
    for name, value in given.items():
        if name not in honoured:
            raise SettingUnsupported(f"{name} is not honoured; honoured are {', '.join(honoured)}", hint="leave it out")
        if type(value) is not honoured[name]:
            raise SettingUnsupported(f"{name} is {value!r}; it must be a {honoured[name].__name__}")
    return S3Settings(**given)
