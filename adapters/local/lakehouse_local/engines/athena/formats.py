"""Formats of times, as literals: MySQL's letters and Joda's patterns in strftime's."""

import re

_MYSQL = {"%i": "%M", "%s": "%S", "%S": "%S", "%e": "%-d", "%c": "%-m", "%k": "%-H", "%l": "%-I", "%h": "%I",
          "%T": "%H:%M:%S", "%r": "%I:%M:%S %p", "%M": "%B", "%W": "%A", "%D": None, "%U": None, "%u": None, "%V": None,
          "%v": "%V", "%X": None, "%x": "%G", "%w": "%w"}  # fmt: skip
_JODA = {"yyyy": "%Y", "YYYY": "%Y", "y": "%Y", "yy": "%y", "MM": "%m", "M": "%-m", "MMM": "%b", "MMMM": "%B", "dd": "%d", "d": "%-d",
         "HH": "%H", "H": "%-H", "hh": "%I", "h": "%-I", "mm": "%M", "m": "%-M", "ss": "%S", "s": "%-S", "SSS": "%g",
         "EEEE": "%A", "EEE": "%a", "E": "%a", "a": "%p", "DDD": "%j", "D": "%-j", "xxxx": "%G", "ww": "%V", "e": "%u"}  # fmt: skip


class UnknownFormat(ValueError):
    """A letter that has no counterpart here."""


def mysql(text: str) -> str:
    """A format of date_format and date_parse.

    >>> mysql("%Y-%m-%d %H:%i:%s")
    '%Y-%m-%d %H:%M:%S'
    """

    def one(match: re.Match[str]) -> str:
        letter = match[0]
        found = _MYSQL.get(letter, letter)
        if found is None:
            raise UnknownFormat(letter)
        return found

    return re.sub(r"%.", one, text)


def joda(text: str) -> str:
    """A pattern of format_datetime and parse_datetime.

    >>> joda("yyyy-MM-dd'T'HH:mm")
    '%Y-%m-%dT%H:%M'
    """

    def one(match: re.Match[str]) -> str:
        if match["text"] is not None:
            return match["text"].replace("%", "%%") or "'"
        letters = match["letters"]
        if letters not in _JODA:
            raise UnknownFormat(letters)
        return _JODA[letters]

    return re.sub(r"'(?P<text>[^']*)'|(?P<letters>([A-Za-z])\3*)", one, text.replace("%", "%%"))
