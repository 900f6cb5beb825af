"""Raw objects of the wire -> change envelopes and quarantine."""

from lakehouse_core.bronze.cells import Bronze

__all__ = ["Bronze"]
