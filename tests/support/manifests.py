"""A manifest that lists nothing, for tests that say what theirs has: ``replace(EMPTY, ...)``."""

from lakehouse_local.capture.manifest import Manifest

EMPTY = Manifest(
    epoch=1,
    sequence=1,
    kind="changes",
    layout="transactions",
    slot="slot",
    publication="publication",
    system_identifier="7",
    timeline=1,
    start_lsn=1,
    end_lsn=2,
    consistent_point=1,
    clock="2025-01-01T00:00:00+00:00",
    change_counter=0,
    file_time=None,
    files=(),
)
