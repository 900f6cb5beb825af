"""The running lakehouse as environment variables for other programs: psql, the AWS CLI, DuckDB, notebooks."""

from urllib.parse import quote, urlencode

from psycopg2 import extensions

from lakehouse_local.environment import AwsPart, Environment

PG_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def exports(environment: Environment) -> dict[str, str]:
    """Names and values, not yet quoted for a shell; PostgreSQL as the application's role."""
    parts: dict[str, str] = dict(extensions.parse_dsn(environment.postgres.dsn))
    login = f"{quote(parts['user'], safe='')}:{quote(parts.get('password', ''), safe='')}"
    options: dict[str, str] = {name: parts[name] for name in ("sslmode", "sslrootcert") if name in parts}
    address = f"{parts['host']}:{parts.get('port', '5432')}/{quote(parts['dbname'], safe='')}"
    s3 = environment.s3
    return {
        **_endpoint(environment.aws),
        "AWS_ENDPOINT_URL_S3": s3.endpoint,
        "AWS_ACCESS_KEY_ID": s3.access_key,
        "AWS_SECRET_ACCESS_KEY": s3.secret_key,
        "AWS_REGION": s3.region,
        "AWS_DEFAULT_REGION": s3.region,
        "DATABASE_URL": f"postgresql://{login}@{address}?{urlencode(options)}".removesuffix("?"),
        **{variable: parts[name] for name, variable in PG_VARIABLES.items() if name in parts},
    }


def _endpoint(aws: AwsPart | None) -> dict[str, str]:
    if aws is None:
        return {}
    return {
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_CONFIG_FILE": f"{aws.folder}/config",
        "AWS_SHARED_CREDENTIALS_FILE": f"{aws.folder}/credentials",
    }
