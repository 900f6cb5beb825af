"""What an object is: a user's classifiers first, in their order, then the built-in ones."""

from collections.abc import Sequence

from lakehouse_local.engines.crawler import csv_files, json_files, parquet_files
from lakehouse_local.engines.crawler.errors import FormatNotRead
from lakehouse_local.engines.crawler.model import Classifier, CsvClassifier
from lakehouse_local.engines.crawler.objects import Object, Objects
from lakehouse_local.engines.crawler.sampling import Head, head
from lakehouse_local.engines.crawler.schema import Schema

_KNOWN_TO_AWS = {b"Obj\x01": "Avro", b"ORC": "ORC", b"PK\x03\x04": "ZIP", b"\xff\x06\x00\x00sNaPpY": "Snappy"}
"""First bytes of formats that AWS's crawlers read and this one does not."""


def classify(objects: Objects, found: Object, classifiers: Sequence[Classifier]) -> Schema | None:
    """The object's schema; None where AWS would say UNKNOWN.

    Raises:
        FormatNotRead: a format that AWS would recognise and this crawler does not: skipping it would be a wrong answer.
    """
    sample = head(objects, found)
    if sample.body.startswith(parquet_files.MAGIC):
        return parquet_files.classify(objects, found)
    for magic, name in _KNOWN_TO_AWS.items():
        if sample.body.startswith(magic):
            raise FormatNotRead(
                f"s3://{found.bucket}/{found.key} is {name}, which this crawler does not read",
                hint="it reads CSV, JSON (plain, gzip, bzip2) and Parquet; exclude the object, or define the table yourself",
            )
    for rule in classifiers:
        if schema := _by(rule, found, sample):
            return schema
    return json_files.classify(found, sample) or csv_files.built_in(found, sample)


def _by(rule: Classifier, found: Object, sample: Head) -> Schema | None:
    if isinstance(rule, CsvClassifier):
        return csv_files.by_classifier(found, sample, rule)
    return json_files.classify(found, sample, rule)
