"""A crawler's exclusion patterns: globs relative to the include path. Source: Glue Developer Guide, crawler exclude patterns."""

import re
from collections.abc import Callable, Iterable


def excluder(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a key (relative to the include path) is excluded by one of the patterns.

    >>> excluded = excluder(["**.tmp", "raw/*", "year={2019,202[!0-3]}/**"])
    >>> [excluded(key) for key in ("a/b.tmp", "raw/x", "raw/x/y", "year=2024/a/b", "year=2021/a")]
    [True, True, False, True, False]
    """
    compiled = [re.compile(_regex(pattern), re.DOTALL) for pattern in patterns]
    return lambda key: any(pattern.fullmatch(key) for pattern in compiled)


def _regex(pattern: str) -> str:
    out, at, braces = [], 0, 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            out.append(".*")
            at += 2
            continue
        if char == "*":
            out.append("[^/]*")
        elif char == "?":
            out.append("[^/]")
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            out.append(re.escape(pattern[at]))
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            inside = pattern[at + 1 : end].replace("\\", "\\\\").replace("^", "\\^")
            out.append(f"[^/{inside[1:]}]" if inside.startswith("!") else f"[{inside}]")
            at = end
        elif char == "{":
            braces += 1
            out.append("(?:")
        elif char == "}" and braces:
            braces -= 1
            out.append(")")
        elif char == "," and braces:
            out.append("|")
        else:
            out.append(re.escape(char))
        at += 1
    return "".join(out)
