"""A PostgreSQL source's settings: what is honoured, and what is refused by name."""

from collections.abc import Mapping
from typing import Any

from lakehouse_local.engines.dms.target import attributes
from lakehouse_local.services.dms.common import invalid

WHERE = ("ServerName", "Port", "DatabaseName", "Username", "Password", "SecretsManagerSecretId")
"""Where the database is, and as whom; also members of the endpoint itself, but for the secret."""

_FREE = {
    *WHERE,
    "SecretsManagerAccessRoleArn",
    "HeartbeatEnable",
    "HeartbeatSchema",
    "HeartbeatFrequency",
    "DdlArtifactsSchema",
    "MaxFileSize",
}
# A heartbeat is always there, every few seconds: a logical message in the WAL, for which no table is needed. DDL
# artifacts and load files of a PostgreSQL target are not made, so where they would go has no effect.
_ONLY: dict[str, tuple[Any, str]] = {
    "PluginName": ("no-preference", "changes are decoded by pgoutput"),
    "ExecuteTimeout": (60, "statements have the server's own time limit"),
    "CaptureDdls": (False, "a table's shape comes with its changes; no audit table is made in the source"),
    "MapBooleanAsBoolean": (False, "booleans are written true and false"),
    "MapJsonbAsClob": (False, "jsonb is an NCLOB"),
    "MapLongVarcharAs": ("wstring", "varchar(n) is a WSTRING"),
    "FailTasksOnLobTruncation": (False, "a cut is counted, in the log and in the events"),
    "TrimSpaceInChar": (True, "character(n) has no trailing spaces"),
    "DatabaseMode": ("default", "PostgreSQL is read as such"),
    "AuthenticationMethod": ("password", "the user has a password"),
    "DisableUnicodeSourceFilter": (False, "no character is filtered"),
}


def check(given: Mapping[str, Any], extra: str) -> None:
    """Refuse what PostgreSQLSettings and ExtraConnectionAttributes ask for and is not honoured."""
    named = {name[:1].upper() + name[1:]: value for name, value in attributes(extra).items()}
    for name, value in {**named, **given}.items():
        if name in _ONLY:
            only, why = _ONLY[name]
            if value not in (only, str(only), str(only).lower()):
                raise invalid(f"PostgreSQLSettings: {name} {value!r} is not honoured here: {why}")
        elif name not in _FREE:
            raise invalid(f"PostgreSQLSettings: {name} is not honoured here")
