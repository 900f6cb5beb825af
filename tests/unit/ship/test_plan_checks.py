"""Each thing that must not be deployed is found where it is planted, and nothing where it is not."""

import json
from typing import Any

import pytest

from lakehouse_local.ship import checks
from lakehouse_local.ship.plan import Plan, Resource

BLOCK = dict.fromkeys(
    ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"), True
)
TLS = {
    "effect": "Deny",
    "actions": ["s3:*"],
    "principals": [{"type": "*", "identifiers": ["*"]}],
    "condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["false"]}],
}
BUCKET = {
    'm.aws_s3_bucket.layer["bronze"]': {"bucket": "b"},
    'm.aws_s3_bucket_policy.tls_only["bronze"]': {"policy": None},
    'm.aws_s3_bucket_public_access_block.layer["bronze"]': BLOCK,
    'm.aws_s3_bucket_server_side_encryption_configuration.layer["bronze"]': {},
}
DOCUMENT = 'm.data.aws_iam_policy_document.tls_only["bronze"]'


def rules(resources: dict[str, dict[str, Any]], documents: dict[str, list[dict[str, Any]]] | None = None) -> list[str]:
    """The rules that a plan of those breaks."""
    known = tuple(Resource(a, a.rpartition(".")[0].rpartition(".")[2], values) for a, values in resources.items())
    partly = tuple(Resource(a, "aws_iam_policy_document", {"statement": each}) for a, each in (documents or {}).items())
    return [each.rule for each in checks.findings(Plan(known, partly))]


def policy(**statement: Any) -> dict[str, dict[str, Any]]:
    """A role's policy of one statement, as text."""
    text = json.dumps({"Statement": [{"Effect": "Allow", "Resource": "arn:aws:s3:::b/*", **statement}]})
    return {"m.aws_iam_role_policy.glue": {"policy": text}}


def test_a_lake_that_is_closed() -> None:
    """Has no finding."""
    assert rules(BUCKET, {DOCUMENT: [TLS]}) == []


@pytest.mark.parametrize(
    ("left_out", "rule"),
    [
        ("aws_s3_bucket_policy", "plain-http"),
        ("aws_s3_bucket_public_access_block", "public-access"),
        ("aws_s3_bucket_server_side_encryption_configuration", "unencrypted"),
    ],
)
def test_what_a_bucket_lacks(left_out: str, rule: str) -> None:
    """Is found, also when another bucket of the module has it."""
    other = {address.replace("bronze", "gold"): values for address, values in BUCKET.items()}
    mine = {address: values for address, values in BUCKET.items() if f"{left_out}." not in address}
    both = {DOCUMENT: [TLS], DOCUMENT.replace("bronze", "gold"): [TLS]}
    assert rules(mine | other, both) == [rule]


def test_a_policy_that_refuses_something_else() -> None:
    """A Deny of one action, of one principal, or by another condition lets plain HTTP through."""
    for change in (
        {"actions": ["s3:GetObject"]},
        {"effect": "Allow", "actions": ["s3:GetObject"], "resources": ["arn"]},
        {"principals": [{"type": "AWS", "identifiers": ["arn:aws:iam::1:role/r"]}]},
        {"condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}]},
    ):
        assert "plain-http" in rules(BUCKET, {DOCUMENT: [TLS | change]})


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ({"Action": "s3:*"}, "wildcard-action"),
        ({"Action": ["s3:GetObject", "*"]}, "wildcard-action"),
        ({"Action": "s3:GetObject", "Resource": "*"}, "wildcard-resource"),
        ({"Action": "sqs:SendMessage", "Principal": "*"}, "open-policy"),
        ({"Action": "sqs:SendMessage", "Principal": {"AWS": "*"}}, "open-policy"),
    ],
)
def test_what_a_policy_allows(statement: dict[str, Any], rule: str) -> None:
    """Wildcards are found in policies that are text and in documents that are known in part."""
    assert rules(policy(**statement)) == [rule]
    principal = statement.get("Principal", [])
    named = ["*"] if principal else []
    document = {
        "effect": None,
        "actions": [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"],
        "resources": [statement.get("Resource", "arn:aws:s3:::b/*")],
        "principals": [{"type": "AWS", "identifiers": named}] if named else [],
        "condition": [],
    }
    assert rules({}, {"m.data.aws_iam_policy_document.glue": [document]}) == [rule]


def test_what_may_be_on_every_resource() -> None:
    """What AWS has no resource for, and a Deny."""
    assert rules(policy(Action="cloudwatch:PutMetricData", Resource="*")) == []
    assert rules(policy(Effect="Deny", Action="s3:*", Resource="*")) == []


@pytest.mark.parametrize(
    ("address", "values", "rule"),
    [
        ("m.aws_dms_endpoint.source", {"endpoint_type": "source", "ssl_mode": "require"}, "unverified-source"),
        (
            "m.aws_dms_endpoint.source",
            {"endpoint_type": "source", "ssl_mode": "verify-full", "password": "hunter2"},
            "plaintext-secret",
        ),
        ("m.aws_secretsmanager_secret_version.s", {"secret_string": "{}"}, "plaintext-secret"),
        ("m.aws_x.y", {"settings": [{"password": "hunter2"}]}, "plaintext-secret"),
        ("m.aws_dms_replication_instance.this", {"publicly_accessible": True}, "public-dms"),
        ("m.aws_vpc_security_group_ingress_rule.in", {"cidr_ipv4": "0.0.0.0/0"}, "open-ingress"),
        ("m.aws_security_group.in", {"ingress": [{"cidr_blocks": [], "ipv6_cidr_blocks": ["::/0"]}]}, "open-ingress"),
    ],
)
def test_open_doors(address: str, values: dict[str, Any], rule: str) -> None:
    """Secrets in the plan, the internet let in, a source that is not checked."""
    assert rules({address: values}) == [rule]


def test_what_is_empty_is_no_secret() -> None:
    """A password that nobody set, and names that only sound like one."""
    assert (
        rules({"m.aws_x.y": {"password": None, "token_lifetime": "3600", "secret_arn": "arn", "auth_token": ""}}) == []
    )
