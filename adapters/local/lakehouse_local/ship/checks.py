"""What a security engineer looks for in a plan and scanners of single resources miss: what policies say, what is absent.

A policy that names resources which do not exist yet is known to the plan only as the statements of its document, so
those are read as well as the policies that are already text.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lakehouse_local.ship.plan import Plan

ANYWHERE = {"0.0.0.0/0", "::/0"}
# What AWS offers no resource for, each with the reason that its reference gives.
NO_RESOURCE = {
    "athena:ListWorkGroups": "lists the account's workgroups",
    "cloudwatch:PutMetricData": "metrics are no resources; a condition names the namespace",
    "ec2:DescribeSubnets": "describes the account's",
    "ec2:DescribeVpcEndpoints": "describes the account's",
    "s3:ListAllMyBuckets": "lists the account's buckets",
}
_SECRET = re.compile(r"(^|_)(password|secret_string|private_key|access_key|token)$")
_INDEX = re.compile(r"\[[^\]]*\]$")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing that must not be deployed: where, which rule, and what was found."""

    address: str
    rule: str
    what: str


def findings(plan: Plan) -> tuple[Finding, ...]:
    """Everything that is wrong with a plan; empty if nothing is."""
    return tuple(sorted({*_policies(plan), *_buckets(plan), *_secrets(plan), *_network(plan), *_capture(plan)}))


def _policies(plan: Plan) -> Iterator[Finding]:
    """Wildcards in what is allowed."""
    for address, statement in _statements(plan):
        if statement["effect"] != "Allow":
            continue
        for action in statement["actions"]:
            if action == "*" or action.endswith(":*"):
                yield Finding(address, "wildcard-action", f"allows {action}: name the actions")
        if "*" in statement["resources"]:
            for action in statement["actions"]:
                if action not in NO_RESOURCE:
                    yield Finding(address, "wildcard-resource", f"allows {action} on every resource: name them")
        if "*" in statement["principals"] and not statement["conditions"]:
            yield Finding(address, "open-policy", "allows everybody, without a condition")


def _buckets(plan: Plan) -> Iterator[Finding]:
    """Buckets without a policy that refuses plain HTTP, without encryption, or without every block of public access."""
    refusing = {_key(address) for address, statement in _statements(plan) if _refuses_http(statement)}
    encrypted = {_key(each.address) for each in plan.of("aws_s3_bucket_server_side_encryption_configuration")}
    policies = {_key(each.address) for each in plan.of("aws_s3_bucket_policy")}
    blocked = {
        _key(each.address)
        for each in plan.of("aws_s3_bucket_public_access_block")
        if all(each.values.get(name) for name in _BLOCKS)
    }
    for bucket in plan.of("aws_s3_bucket"):
        key = _key(bucket.address)
        if key not in refusing & policies:
            yield Finding(bucket.address, "plain-http", "no bucket policy refuses requests without TLS")
        if key not in encrypted:
            yield Finding(bucket.address, "unencrypted", "no encryption is configured")
        if key not in blocked:
            yield Finding(bucket.address, "public-access", f"not every public access is blocked: {', '.join(_BLOCKS)}")


def _secrets(plan: Plan) -> Iterator[Finding]:
    """Passwords and keys in plain sight of whoever reads the state."""
    for each in plan.resources:
        for path, value in _leaves(each.values):
            if isinstance(value, str) and value and _SECRET.search(path):
                yield Finding(each.address, "plaintext-secret", f"{path} is in the plan, and will be in the state")


def _network(plan: Plan) -> Iterator[Finding]:
    """Ways in from anywhere."""
    for each in plan.of("aws_vpc_security_group_ingress_rule"):
        if {each.values.get("cidr_ipv4"), each.values.get("cidr_ipv6")} & ANYWHERE:
            yield Finding(each.address, "open-ingress", "lets the whole internet in")
    for each in plan.of("aws_security_group"):
        for rule in each.values.get("ingress") or ():
            if {*(rule.get("cidr_blocks") or ()), *(rule.get("ipv6_cidr_blocks") or ())} & ANYWHERE:
                yield Finding(each.address, "open-ingress", "lets the whole internet in")


def _capture(plan: Plan) -> Iterator[Finding]:
    """DMS with a public address, or that does not check whom it talks to."""
    for each in plan.of("aws_dms_replication_instance"):
        if each.values.get("publicly_accessible"):
            yield Finding(each.address, "public-dms", "the instance has a public address: a proof of concept's choice")
    for each in plan.of("aws_dms_endpoint"):
        mode = each.values.get("ssl_mode")
        if each.values.get("endpoint_type") == "source" and mode != "verify-full":
            yield Finding(each.address, "unverified-source", f"ssl_mode is {mode}, not verify-full")


_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")


def _key(address: str) -> str:
    """What tells one bucket's resources from another's: their module, and their own index."""
    index = _INDEX.search(address)
    module = address.rpartition(".data.")[0] or ".".join(_INDEX.sub("", address).split(".")[:-2])
    return f"{module}{index[0] if index else ''}"


def _refuses_http(statement: Mapping[str, Any]) -> bool:
    everything = {"s3:*", "*"} & set(statement["actions"])
    everybody = "*" in statement["principals"]
    return bool(
        statement["effect"] == "Deny"
        and everything
        and everybody
        and any(c["variable"] == "aws:SecureTransport" and c["values"] == ["false"] for c in statement["conditions"])
    )


def _statements(plan: Plan) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, in one shape; what is not known before the apply is left out of it."""
    for document in plan.documents:
        for each in document.values.get("statement") or ():
            yield (
                document.address,
                {
                    "effect": each.get("effect") or "Allow",
                    "actions": each.get("actions") or [],
                    "resources": each.get("resources") or [],
                    "principals": [i for p in each.get("principals") or () for i in p.get("identifiers") or ()],
                    "conditions": [
                        {"variable": c.get("variable"), "values": c.get("values")} for c in each.get("condition") or ()
                    ],
                },
            )
    for resource in plan.resources:
        for name in ("policy", "assume_role_policy"):
            text = resource.values.get(name)
            if isinstance(text, str) and text.lstrip().startswith("{"):
                yield from ((resource.address, each) for each in _written(json.loads(text)))


def _written(policy: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements of a policy's JSON."""
    for each in _listed(policy.get("Statement")):
        principals = each.get("Principal", [])
        named = principals.values() if isinstance(principals, dict) else [principals]
        yield {
            "effect": each["Effect"],
            "actions": _listed(each.get("Action")),
            "resources": _listed(each.get("Resource")),
            "principals": [i for value in named for i in _listed(value)],
            "conditions": [
                {"variable": variable, "values": _listed(values)}
                for tests in (each.get("Condition") or {}).values()
                for variable, values in tests.items()
            ],
        }


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from _leaves(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each, path)
    else:
        yield path.rpartition(".")[2], value
