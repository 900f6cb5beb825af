"""Trino's functions where DuckDB has none of the same meaning, as macros. Overloads are chosen by the arguments' types.

Sources: Trino documentation, "Functions and operators"; texts of numbers are Java's (``Double.toString``).
"""

import re
from collections.abc import Iterable, Iterator

_SHIFT = (
    "case lower(unit) when 'millisecond' then to_milliseconds(n) when 'second' then to_seconds(n) "
    "when 'minute' then to_minutes(n) when 'hour' then to_hours(n) when 'day' then to_days(n::integer) "
    "when 'week' then to_weeks(n::integer) when 'month' then to_months(n::integer) "
    "when 'quarter' then to_months((3 * n)::integer) when 'year' then to_years(n::integer) "
    "else error('Invalid argument: unknown unit ' || unit) end"
)
# Not error(), which counts as volatile: TRY takes nothing volatile.
_BY_ZERO = "cast('!DIVISION_BY_ZERO: Division by zero' as tinyint)"
_TIMES = ("t timestamp", "t timestamptz", "t date")


def _each(template: str, kinds: Iterable[str] = _TIMES) -> str:
    return ", ".join(template.format(kind=kind, plain=_plain(kind)) for kind in kinds)


def _plain(kind: str) -> str:
    return "timezone('UTC', t)" if kind == "t timestamptz" else "t::timestamp"


_WHOLE = ("tinyint", "smallint", "integer", "bigint")


def _cast_whole(kind: str) -> str:
    # typeof() is a constant: DuckDB keeps one branch. Text must be a whole number, halves are rounded away from zero.
    shown = "INT" if kind == "integer" else kind.upper()
    return (
        "(a) as case when typeof(a) = 'VARCHAR' and not regexp_full_match(a::varchar, '\\s*[+-]?[0-9]+\\s*') "
        f"then error('INVALID_CAST_ARGUMENT: Cannot cast \"' || a::varchar || '\" to {shown}') "
        f"when typeof(a) in ('DOUBLE', 'FLOAT') then round(try_cast(a::varchar as double))::{kind} "
        f"when typeof(a) = 'JSON' then (try_cast(a::varchar as json) ->> '$')::{kind} else a::{kind} end"
    )


def _try_whole(kind: str) -> str:
    return (
        "(a) as case when typeof(a) = 'VARCHAR' and not regexp_full_match(a::varchar, '\\s*[+-]?[0-9]+\\s*') then null "
        f"when typeof(a) in ('DOUBLE', 'FLOAT') then try_cast(round(try_cast(a::varchar as double)) as {kind}) "
        f"when typeof(a) = 'JSON' then try_cast(try_cast(a::varchar as json) ->> '$' as {kind}) else try_cast(a as {kind}) end"
    )


def _from_json(kind: str) -> str:
    return f"(a) as case when typeof(a) = 'JSON' then (try_cast(a::varchar as json) ->> '$')::{kind} else a::{kind} end"


_TEXT = (
    "(a) as case when typeof(a) in ('DOUBLE', 'FLOAT') then trino_double_text(a::varchar, "
    "try_cast(a::varchar as double) = 0 or abs(try_cast(a::varchar as double)) between 1e-3 and 9999999.999999999) "
    "when typeof(a) = 'TIMESTAMP' then strftime(try_cast(a::varchar as timestamp), '%Y-%m-%d %H:%M:%S.%g') "
    "when typeof(a) = 'TIMESTAMP WITH TIME ZONE' then "
    "strftime(timezone('UTC', try_cast(a::varchar as timestamptz)), '%Y-%m-%d %H:%M:%S.%g') || ' UTC' "
    "when typeof(a) = 'TIME' then strftime(date '1970-01-01' + try_cast(a::varchar as time), '%H:%M:%S.%g') "
    "when typeof(a) = 'JSON' then try_cast(a::varchar as json) ->> '$' "
    "when typeof(a) like 'DECIMAL%' then regexp_replace(a::varchar, '^(-?)\\.', '\\10.') else a::varchar end"
)

MACROS = {
    # x::varchar as Java's Double.toString has it; ``plain`` says that no exponent is due.
    "trino_double_text": (
        "(s, plain) as case when s is null then null when s = 'nan' then 'NaN' when s = 'inf' then 'Infinity' "
        "when s = '-inf' then '-Infinity' when plain then s "
        "when contains(s, 'e') then (case when contains(split_part(s, 'e', 1), '.') then split_part(s, 'e', 1) "
        "else split_part(s, 'e', 1) || '.0' end) || 'E' || split_part(s, 'e', 2)::integer "
        "else trino_scientific(case when s[1] = '-' then '-' else '' end, ltrim(s, '-')) end"
    ),
    "trino_scientific": (
        "(sign, s) as sign || trino_mantissa(rtrim(ltrim(replace(s, '.', ''), '0'), '0')) || 'E' || "
        "case when s[1] <> '0' then length(split_part(s, '.', 1)) - 1 "
        "else -(length(s) - length(ltrim(replace(s, '.', ''), '0')) - 1) end"
    ),
    "trino_mantissa": "(d) as d[1] || '.' || case when length(d) > 1 then d[2:] else '0' end",
    # Operators
    "trino_divide": (
        f"(a bigint, b bigint) as case when b = 0 then {_BY_ZERO} else a // b end, "
        f"(a hugeint, b hugeint) as case when b = 0 then {_BY_ZERO} else a // b end, "
        "(a double, b double) as a / b, (a float, b float) as (a / b)::float, "
        f"(a integer, b integer) as case when b = 0 then {_BY_ZERO} else a // b end, "
        "(a interval, b double) as a / b"
    ),
    "trino_modulo": (
        f"(a integer, b integer) as case when b = 0 then {_BY_ZERO} else a % b end, "
        f"(a bigint, b bigint) as case when b = 0 then {_BY_ZERO} else a % b end, (a, b) as a % b"
    ),
    "trino_decimal_divide": f"(a, b, s) as case when b = 0 then {_BY_ZERO} else round(a::double / b::double, s) end",
    "trino_plus": ("(a date, b interval) as (a + b)::date, (a interval, b date) as (a + b)::date, (a, b) as a + b"),
    "trino_minus": "(a date, b interval) as (a - b)::date, (a date, b date) as to_days((a - b)::integer), (a, b) as a - b",
    # Casts
    **{f"trino_cast_{kind}": _cast_whole(kind) for kind in _WHOLE},
    **{f"trino_try_{kind}": _try_whole(kind) for kind in _WHOLE},
    "trino_cast_varchar": _TEXT,
    "trino_cast_double": _from_json("double"),
    "trino_cast_real": _from_json("float"),
    "trino_cast_boolean": _from_json("boolean"),
    "trino_cast_date": "(a timestamptz) as timezone('UTC', a)::date, (a varchar) as trim(a)::date, (a) as a::date",
    "trino_cast_timestamp": "(a timestamptz) as timezone('UTC', a), (a) as a::timestamp",
    "trino_cast_timestamptz": "(a timestamp) as timezone('UTC', a), (a date) as timezone('UTC', a::timestamp), (a) as a::timestamptz",
    "trino_cast_time": "(a timestamptz) as timezone('UTC', a)::time, (a) as a::time",
    "trino_cast_json": "(a) as case when typeof(a) = 'JSON' then try_cast(a::varchar as json) else to_json(a) end",
    # Times
    "trino_wall_clock": "(t timestamptz) as timezone('UTC', t), (t) as t::timestamp",
    "trino_date_add": (
        f"(unit varchar, n bigint, t date) as (t + {_SHIFT})::date, (unit varchar, n bigint, t timestamp) as t + {_SHIFT}, "
        f"(unit varchar, n bigint, t timestamptz) as t + {_SHIFT}, (unit varchar, n bigint, t time) as t + {_SHIFT}"
    ),
    # Whole units that have passed, not boundaries crossed.
    "trino_date_diff": (
        "(unit varchar, a timestamp, b timestamp) as date_sub(unit, a, b), (unit varchar, a date, b date) as date_sub(unit, a, b), "
        "(unit varchar, a timestamptz, b timestamptz) as date_sub(unit, timezone('UTC', a), timezone('UTC', b))"
    ),
    "trino_date_trunc": (
        "(unit varchar, t date) as date_trunc(unit, t)::date, (unit varchar, t timestamp) as date_trunc(unit, t), "
        "(unit varchar, t timestamptz) as timezone('UTC', date_trunc(unit, timezone('UTC', t)))"
    ),
    "trino_from_unixtime": "(n double) as to_timestamp(n)",
    "trino_to_unixtime": "(t timestamptz) as epoch(t), (t timestamp) as epoch(t), (t date) as epoch(t)",
    "trino_from_iso8601_timestamp": "(s varchar) as s::timestamptz",
    "trino_from_iso8601_date": "(s varchar) as s::date",
    "trino_to_iso8601": (
        "(t date) as t::varchar, (t timestamp) as strftime(t, '%Y-%m-%dT%H:%M:%S.%g'), "
        "(t timestamptz) as strftime(timezone('UTC', t), '%Y-%m-%dT%H:%M:%S.%gZ')"
    ),
    "trino_with_timezone": "(t timestamp, z varchar) as timezone(z, t)",
    "trino_local": "(t timestamptz, z varchar) as timezone(z, t), (t timestamp, z varchar) as timezone(z, timezone('UTC', t))",
    "trino_now": "() as current_timestamp",
    "trino_current_date": "() as timezone('UTC', current_timestamp)::date",
    "trino_localtimestamp": "() as timezone('UTC', current_timestamp)",
    "trino_localtime": "() as timezone('UTC', current_timestamp)::time",
    **{
        f"trino_{name}": _each("({kind}) as " + expression.replace("%", "{plain}"))
        for name, expression in {
            "year": "year(%)",
            "month": "month(%)",
            "day": "day(%)",
            "hour": "hour(%)",
            "minute": "minute(%)",
            "second": "second(%)",
            "millisecond": "millisecond(%) % 1000".replace("% 1000", "- 1000 * second(%)"),
            "quarter": "quarter(%)",
            "week": "week(%)",
            "day_of_week": "isodow(%)",
            "day_of_year": "dayofyear(%)",
            "year_of_week": "isoyear(%)",
            "last_day_of_month": "last_day(%)",
        }.items()
    },
    # Text
    "trino_substr": (
        "(s varchar, n bigint) as case when n = 0 or abs(n) > length(s) then '' else substr(s, n) end, "
        "(s varchar, n bigint, m bigint) as case when n = 0 or abs(n) > length(s) then '' "
        "when n < 0 then substr(s, length(s) + n + 1, m) else substr(s, n, m) end"
    ),
    "trino_strpos": "(s varchar, t varchar) as strpos(s, t)::bigint",
    "trino_split_part": "(s varchar, d varchar, n bigint) as nullif(string_split(s, d)[n], null)",
    "trino_length": "(s blob) as octet_length(s)::bigint, (s varchar) as length(s)::bigint",
    "trino_concat": "(a, b) as a || b, (a, b, c) as a || b || c, (a, b, c, d) as a || b || c || d, "
    "(a, b, c, d, e) as a || b || c || d || e, (a, b, c, d, e, f) as a || b || c || d || e || f, "
    "(a, b, c, d, e, f, g) as a || b || c || d || e || f || g, (a, b, c, d, e, f, g, h) as a || b || c || d || e || f || g || h",
    "trino_concat_ws": "(d, a) as concat_ws(d, a), (d, a, b) as concat_ws(d, a, b), (d, a, b, c) as concat_ws(d, a, b, c), "
    "(d, a, b, c, e) as concat_ws(d, a, b, c, e), (d, a, b, c, e, f) as concat_ws(d, a, b, c, e, f)",
    "trino_lpad": "(s varchar, n bigint, p varchar) as lpad(s, n::integer, p)",
    "trino_rpad": "(s varchar, n bigint, p varchar) as rpad(s, n::integer, p)",
    "trino_replace": "(s varchar, a varchar) as replace(s, a, ''), (s varchar, a varchar, b varchar) as replace(s, a, b)",
    "trino_chr": "(n bigint) as chr(n::integer)",
    "trino_codepoint": "(s varchar) as ascii(s)",
    "trino_starts_with": "(s varchar, p varchar) as starts_with(s, p)",
    "trino_regexp_like": "(s varchar, p varchar) as regexp_matches(s, p)",
    "trino_regexp_replace": "(s varchar, p varchar) as regexp_replace(s, p, '', 'g'), (s varchar, p varchar, r varchar) as "
    "regexp_replace(s, p, regexp_replace(r, '\\$(\\d)', '\\\\\\1', 'g'), 'g')",
    "trino_regexp_split": "(s varchar, p varchar) as string_split_regex(s, p)",
    "trino_regexp_count": "(s varchar, p varchar) as len(regexp_extract_all(s, p))::bigint",
    # Numbers
    "trino_round": "(x double) as round(x), (x double, n bigint) as round(x, n::integer), (x float) as round(x)::float, "
    "(x bigint) as x, (x bigint, n bigint) as round(x, n::integer), (x integer) as x, (x) as round(x), (x, n) as round(x, n::integer)",
    "trino_truncate": "(x double) as trunc(x), (x) as trunc(x)",
    "trino_ceil": "(x bigint) as x, (x integer) as x, (x double) as ceil(x), (x) as ceil(x)",
    "trino_floor": "(x bigint) as x, (x integer) as x, (x double) as floor(x), (x) as floor(x)",
    "trino_sign": "(x double) as sign(x)::double, (x) as sign(x)::integer",
    "trino_rand": "() as random(), (n bigint) as floor(random() * n)::bigint, (a bigint, b bigint) as a + floor(random() * (b - a))::bigint",
    "trino_log": "(b double, x double) as ln(x) / ln(b)",
    "trino_nan": "() as 'nan'::double",
    "trino_infinity": "() as 'inf'::double",
    "trino_e": "() as exp(1.0::double)",
    "trino_width_bucket": "(x double, a double, b double, n bigint) as case when x < a then 0 when x >= b then n + 1 else floor((x - a) / (b - a) * n)::bigint + 1 end",
    "trino_to_base": "(x bigint, b bigint) as lower(to_base(x, b::integer))",
    "trino_from_base": "(s varchar, b bigint) as list_sum(list_transform(range(1, length(s) + 1), lambda i: "
    "(strpos('0123456789abcdefghijklmnopqrstuvwxyz', lower(s[i])) - 1) * pow(b, length(s) - i)))::bigint",
    # Binary
    "trino_to_hex": "(b blob) as hex(b)",
    "trino_from_hex": "(s varchar) as unhex(s)",
    "trino_to_base64": "(b blob) as to_base64(b)",
    "trino_from_base64": "(s varchar) as from_base64(s)",
    "trino_to_utf8": "(s varchar) as encode(s)",
    "trino_from_utf8": "(b blob) as decode(b)",
    "trino_md5": "(b blob) as unhex(md5(b))",
    "trino_sha1": "(b blob) as unhex(sha1(b))",
    "trino_sha256": "(b blob) as unhex(sha256(b))",
    # Arrays and maps
    "trino_len": "(a) as len(a)::bigint",
    "trino_element_at": "(a, n) as a[n]",
    "trino_array_position": "(a, x) as coalesce(list_position(a, x), 0)::bigint",
    "trino_array_distinct": "(a) as list_filter(a, lambda x, i: list_position(a, x) = i)",
    "trino_array_except": "(a, b) as list_filter(trino_array_distinct(a), lambda x: not list_contains(b, x))",
    "trino_array_intersect": "(a, b) as list_filter(trino_array_distinct(a), lambda x: list_contains(b, x))",
    "trino_array_union": "(a, b) as trino_array_distinct(list_concat(a, b))",
    "trino_array_remove": "(a, x) as list_filter(a, lambda y: y <> x)",
    "trino_array_max": "(a) as list_max(a)",
    "trino_array_min": "(a) as list_min(a)",
    "trino_array_sum": "(a) as list_sum(a)",
    "trino_arrays_overlap": "(a, b) as list_has_any(a, b)",
    "trino_slice": "(a, n bigint, m bigint) as case when n > 0 then a[n:n + m - 1] else a[len(a) + n + 1:len(a) + n + m] end",
    "trino_sequence": "(a bigint, b bigint) as generate_series(a, b, case when b < a then -1 else 1 end), "
    "(a bigint, b bigint, s bigint) as generate_series(a, b, s), "
    "(a date, b date) as list_transform(generate_series(a, b, interval 1 day), lambda x: x::date), "
    "(a date, b date, s interval) as list_transform(generate_series(a, b, s), lambda x: x::date), "
    "(a timestamp, b timestamp, s interval) as generate_series(a, b, s)",
    "trino_repeat": "(x, n bigint) as list_transform(range(n), lambda i: x)",
    "trino_reverse": "(s varchar) as reverse(s), (a) as list_reverse(a)",
    "trino_contains": "(a, x) as list_contains(a, x)",
    "trino_flatten": "(a) as flatten(a)",
    "trino_any_match": "(a) as list_contains(a, true)",
    "trino_map": "() as map {}, (k, v) as map(k, v)",
    "trino_map_entries": "(m) as map_entries(m)",
    # JSON
    "trino_json_parse": "(s varchar) as s::json",
    "trino_json_format": "(j json) as j::varchar",
    "trino_json_extract": "(j json, p varchar) as json_extract(j, p)",
    "trino_json_extract_scalar": "(j json, p varchar) as case when json_type(j, p) not in ('OBJECT', 'ARRAY', 'NULL') then json_extract_string(j, p) end",
    "trino_json_array_length": "(j json) as json_array_length(j)::bigint",
    "trino_json_array_get": "(j json, n bigint) as json_extract(j, '$[' || n || ']')",
    "trino_json_array_contains": "(j json, x) as list_contains(from_json(j, '[\"JSON\"]'), to_json(x))",
    "trino_json_size": "(j json, p varchar) as case json_type(j, p) when 'ARRAY' then json_array_length(j, p)::bigint "
    "when 'OBJECT' then len(json_keys(j, p))::bigint when null then null else 0 end",
    "trino_is_json_scalar": "(j json) as json_type(j) not in ('OBJECT', 'ARRAY')",
    # Rest
    "trino_url_extract_host": "(s varchar) as nullif(regexp_extract(s, '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^/@]*@)?([^/:?#]*)', 1), '')",
    "trino_url_extract_path": "(s varchar) as regexp_extract(s, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^?#]*)', 1)",
    "trino_url_extract_query": "(s varchar) as nullif(regexp_extract(s, '\\?([^#]*)', 1), '')",
    "trino_url_extract_protocol": "(s varchar) as nullif(regexp_extract(s, '^([a-zA-Z][a-zA-Z0-9+.-]*)://', 1), '')",
    "trino_url_extract_parameter": "(s varchar, n varchar) as nullif(regexp_extract(s, '[?&]' || n || '=([^&#]*)', 1), '')",
    "trino_url_encode": "(s varchar) as url_encode(s)",
    "trino_url_decode": "(s varchar) as url_decode(s)",
}
OVERLOADED = frozenset(name for name, text in MACROS.items() if len(re.findall(r"(?:^|, )\([\w ,]*\) as ", text)) > 1)
"""Those that DuckDB chooses a definition of, by the arguments' types."""
_USED = re.compile(r"\btrino_\w+")


def needed(names: Iterable[str]) -> list[str]:
    """The macros and those that they stand on, these first."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in found:
            return
        for used in _USED.findall(MACROS[name]):
            if used != name:
                visit(used)
        found[name] = None

    for name in names:
        visit(name)
    return list(found)


def definitions(names: Iterable[str]) -> Iterator[str]:
    """The statements that define them; what shows values as text is always there."""
    for name in needed(["trino_double_text", *sorted(names)]):
        yield f"create macro {name}{MACROS[name]}"
