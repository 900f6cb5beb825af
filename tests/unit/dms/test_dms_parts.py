"""The parts of DMS's way that need no server: expressions, rules, narrowing of values, rows."""

import pytest

from lakehouse_local.engines.dms.errors import DmsRulesInvalid, DmsSettingUnsupported, NoTablesFound
from lakehouse_local.engines.dms.expressions import Part, parse_expression
from lakehouse_local.engines.dms.losses import Loss
from lakehouse_local.engines.dms.rules import parse_rules
from lakehouse_local.engines.dms.target import target_settings
from lakehouse_local.engines.dms.values import narrowing

INCLUDE = (
    '{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "%s",'
    ' "object-locator": {"schema-name": "public", "table-name": "%s"}}'
)


def test_expressions_are_terms_joined() -> None:
    """Headers, columns and texts are told apart; a doubled quote is one."""
    found = parse_expression("'it''s ' || $id||$AR_H_OPERATION", "1")
    assert found == (Part("text", "it's "), Part("column", "id"), Part("header", "AR_H_OPERATION"))


@pytest.mark.parametrize("text", ["", "upper($id)", "$id ||", "$AR_H_USER", "1 + 1", "'open"])
def test_other_expressions_are_refused(text: str) -> None:
    """Whatever else SQLite could compute is refused, never half done."""
    with pytest.raises(DmsRulesInvalid):
        parse_expression(text, "1")


def test_selection_knows_wildcards_and_order() -> None:
    """Percent stands for any text, an underscore for itself, and nothing found is DMS's own message."""
    found = parse_rules('{"rules": [%s]}' % (INCLUDE % ("include", "core_%")))
    assert found.select([("public", "core_a"), ("public", "coreXa"), ("other", "core_a")]) == [("public", "core_a")]
    with pytest.raises(NoTablesFound, match="No tables were found at task initialization"):
        found.select([("public", "coreXa")])
    with pytest.raises(DmsRulesInvalid, match="wildcard"):
        parse_rules('{"rules": [%s]}' % (INCLUDE % ("explicit", "core_%")))


@pytest.mark.parametrize("number", ["Infinity", "1e999", "NaN", "null", '"one"', "[]"])
def test_a_rule_without_a_number_is_refused(number: str) -> None:
    """Whatever Python's JSON takes for one."""
    with pytest.raises(DmsRulesInvalid, match="a rule needs a numeric rule-id"):
        parse_rules('{"rules": [{"rule-type": "selection", "rule-id": NUMBER}]}'.replace("NUMBER", number))


CUTS = [
    # type, value, what is left (None: all)
    ("numeric", b"1.123456", None),
    ("numeric", b"1.12345678", b"1.123456"),
    ("numeric", b"-0.00000001", b"0.000000"),
    ("numeric", b"NaN", None),
    ("text", "é".encode() * 512, None),
    ("text", "é".encode() * 513, "é".encode() * 512),
    ("jsonb", b"x" * 600, b"x" * 512),
    ("xml", b"x" * 1024, None),
    ("integer[]", b"{" + b"1" * 600 + b"}", b"{" + b"1" * 511),
    ("bytea", b"\\x" + b"ab" * 1025, b"\\x" + b"ab" * 1024),
]


@pytest.mark.parametrize(("kind", "value", "left"), CUTS, ids=[f"{kind} {len(value)}" for kind, value, _ in CUTS])
def test_values_are_narrowed_as_documented(kind: str, value: bytes, left: bytes | None) -> None:
    """Numbers to 6 decimals, large objects to LobMaxSize (1 KB here; two bytes for a character)."""
    found = narrowing('"c"', kind, 1)
    assert found is not None
    assert found.cut(value) == left
    assert found.loss is (Loss.NUMERIC if kind == "numeric" else Loss.LOB)


def test_what_has_a_precision_keeps_it() -> None:
    """Nothing is taken off other types."""
    assert [narrowing('"c"', kind, 1) for kind in ("numeric(10,8)", "character varying(9)", "uuid", "inet")] == [
        None
    ] * 4


def test_extra_attributes_say_the_same_as_settings() -> None:
    """ExtraConnectionAttributes have settings in camel case; a value of the wrong type is named."""
    found = target_settings({"BucketName": "b"}, "cdcPath=c;preserveTransactions=true;cdcMaxBatchInterval=5")
    assert (found.CdcPath, found.PreserveTransactions, found.CdcMaxBatchInterval) == ("c", True, 5)
    with pytest.raises(DmsSettingUnsupported, match="cdcMaxBatchInterval"):
        target_settings({"BucketName": "b"}, "cdcMaxBatchInterval=soon")


def test_enumerations_come_in_either_case() -> None:
    """Terraform sends them in upper case; what they ask for is the same."""
    sent = {"BucketName": "b", "CompressionType": "GZIP", "DataFormat": "CSV", "EncryptionMode": "SSE_S3"}
    assert target_settings(sent).gzip
    with pytest.raises(DmsSettingUnsupported, match="DataFormat 'PARQUET' is not honoured"):
        target_settings(sent | {"DataFormat": "PARQUET"})
