"""What can go wrong between PostgreSQL and the bronze bucket; every error has its own code and a way back."""

from lakehouse_core.errors import LakehouseError

RELOAD = "lakehouse replicate --reload loads everything again as a new epoch; nothing that is already stored is lost"


class CaptureError(LakehouseError):
    """Base of the capture's errors."""

    code = "capture"


class WireBroken(CaptureError):
    """PostgreSQL sent bytes that pgoutput version 1 does not define."""

    code = "capture-wire-broken"


class SettingUnsupported(CaptureError):
    """A DMS setting, or a value of one, that this engine does not honour."""

    code = "capture-setting-unsupported"
    exit_code = 2


class MappingInvalid(CaptureError):
    """Table mappings that are not DMS's JSON, or ask for what this engine does not do."""

    code = "capture-mapping-invalid"
    exit_code = 2


class MappingMatchesNothing(CaptureError):
    """A selection rule that selects no table of the source."""

    code = "capture-mapping-matches-nothing"
    exit_code = 2


class WalLevelNotLogical(CaptureError):
    """The server does not write what logical replication needs."""

    code = "capture-wal-level"


class PublicationMissing(CaptureError):
    """The publication that the slot decodes is not there."""

    code = "capture-publication-missing"


class SlotMissing(CaptureError):
    """The replication slot is not there, so the changes since the checkpoint cannot be had."""

    code = "capture-slot-missing"


class SlotLost(CaptureError):
    """PostgreSQL removed WAL that the slot still needed."""

    code = "capture-slot-lost"


class SlotInUse(CaptureError):
    """Another process captures through this slot."""

    code = "capture-slot-in-use"


class CheckpointBehindSlot(CaptureError):
    """The slot was acknowledged further than the newest manifest reaches: changes between them are gone."""

    code = "capture-checkpoint-behind-slot"


class SourceReplaced(CaptureError):
    """The server is not the one (or not the timeline) that the manifests were captured from."""

    code = "capture-source-replaced"


class SourceGone(CaptureError):
    """PostgreSQL cannot be reached any more."""

    code = "capture-source-gone"


class LoadBlocked(CaptureError):
    """An open transaction keeps the full load from its consistent point."""

    code = "capture-load-blocked"


class StorageGone(CaptureError):
    """S3 does not take objects any more; nothing was acknowledged that it does not hold."""

    code = "capture-storage-gone"


class SpoolFailed(CaptureError):
    """There is no room for a long transaction's changes, which wait in a temporary file until it commits."""

    code = "capture-spool-failed"


class Fenced(CaptureError):
    """Another process wrote the next manifest: this one must stop before it acknowledges anything."""

    code = "capture-fenced"


class WireChanged(CaptureError):
    """Another wire was asked for than the one on which the lake's bronze is written."""

    code = "capture-wire-changed"
    exit_code = 2


class WireUnknown(CaptureError):
    """A name that no wire has."""

    code = "capture-wire-unknown"
    exit_code = 2


class NotLoaded(CaptureError):
    """Changes were asked for before there was a full load."""

    code = "capture-not-loaded"
    exit_code = 2


class AlreadyLoaded(CaptureError):
    """A full load was asked for although there is one."""

    code = "capture-already-loaded"
    exit_code = 2


class ManifestBroken(CaptureError):
    """A manifest that is not what this version writes."""

    code = "capture-manifest-broken"


class ManifestGap(CaptureError):
    """Manifests that do not join: one is missing between two others."""

    code = "capture-manifest-gap"


class ShapeChanged(CaptureError):
    """One transaction changed rows of a table both before and after it changed the table's columns."""

    code = "capture-shape-changed"
