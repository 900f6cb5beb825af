"""The functions that a query may call, and what each is in DuckDB: a call of the same shape, or a template.

What is not here is refused as FUNCTION_NOT_FOUND: nothing that only DuckDB has can be reached.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Templates = Mapping[int, str]


@dataclass(frozen=True)
class Function:
    """``call`` names DuckDB's function of the same arguments; ``templates`` are by number of arguments.

    In a template ``{0}`` is the first argument; ``{1:mysql}`` the second, a literal, translated from a format of that
    kind. An aggregate may stand under FILTER, DISTINCT and ORDER BY, and over a window.
    """

    call: str = ""
    templates: Templates | None = None
    aggregate: bool = False
    window: bool = False


def _same(*names: str) -> dict[str, Function]:
    return {name: Function(name) for name in names}


def _macros(*names: str) -> dict[str, Function]:
    return {name: Function(f"trino_{name}") for name in names}


def _called(**names: str) -> dict[str, Function]:
    return {name: Function(call) for name, call in names.items()}


def _aggregates(**names: str) -> dict[str, Function]:
    return {name: Function(call, aggregate=True) for name, call in names.items()}


def _templates(**templates: str | Templates) -> dict[str, Function]:
    return {
        name: Function(templates={template.count("{"): template} if isinstance(template, str) else template)
        for name, template in templates.items()
    }


AGGREGATES = {
    **_aggregates(
        count="count", sum="sum", avg="avg", min="min", max="max", count_if="count_if", arbitrary="any_value",
        any_value="any_value", array_agg="array_agg", bool_and="bool_and", bool_or="bool_or", every="bool_and",
        approx_distinct="approx_count_distinct", max_by="arg_max", min_by="arg_min", stddev="stddev_samp",
        stddev_samp="stddev_samp", stddev_pop="stddev_pop", variance="var_samp", var_samp="var_samp", var_pop="var_pop",
        corr="corr", covar_pop="covar_pop", covar_samp="covar_samp", regr_slope="regr_slope",
        regr_intercept="regr_intercept", skewness="skewness", kurtosis="kurtosis", geometric_mean="geomean",
        bitwise_and_agg="bit_and", bitwise_or_agg="bit_or", histogram="histogram", entropy="entropy",
        approx_percentile="approx_quantile", listagg="string_agg",
    ),
}  # fmt: skip
WINDOWS = {
    name: Function(name, window=True)
    for name in (
        "row_number", "rank", "dense_rank", "percent_rank", "cume_dist", "ntile", "lag", "lead", "first_value", "last_value",
        "nth_value",
    )
}  # fmt: skip
FUNCTIONS: Mapping[str, Function] = {
    **AGGREGATES,
    **WINDOWS,
    **_same(
        "coalesce",
        "nullif",
        "greatest",
        "least",
        "abs",
        "sqrt",
        "cbrt",
        "exp",
        "ln",
        "log2",
        "log10",
        "power",
        "pow",
        "mod",
        "degrees",
        "radians",
        "sin",
        "cos",
        "tan",
        "asin",
        "acos",
        "atan",
        "atan2",
        "sinh",
        "cosh",
        "tanh",
        "pi",
        "upper",
        "lower",
        "trim",
        "ltrim",
        "rtrim",
        "translate",
        "uuid",
        "grouping",
        "levenshtein_distance",
        "hamming_distance",
    ),
    **_called(
        ceiling="trino_ceil",
        random="trino_rand",
        is_nan="isnan",
        is_finite="isfinite",
        is_infinite="isinf",
        bitwise_xor="xor",
        levenshtein_distance="levenshtein",
        hamming_distance="hamming",
        date_add="trino_date_add",
        dow="trino_day_of_week",
        doy="trino_day_of_year",
        day_of_month="trino_day",
        week_of_year="trino_week",
        yow="trino_year_of_week",
        position="trino_strpos",
        array_sort="list_sort",
        filter="list_filter",
        transform="list_transform",
        map_keys="map_keys",
        map_values="map_values",
        map_concat="map_concat",
        map_from_entries="map_from_entries",
        array_concat="list_concat",
        format="printf",
    ),
    **_macros(
        "date_diff",
        "date_trunc",
        "from_unixtime",
        "to_unixtime",
        "from_iso8601_timestamp",
        "from_iso8601_date",
        "to_iso8601",
        "with_timezone",
        "now",
        "current_date",
        "localtimestamp",
        "localtime",
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "millisecond",
        "quarter",
        "week",
        "day_of_week",
        "day_of_year",
        "year_of_week",
        "last_day_of_month",
        "substr",
        "strpos",
        "length",
        "concat",
        "concat_ws",
        "lpad",
        "rpad",
        "replace",
        "chr",
        "codepoint",
        "starts_with",
        "regexp_like",
        "regexp_replace",
        "regexp_split",
        "regexp_count",
        "round",
        "truncate",
        "ceil",
        "floor",
        "sign",
        "rand",
        "log",
        "nan",
        "infinity",
        "e",
        "width_bucket",
        "to_base",
        "from_base",
        "to_hex",
        "from_hex",
        "to_base64",
        "from_base64",
        "to_utf8",
        "from_utf8",
        "md5",
        "sha1",
        "sha256",
        "element_at",
        "array_position",
        "array_distinct",
        "array_except",
        "array_intersect",
        "array_union",
        "array_remove",
        "array_max",
        "array_min",
        "arrays_overlap",
        "slice",
        "sequence",
        "repeat",
        "reverse",
        "contains",
        "flatten",
        "map",
        "map_entries",
        "json_parse",
        "json_format",
        "json_extract",
        "json_extract_scalar",
        "json_array_length",
        "json_array_get",
        "json_array_contains",
        "json_size",
        "is_json_scalar",
        "url_extract_host",
        "url_extract_path",
        "url_extract_query",
        "url_extract_protocol",
        "url_extract_parameter",
        "url_encode",
        "url_decode",
    ),
    **_templates(
        cardinality="cardinality({0})::bigint",
        date="trino_cast_date({0})",
        date_format="strftime(trino_wall_clock({0}), {1:mysql})",
        date_parse="strptime({0}, {1:mysql})",
        format_datetime="strftime(trino_wall_clock({0}), {1:joda})",
        parse_datetime="timezone('UTC', strptime({0}, {1:joda}))",
        bitwise_and="({0} & {1})",
        bitwise_or="({0} | {1})",
        bitwise_not="(~{0})",
        typeof="lower(typeof({0}))",
        split_part="string_split({0}, {1})[{2}]",
        split={
            2: "string_split({0}, {1})",
            3: "case when len(string_split({0}, {1})) <= {2} then string_split({0}, {1}) else "
            "list_append(string_split({0}, {1})[:{2} - 1], array_to_string(string_split({0}, {1})[{2}:], {1})) end",
        },
        regexp_extract={
            2: "case when regexp_matches({0}, {1}) then regexp_extract({0}, {1}) end",
            3: "case when regexp_matches({0}, {1}) then regexp_extract({0}, {1}, {2}) end",
        },
        regexp_extract_all={2: "regexp_extract_all({0}, {1})", 3: "regexp_extract_all({0}, {1}, {2})"},
        array_join={
            2: "array_to_string(list_filter(list_transform({0}, lambda x: trino_cast_varchar(x)), "
            "lambda x: x is not null), {1})",
            3: "array_to_string(list_transform({0}, lambda x: coalesce(trino_cast_varchar(x), {2})), {1})",
        },
        map_agg={2: "map_from_entries(list({{'k': {0}, 'v': {1}}}))"},
        zip={2: "list_zip({0}, {1})"},
        any_match={2: "list_bool_or(list_transform({0}, {1}))"},
        all_match={2: "list_bool_and(list_transform({0}, {1}))"},
        none_match={2: "not list_bool_or(list_transform({0}, {1}))"},
        **{"if": {2: "case when {0} then {1} end", 3: "case when {0} then {1} else {2} end"}, "try": {1: "try({0})"}},
    ),
}
