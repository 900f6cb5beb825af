"""What ``lakehouse env`` exports."""

from lakehouse_local.environment import Environment, PostgresPart, S3Part
from lakehouse_local.providers import exports


def test_exports_name_both_servers() -> None:
    """psql, the AWS CLI and Django's URL all find the same parts; odd characters are escaped."""
    dsn = "host=127.0.0.1 port=20001 dbname=saas user=lakehouse_app password=a/b@c sslmode=disable"
    running = Environment(
        PostgresPart("embedded-18", "", "", dsn, dsn, "none"),
        S3Part("moto", "", "", "http://127.0.0.1:20002", "key", "secret"),
        1,
    )
    found = exports(running)
    assert found["DATABASE_URL"] == "postgresql://lakehouse_app:a%2Fb%40c@127.0.0.1:20001/saas?sslmode=disable"
    assert found["PGPASSWORD"] == "a/b@c"
    assert found["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:20002"
    assert found["AWS_REGION"] == "us-west-2"
    assert "PGSSLROOTCERT" not in found
