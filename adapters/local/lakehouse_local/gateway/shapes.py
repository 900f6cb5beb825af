"""JSON against botocore's model: requests as AWS checks them, answers so strictly that every SDK can read them."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

# Java's surrogate pairs, as the models write everything beyond the basic plane.
_SURROGATES = re.compile(r"\\u[dD]800\\u[dD][cC]00-\\u[dD][bB][fF][fF]\\u[dD][fF][fF][fF]")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
}


class NotOfThatType(Exception):
    """A value of a JSON type that the member does not have (AWS: SerializationException)."""


class Problems(Exception):
    """What a value lacks or breaks: one line each, as AWS words it."""

    def __init__(self, found: Sequence[str]) -> None:
        super().__init__("; ".join(found))
        self.found = tuple(found)


def request(shape: Shape | None, value: Any, *, loose_enums: bool = False) -> dict[str, Any]:
    """A request's members: blobs as bytes, nulls and unknown members left out.

    ``loose_enums``: enumerations are taken in either case, with hyphen or underscore, and stay as they were written.

    Raises:
        NotOfThatType: AWS's parser would have stopped.
        Problems: required members are missing, or values break the model's constraints.
    """
    return _checked(shape, value, _Reader(loose_enums=loose_enums))


def answer(shape: Shape | None, value: Any, *, loose_enums: bool = False) -> dict[str, Any]:
    """An answer as JSON; the errors are as those of :func:`request`, also for members that the model does not have."""
    return _checked(shape, value, _Writer(loose_enums=loose_enums))


def _checked(shape: Shape | None, value: Any, walk: "_Walk") -> dict[str, Any]:
    if shape is None:
        walk.unknown(value, "")
        found: dict[str, Any] = {}
    else:
        found = walk.value(shape, value, "")
    if walk.problems:
        raise Problems(walk.problems)
    return found


class _Walk:
    """One pass over one value."""

    counted = True

    def __init__(self, *, loose_enums: bool) -> None:
        self.problems: list[str] = []
        self._enum: Callable[[str], str] = _loose if loose_enums else str

    def value(self, shape: Shape, value: Any, path: str) -> Any:
        if isinstance(shape, StructureShape):
            return self._structure(shape, value, path)
        if isinstance(shape, ListShape):
            _require(value, (list,), path, shape)
            self._size(shape, value, path)
            return [self.value(shape.member, each, f"{path}.{n}.member") for n, each in enumerate(value, 1)]
        if isinstance(shape, MapShape):
            _require(value, (dict,), path, shape)
            self._size(shape, value, path)
            return {
                self.value(shape.key, name, f"{path}.key"): self.value(shape.value, each, f"{path}.{name}.member")
                for name, each in value.items()
                if each is not None
            }
        if shape.type_name == "blob":
            return self.blob(value, path)
        _require(value, _TYPES[shape.type_name], path, shape)
        self._constraints(shape, value, path)
        return value

    def blob(self, value: Any, path: str) -> Any:
        raise NotImplementedError

    def unknown(self, value: Any, path: str) -> None:
        raise NotImplementedError

    def absent(self, value: Any, path: str) -> bool:
        raise NotImplementedError

    def _structure(self, shape: StructureShape, value: Any, path: str) -> dict[str, Any]:
        _require(value, (dict,), path, shape)
        if shape.is_document_type:
            return dict(value)
        found = {}
        for name, member in shape.members.items():
            if name in value and not self.absent(value[name], _below(path, name)):
                found[name] = self.value(member, value[name], _below(path, name))
        self.problems += [
            f"Value null at '{_below(path, name)}' failed to satisfy constraint: Member must not be null"
            for name in shape.required_members
            if name not in found
        ]
        self.unknown({name: each for name, each in value.items() if name not in shape.members}, path)
        return found

    def _constraints(self, shape: Shape, value: Any, path: str) -> None:
        if isinstance(value, str):
            self._size(shape, value, path)
            allowed = shape.metadata.get("enum")
            if allowed and self._enum(value) not in map(self._enum, allowed):
                self._breaks(value, path, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
            pattern = shape.metadata.get("pattern")
            if pattern and not _pattern(pattern)(value):
                self._breaks(value, path, f"Member must satisfy regular expression pattern: {pattern}")
        elif not isinstance(value, bool):
            low, high = shape.metadata.get("min"), shape.metadata.get("max")
            if low is not None and value < low:
                self._breaks(value, path, f"Member must have value greater than or equal to {low}")
            if high is not None and value > high:
                self._breaks(value, path, f"Member must have value less than or equal to {high}")

    def _size(self, shape: Shape, value: Any, path: str) -> None:
        if not self.counted and not isinstance(value, str):
            return
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and len(value) < low:
            self._breaks(value, path, f"Member must have length greater than or equal to {low}")
        if high is not None and len(value) > high:
            self._breaks(value, path, f"Member must have length less than or equal to {high}")

    def _breaks(self, value: Any, path: str, constraint: str) -> None:
        shown = str(value) if len(str(value)) <= 200 else f"{str(value)[:200]}..."
        self.problems.append(f"Value '{shown}' at '{path}' failed to satisfy constraint: {constraint}")


class _Reader(_Walk):
    def blob(self, value: Any, path: str) -> bytes:
        try:
            return base64.b64decode(value, validate=True)
        except (TypeError, ValueError, binascii.Error):
            raise NotOfThatType(f"{path} is not base64") from None

    def unknown(self, value: Any, path: str) -> None:
        """AWS ignores members that it does not know."""

    def absent(self, value: Any, path: str) -> bool:  # noqa: ARG002 (the writer looks at it)
        return value is None


class _Writer(_Walk):
    counted = False  # AWS answers empty lists where its models want one member at least (ListWorkflows)

    def blob(self, value: Any, path: str) -> str:
        _require(value, (bytes,), path)
        return base64.b64encode(value).decode()

    def unknown(self, value: Any, path: str) -> None:
        self.problems += [f"the model has no member '{_below(path, name)}'" for name in value]

    def absent(self, value: Any, path: str) -> bool:
        if value is None:
            self.problems.append(f"'{path}' is null; what is absent is left out")
        return value is None


def _require(value: Any, types: tuple[type, ...], path: str, shape: Shape | None = None) -> None:
    # In Python true is a number; in JSON it is none.
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        wanted = shape.type_name if shape else types[0].__name__
        raise NotOfThatType(f"{path or 'the body'} is {type(value).__name__}, not {wanted}")


def _below(path: str, name: str) -> str:
    """The path of a member as AWS writes it: each name begins in lower case."""
    lower = name[:1].lower() + name[1:]
    return f"{path}.{lower}" if path else lower


def _loose(value: str) -> str:
    return value.lower().replace("_", "-")


@lru_cache(maxsize=1024)
def _pattern(pattern: str) -> Callable[[str], object]:
    """The model's pattern (Java's) for the whole value; one that Python cannot compile lets everything through."""
    try:
        return re.compile(_SURROGATES.sub(r"\\U00010000-\\U0010FFFF", pattern), re.ASCII).fullmatch
    except re.error:
        return lambda _: True
