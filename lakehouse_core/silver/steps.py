"""What the entities share: how steps run, the check against the contract, exact money, text out of JSON."""

from collections.abc import Callable
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_core.contracts import Contract
from lakehouse_core.errors import ContractBroken

Step = Callable[[DataFrame], DataFrame]

# Wide enough for whatever the source types allow, so that no cast can overflow: an error under ANSI, NULL without.
MONEY = "decimal(18,2)"
LINE_MONEY = "decimal(22,2)"  # an amount times an integer quantity


def run(frame: DataFrame, steps: tuple[Step, ...]) -> DataFrame:
    """The frame after all steps, in their order."""
    return reduce(lambda done, step: step(done), steps, frame)


def conforms(contract: Contract) -> Step:
    """A step that changes nothing and raises ContractBroken where a source column is absent or of another type."""

    def step(frame: DataFrame) -> DataFrame:
        given = {field.name: field.dataType.simpleString() for field in frame.schema.fields}
        wrong = [
            f"{column.name}: expected {column.spark_type.simpleString()}, got {given.get(column.name, 'no such column')}"
            for column in contract.columns
            if given.get(column.name) != column.spark_type.simpleString()
        ]
        if wrong:
            raise ContractBroken(
                f"the frame is no {contract.entity}: {'; '.join(wrong)}",
                hint=f"give it the columns of {contract.table}, typed as its contract says (bronze does that)",
            )
        return frame

    return step


def money(amount: Column) -> Column:
    """The amount to 2 decimals, halves away from zero."""
    return F.round(amount, 2).cast(MONEY)


def json_text(document: Column, parsed: Column, field: str) -> Column:
    """The field of a JSON object if it is a text; NULL if it is anything else, absent, or the document no object.

    ``parsed`` is from_json's answer, in which numbers, lists and objects have become text as well. A path with a
    wildcard tells them apart, because it keeps quotes: in ``[document]`` the path ``$[*].field`` is ``"x"`` for a text
    and ``5`` for a number. That is a second parse, so it is left to documents where looking does not do: without a
    backslash nothing but a key reads ``"field":``, and where there is one such key, the quote after it says text.
    """
    key = f'"{field}":'
    without = F.replace(document, F.lit(key), F.lit(""))
    # In bytes, which a text knows: its characters would have to be counted.
    only = F.octet_length(document) - F.octet_length(without) == len(key.encode())
    seen = only & document.contains(f'{key} "') & ~document.contains("\\")
    quoted = F.get_json_object(F.concat(F.lit("["), document, F.lit("]")), f"$[*].{field}")
    return F.when(seen, parsed[field]).when(quoted.startswith('"'), parsed[field])


def json_parsed(document: Column, fields: str) -> Column:
    """The fields (a DDL schema) of a JSON object, in one parse; NULL if the document is none.

    With an option set (this one is the default) Spark's optimizer keeps the parse whole. Otherwise it makes one parse
    for every field that is used, each for that field alone.
    """
    return F.from_json(document, fields, {"mode": "PERMISSIVE"})
