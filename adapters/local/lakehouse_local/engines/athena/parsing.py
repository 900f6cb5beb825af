"""Text to tree, and the refusals of text that is none, as Athena words them."""

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokenizer_core import Token, TokenType

from lakehouse_local.engines.athena.dialect import AthenaSql
from lakehouse_local.engines.athena.errors import SyntaxInvalid

MAX_BYTES = 262_144
"""Athena's limit of a statement's length."""

_AFTER_RELATION = (
    "'(', ',', '.', 'AS', 'CROSS', 'EXCEPT', 'FETCH', 'FOR', 'FULL', 'GROUP', 'HAVING', 'INNER', 'INTERSECT', 'JOIN', "
    "'LEFT', 'LIMIT', 'MATCH_RECOGNIZE', 'NATURAL', 'OFFSET', 'ORDER', 'RIGHT', 'TABLESAMPLE', 'UNION', 'WHERE', "
    "'WINDOW', <EOF>, <identifier>"
)
_STATEMENTS = (
    "'(', 'ALTER', 'CREATE', 'DEALLOCATE', 'DELETE', 'DESC', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'INSERT', 'MERGE', "
    "'MSCK', 'PREPARE', 'SELECT', 'SHOW', 'TABLE', 'UNLOAD', 'UPDATE', 'VALUES', 'WITH', <query>"
)
_QUOTE = "a name with other characters than letters, digits and underscores stands in double quotes"
_BETWEEN_FROM_AND_NAME = {TokenType.VAR, TokenType.IDENTIFIER, TokenType.DOT}
# What sqlglot reads and Trino does not.
_FOREIGN = {
    TokenType.DCOLON,
    TokenType.NULLSAFE_EQ,
    TokenType.ILIKE,
    TokenType.RLIKE,
    TokenType.GLOB,
    TokenType.QUALIFY,
}


def tokens(sql: str) -> list[Token]:
    """The statement's tokens, without a semicolon at its end; SyntaxInvalid for what is too long, empty or two."""
    if len(sql.encode()) > MAX_BYTES:
        raise SyntaxInvalid(f"Query string length must be at most {MAX_BYTES} bytes")
    try:
        found = AthenaSql().tokenize(sql)
    except TokenError as error:
        raise SyntaxInvalid(f"line 1:1: {error}", "is a quote or a comment left open?") from None
    while found and found[-1].token_type is TokenType.SEMICOLON:
        found.pop()
    if not found:
        raise SyntaxInvalid("Query string cannot be empty", "SELECT 1")
    for token in found:
        if token.token_type is TokenType.SEMICOLON:
            raise SyntaxInvalid(f"Only one sql statement is allowed. Got: {sql}", "start them one after the other")
    return found


def query(sql: str) -> exp.Query:
    """One query's tree; SyntaxInvalid with place and expectation."""
    return parsed(tokens(sql), sql)


def parsed(found: Sequence[Token], sql: str) -> exp.Query:
    """The tree of a query's tokens."""
    for token in found:
        if token.token_type in _FOREIGN or (token.text == "`" or token.text in {"==", "$"}):
            raise mismatched(found, token)
    try:
        trees = AthenaSql().parser().parse(list(found), sql)
    except ParseError as error:
        raise _translated(found, error) from None
    except RecursionError:
        raise SyntaxInvalid("line 1:1: statement is too large (stack overflow while parsing)") from None
    tree = trees[0] if trees else None
    if isinstance(tree, exp.Values):
        tree = _selected(tree)
    if not isinstance(tree, exp.Query):
        raise mismatched(found, found[0])
    _check_order(found, tree)
    return tree


def _selected(values: exp.Values) -> exp.Select:
    """``VALUES`` alone, as a SELECT with Athena's names."""
    first = values.expressions[0]
    width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
    names = [exp.to_identifier(f"_col{number}") for number in range(width)]
    values.set("alias", exp.TableAlias(this=exp.to_identifier("values"), columns=names))
    return exp.select(*(exp.column(name.copy()) for name in names)).from_(values)


def place(found: Token) -> tuple[int, int]:
    """Line and column of a token's first character, from 1."""
    return found.line, found.col - (found.end - found.start)


def mismatched(found: Sequence[Token], token: Token | None) -> SyntaxInvalid:
    """The refusal of a token, or of the end where there is none."""
    if token is None:
        line, column = place(found[-1])
        return SyntaxInvalid(
            f"line {line}:{column + len(found[-1].text)}: mismatched input '<EOF>'. Expecting: {_expected(found, len(found))}"
        )
    index = found.index(token)
    line, column = place(token)
    message = f"line {line}:{column}: mismatched input '{token.text}'. Expecting: {_expected(found, index)}"
    return SyntaxInvalid(message, _hint(found, index))


def _expected(found: Sequence[Token], index: int) -> str:
    if index == 0:
        return _STATEMENTS
    before = index - 1
    while before > 0 and found[before].token_type in _BETWEEN_FROM_AND_NAME:
        before -= 1
    if found[before].token_type in {TokenType.FROM, TokenType.JOIN} and before < index - 1:
        return _AFTER_RELATION
    last = found[index - 1].token_type
    if last in {TokenType.FROM, TokenType.JOIN}:
        return "'(', 'LATERAL', 'TABLE', 'UNNEST', <identifier>"
    if last in {TokenType.SELECT, TokenType.COMMA, TokenType.WHERE, TokenType.ON, TokenType.L_PAREN, TokenType.AND}:
        return "<expression>"
    return "',', 'EXCEPT', 'FETCH', 'FROM', 'GROUP', 'HAVING', 'INTERSECT', 'LIMIT', 'OFFSET', 'ORDER', 'UNION', 'WHERE', 'WINDOW', <EOF>"


def _hint(found: Sequence[Token], index: int) -> str:
    token = found[index]
    if token.text == "`":
        return "queries quote names with double quotes, only DDL has backticks"
    if token.token_type is TokenType.DASH and _expected(found, index) == _AFTER_RELATION:
        end = index
        while end < len(found) and found[end].token_type in {TokenType.DASH, TokenType.VAR, TokenType.NUMBER}:
            end += 1
        name = "".join(each.text for each in found[index - 1 : end])
        rest = (
            "".join(each.text for each in found[end : end + 2])
            if found[end : end + 1] and found[end].text == "."
            else ""
        )
        return f'{_QUOTE}: FROM "{name}"{rest}'
    if token.token_type is TokenType.DCOLON:
        return "write CAST(x AS type)"
    return ""


def _translated(found: Sequence[Token], error: ParseError) -> SyntaxInvalid:
    """Sqlglot's complaint, as Trino would word it: it names the token that fits nowhere, or the one before the end."""
    detail = error.errors[0] if error.errors else {}
    line, column = detail.get("line"), detail.get("col")
    named = next((token for token in found if (token.line, token.col) == (line, column)), None)
    if named is None:
        return mismatched(found, None)
    description = str(detail.get("description", ""))
    if not description.startswith("Invalid expression"):
        # "Expected x" and "Required keyword" stand at the last token that was taken.
        index = found.index(named) + 1
        return mismatched(found, found[index] if index < len(found) else None)
    return mismatched(found, named)


def _check_order(found: Sequence[Token], tree: exp.Query) -> None:
    """Trino wants OFFSET before LIMIT and has no ``LIMIT 1, 2``."""
    for select in tree.find_all(exp.Select):
        if select.args.get("offset") and select.args.get("limit"):
            limit = next(i for i, t in enumerate(found) if t.token_type in {TokenType.LIMIT, TokenType.FETCH})
            offset = next((i for i, t in enumerate(found) if t.token_type is TokenType.OFFSET), None)
            if offset is None or offset > limit:
                raise mismatched(found, found[offset if offset is not None else limit])
