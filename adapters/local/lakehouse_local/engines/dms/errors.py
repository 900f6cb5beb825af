"""What DMS's own API may refuse or fail with; the service words it for AWS."""

from lakehouse_core.errors import LakehouseError


class DmsError(LakehouseError):
    """Base of this room's errors."""

    code = "dms"


class DmsSettingUnsupported(DmsError):
    """A setting of an endpoint or a task, or a value of one, that is not honoured here."""

    code = "dms-setting-unsupported"
    exit_code = 2


class DmsRulesInvalid(DmsError):
    """Table mappings that are not DMS's JSON, or ask for what is not done here."""

    code = "dms-rules-invalid"
    exit_code = 2


class NoTablesFound(DmsError):
    """The selection rules match no table of the source."""

    code = "dms-no-tables"


class PublicationRefused(DmsError):
    """The source does not let the endpoint's user define what is captured."""

    code = "dms-publication-refused"
