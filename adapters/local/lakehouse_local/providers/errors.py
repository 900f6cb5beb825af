"""What can go wrong with servers, named."""

from lakehouse_core.errors import LakehouseError


class UnknownProvider(LakehouseError):
    """A provider's name that does not exist."""

    code = "unknown-provider"
    exit_code = 2


class ProviderUnavailable(LakehouseError):
    """No provider works here, or the one that was asked for does not."""

    code = "provider-unavailable"


class PortInUse(LakehouseError):
    """The port that a server of this home listens on belongs to another process."""

    code = "port-in-use"


class ServerNotStarted(LakehouseError):
    """A server ended or stayed silent while it was awaited."""

    code = "server-not-started"


class ServerDied(LakehouseError):
    """A server that the supervisor had started is gone."""

    code = "server-died"


class PostgresUnfit(LakehouseError):
    """The PostgreSQL behind a DSN cannot be reached or cannot feed change capture."""

    code = "postgres-unfit"


class LocalStackNotBuilt(LakehouseError):
    """LocalStack's own environment could not be built."""

    code = "localstack-not-built"


class S3Unreachable(LakehouseError):
    """The S3 endpoint does not answer."""

    code = "s3-unreachable"


class S3Refused(LakehouseError):
    """The S3 endpoint answers with an error."""

    code = "s3-refused"


class ExportIncomplete(LakehouseError):
    """The export of the buckets is damaged or could not be written."""

    code = "export-incomplete"


class SupervisorFailed(LakehouseError):
    """The supervisor ended or stayed silent without naming a reason."""

    code = "supervisor-failed"
