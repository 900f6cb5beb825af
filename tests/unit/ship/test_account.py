"""Whose account: a profile that is not there, and an AWS that refuses or is silent."""

from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from lakehouse_local.ship import account
from lakehouse_local.ship.errors import AccountRefused, ProfileUnknown


def test_an_unknown_profile_is_named_beside_those_that_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hint lists what AWS's configuration has."""
    configuration = tmp_path / "config"
    configuration.write_text("[profile ramses]\nregion = us-west-2\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(ProfileUnknown, match="no profile ramzes") as found:
        account.of_profile("ramzes")
    assert "ramses" in str(found.value.hint)


def test_a_refusal_has_awss_words() -> None:
    """Operation, code and message."""
    sts = boto3.client("sts", region_name="us-west-2", aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(sts) as stub:
        stub.add_client_error("get_caller_identity", "ExpiredToken", "too old")
        with pytest.raises(AccountRefused, match="GetCallerIdentity: ExpiredToken: too old"), account.named():
            sts.get_caller_identity()


def test_silence_is_a_refusal() -> None:
    """An endpoint where nobody listens."""
    sts = boto3.client(
        "sts",
        region_name="us-west-2",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1),
    )
    with pytest.raises(AccountRefused, match="Could not connect"), account.named():
        sts.get_caller_identity()
