"""Statements that end too early, or whose rest is a comment, are refused in Athena's words."""

import pytest

from lakehouse_local.engines.athena import statements
from lakehouse_local.engines.athena.errors import SyntaxInvalid


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO t",
        "INSERT INTO t (",
        "INSERT INTO t (--a) VALUES (1), (2)",
        "INSERT INTO t (a",
        "CREATE TABLE t AS (",
        "CREATE TABLE t WITH (a =",
        "UNLOAD (",
        "UNLOAD (SELECT 1) TO",
    ],
)
def test_a_statement_without_its_end(text: str) -> None:
    """The place of what is wrong is in the message."""
    with pytest.raises(SyntaxInvalid, match="line 1:"):
        statements.parse(text)
