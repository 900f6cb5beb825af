"""Transforms as classes with ``apply``: each calls the DynamicFrame's method of the same meaning."""

from collections.abc import Callable, Sequence
from typing import Any

from .. import NotInStandIn
from ..dynamicframe import DynamicFrame

__all__ = [
    "ApplyMapping",
    "DropFields",
    "DropNullFields",
    "Filter",
    "Map",
    "RenameField",
    "ResolveChoice",
    "SelectFields",
]


class ApplyMapping:
    """Fields renamed and cast."""

    @staticmethod
    def apply(frame: DynamicFrame, mappings: Sequence[tuple[str, str, str, str]], **options: Any) -> DynamicFrame:
        """See ``DynamicFrame.apply_mapping``."""
        return frame.apply_mapping(mappings, **options)


class SelectFields:
    """Some of the fields."""

    @staticmethod
    def apply(frame: DynamicFrame, paths: Sequence[str], **options: Any) -> DynamicFrame:
        """See ``DynamicFrame.select_fields``."""
        return frame.select_fields(paths, **options)


class DropFields:
    """All but some of the fields."""

    @staticmethod
    def apply(frame: DynamicFrame, paths: Sequence[str], **options: Any) -> DynamicFrame:
        """See ``DynamicFrame.drop_fields``."""
        return frame.drop_fields(paths, **options)


class RenameField:
    """One field under another name."""

    @staticmethod
    def apply(frame: DynamicFrame, old_name: str, new_name: str, **options: Any) -> DynamicFrame:
        """See ``DynamicFrame.rename_field``."""
        return frame.rename_field(old_name, new_name, **options)


class ResolveChoice:
    """Fields cast."""

    @staticmethod
    def apply(frame: DynamicFrame, **options: Any) -> DynamicFrame:
        """See ``DynamicFrame.resolveChoice``."""
        return frame.resolveChoice(**options)


class DropNullFields:
    """Without the fields that are always null."""

    @staticmethod
    def apply(frame: DynamicFrame, **options: Any) -> DynamicFrame:
        """See ``DynamicFrame.drop_nulls``."""
        return frame.drop_nulls(**options)


class Filter:
    """Some of the rows."""

    @staticmethod
    def apply(frame: DynamicFrame, f: Callable[[Any], bool], **options: Any) -> DynamicFrame:
        """See ``DynamicFrame.filter``."""
        return frame.filter(f, **options)


class Map:
    """Each row through a function."""

    @staticmethod
    def apply(frame: DynamicFrame, f: Callable[[Any], Any], **options: Any) -> DynamicFrame:
        """See ``DynamicFrame.map``."""
        return frame.map(f, **options)


def __getattr__(name: str) -> object:
    if name.startswith("__"):
        raise AttributeError(name)
    raise NotInStandIn(f"awsglue.transforms.{name}", ", ".join(__all__))
