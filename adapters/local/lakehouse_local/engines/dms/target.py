"""An S3 target's settings under DMS's names, with DMS's own defaults: what is honoured, and what is refused by name.

Source of names, defaults and meanings: DMS API ``S3Settings`` and the User Guide's page on S3 as a target. Where they
contradict each other (CsvNullValue) the current guide is followed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from lakehouse_local.engines.dms.errors import DmsSettingUnsupported

_ONLY: dict[str, tuple[tuple[Any, ...], str]] = {
    "DataFormat": (("csv",), "only CSV is written"),
    "Rfc4180": ((True,), "raw text cannot be read back"),
    "CsvRowDelimiter": (("\n", r"\n"), "rows end with a line feed"),
    "AddTrailingPaddingCharacter": ((False,), "no padding is added"),
    "DatePartitionEnabled": ((False,), "changes are not put into folders by date"),
    "EncryptionMode": (("sse-s3", "sse_s3"), "objects are encrypted as the bucket says"),
    "CannedAclForObjects": (("none",), "objects get no ACL"),
    "GlueCatalogGeneration": ((False,), "no catalog is written; a crawler does that"),
    "IgnoreHeaderRows": ((0,), "it is for S3 as a source"),
}
"""What can be asked for with these values alone."""

_NO_EFFECT = {
    "ServiceAccessRoleArn",
    # These say how Parquet is written, or where partitions go that are off: without effect on CSV in AWS as well.
    "EnableStatistics",
    "EncodingType",
    "DictPageSizeLimit",
    "RowGroupLength",
    "DataPageSize",
    "ParquetVersion",
    "ParquetTimestampInMillisecond",
    "DatePartitionSequence",
    "DatePartitionDelimiter",
    "DatePartitionTimezone",
    "ExternalTableDefinition",  # of an S3 source
}


@dataclass(frozen=True)
class TargetSettings:
    """What an S3 target asks for.

    ``CdcMaxBatchInterval`` is in seconds, ``CdcMinFileSize`` and ``MaxFileSize`` in KB of uncompressed data (a table's
    own size stands for that of its CSV).
    """

    BucketName: str
    BucketFolder: str = ""
    CdcPath: str = ""
    PreserveTransactions: bool = False
    AddColumnName: bool = False
    TimestampColumnName: str = ""
    CdcMaxBatchInterval: int = 60
    CdcMinFileSize: int = 32_000
    MaxFileSize: int = 1_048_576
    CompressionType: str = "none"
    IncludeOpForFullLoad: bool = False
    UseTaskStartTimeForFullLoadTimestamp: bool = False
    CdcInsertsOnly: bool = False
    CdcInsertsAndUpdates: bool = False
    CsvDelimiter: str = ","
    CsvNullValue: str = ""
    UseCsvNoSupValue: bool = False
    CsvNoSupValue: str = ""

    def __post_init__(self) -> None:
        marks = f'"\r\n{self.CsvDelimiter}'
        delimiter = self.CsvDelimiter
        wrong = {
            "BucketName is missing": not self.BucketName,
            f"CompressionType {self.CompressionType!r} is neither none nor gzip": self.CompressionType.lower()
            not in ("none", "gzip"),
            f"CsvDelimiter {delimiter!r} is not honoured here; one ASCII character is": len(delimiter.encode()) != 1
            or delimiter in '"\r\n\\',
            "CsvNullValue and CsvNoSupValue can hold neither quotes, line ends nor the delimiter": any(
                mark in self.CsvNullValue + self.CsvNoSupValue for mark in marks
            ),
            "PreserveTransactions and AddColumnName exclude each other": self.PreserveTransactions
            and self.AddColumnName,
            "PreserveTransactions needs a CdcPath": self.PreserveTransactions and not self.CdcPath.strip("/"),
            "CdcInsertsOnly and CdcInsertsAndUpdates exclude each other": self.CdcInsertsOnly
            and self.CdcInsertsAndUpdates,
            "CdcMaxBatchInterval, CdcMinFileSize and MaxFileSize must be at least 1": min(
                self.CdcMaxBatchInterval, self.CdcMinFileSize, self.MaxFileSize
            )
            < 1,
        }
        for message, is_wrong in wrong.items():
            if is_wrong:
                raise DmsSettingUnsupported(f"S3Settings: {message}")

    @property
    def gzip(self) -> bool:
        """Whether objects are compressed."""
        return self.CompressionType.lower() == "gzip"

    @property
    def op_in_changes(self) -> bool:
        """Whether rows of changes begin with their operation."""
        return self.IncludeOpForFullLoad or not self.CdcInsertsOnly


def target_settings(given: Mapping[str, Any], extra: str = "") -> TargetSettings:
    """The settings of an endpoint's ``S3Settings`` and its ``ExtraConnectionAttributes``, which name the same things.

    Raises:
        DmsSettingUnsupported: a name or a value that is not honoured; it says which.
    """
    honoured = {field.name: field.type for field in fields(TargetSettings)}
    wanted = {}
    for name, value in {**given, **_extra(extra, honoured)}.items():
        if name in honoured:
            if type(value) is not honoured[name]:
                raise DmsSettingUnsupported(f"S3Settings: {name} is {value!r}, which is not its type")
            wanted[name] = value
        elif name in _ONLY:
            allowed, why = _ONLY[name]
            # Enumerations are taken in either case, as by AWS; Terraform sends them in upper case.
            if value not in allowed and str(value).lower() not in allowed:
                raise DmsSettingUnsupported(f"S3Settings: {name} {value!r} is not honoured here: {why}")
        elif name not in _NO_EFFECT:
            raise DmsSettingUnsupported(f"S3Settings: {name} is not honoured here")
    return TargetSettings(**{"BucketName": "", **wanted})


def attributes(extra: str) -> dict[str, str]:
    """``ExtraConnectionAttributes``: ``name=value`` between semicolons."""
    pairs = [pair.partition("=") for pair in extra.split(";") if pair.strip()]
    return {name.strip(): value.strip() for name, _, value in pairs}


def _extra(extra: str, honoured: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for given, text in attributes(extra).items():
        name = given[:1].upper() + given[1:]
        kind = honoured.get(name, type(_ONLY[name][0][0]) if name in _ONLY else str)
        try:
            found[name] = _typed(text, kind)
        except ValueError:
            raise DmsSettingUnsupported(f"ExtraConnectionAttributes: {given}={text} is not a {kind.__name__}") from None
    return found


def _typed(text: str, kind: type) -> Any:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise ValueError(text)
        return text.lower() == "true"
    return kind(text)
