"""Replication subnet groups; what the subnets are is asked of EC2 at the forward target."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_local.services.dms.common import (
    Answer,
    Request,
    exists,
    filtered,
    identifier,
    not_found,
    paged,
    wrong_state,
)
from lakehouse_local.services.dms.tags import Registry
from lakehouse_local.services.service import AwsError, Operation
from lakehouse_local.services.state import Document

_ZONES = 2
"""How many availability zones a group must cover."""


class SubnetGroups:
    """Groups by name."""

    def __init__(self, registry: Registry, ec2: Callable[[], Any]) -> None:
        self._groups = registry.state.collection("dms.subnet-group")
        self._instances = registry.state.collection("dms.instance")
        self._arns = registry.arns
        self._tags = registry.tags
        self._ec2 = ec2

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "CreateReplicationSubnetGroup": self._create,
            "DescribeReplicationSubnetGroups": self._describe,
            "ModifyReplicationSubnetGroup": self._modify,
            "DeleteReplicationSubnetGroup": self._delete,
        }

    def group(self, name: str | None) -> Document:
        """A group by its name; without a name the default one, which is the default VPC's subnets."""
        if name is None:
            return self._groups.get(self._arn("default")) or self._described("default", "default", self._default())
        found = self._groups.get(self._arn(name.lower()))
        if found is None:
            raise not_found(f"Replication Subnet Group {name} not found.")
        return found

    def _arn(self, name: str) -> str:
        return self._arns.arn("subgrp", name=name)

    def _create(self, request: Request) -> Answer:
        name = identifier(request["ReplicationSubnetGroupIdentifier"], "ReplicationSubnetGroupIdentifier")
        group = self._described(name, request["ReplicationSubnetGroupDescription"], request["SubnetIds"])
        if not self._groups.insert(self._arn(name), group):
            raise exists(f"The replication subnet group {name} already exists.")
        self._tags.set(self._arn(name), request)
        return {"ReplicationSubnetGroup": group}

    def _describe(self, request: Request) -> Answer:
        getters = {"replication-subnet-group-id": lambda group: group["ReplicationSubnetGroupIdentifier"]}
        found = filtered(self._groups.values(), request, getters, "Replication Subnet Groups")
        return paged("ReplicationSubnetGroups", found, request)

    def _modify(self, request: Request) -> Answer:
        before = self.group(request["ReplicationSubnetGroupIdentifier"])
        name = before["ReplicationSubnetGroupIdentifier"]
        description = request.get("ReplicationSubnetGroupDescription", before["ReplicationSubnetGroupDescription"])
        group = self._described(name, description, request["SubnetIds"])
        self._groups.put(self._arn(name), group)
        return {"ReplicationSubnetGroup": group}

    def _delete(self, request: Request) -> Answer:
        name = self.group(request["ReplicationSubnetGroupIdentifier"])["ReplicationSubnetGroupIdentifier"]
        users = [i["ReplicationInstanceIdentifier"] for i in self._instances.values() if i["_subnet_group"] == name]
        if users:
            raise wrong_state(f"The replication subnet group {name} is in use by {', '.join(users)}.")
        self._groups.delete(self._arn(name))
        self._tags.forget(self._arn(name))
        return {}

    def _default(self) -> list[str]:
        try:
            found = self._ec2().describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
        except (ClientError, BotoCoreError) as problem:
            raise not_found(f"There is no default subnet group, and EC2 does not tell: {problem}") from None
        return [subnet["SubnetId"] for subnet in found]

    def _described(self, name: str, description: str, ids: list[str]) -> Document:
        try:
            subnets = self._ec2().describe_subnets(SubnetIds=ids)["Subnets"]
        except ClientError as problem:
            raise AwsError("InvalidSubnet", f"Invalid subnet: {problem}") from None
        zones = {subnet["AvailabilityZone"] for subnet in subnets}
        vpcs = {subnet["VpcId"] for subnet in subnets}
        if len(zones) < _ZONES:
            raise AwsError(
                "ReplicationSubnetGroupDoesNotCoverEnoughAZs",
                f"The replication subnet group does not meet availability zone (AZ) coverage requirement. Please add "
                f"subnets to cover at least {_ZONES} AZs. Current coverage: {len(zones)}",
            )
        if len(vpcs) > 1:
            raise AwsError("InvalidSubnet", f"Subnets are in different VPCs: {', '.join(sorted(vpcs))}")
        return {
            "ReplicationSubnetGroupIdentifier": name,
            "ReplicationSubnetGroupDescription": description,
            "VpcId": vpcs.pop(),
            "SubnetGroupStatus": "Complete",
            "Subnets": [
                {
                    "SubnetIdentifier": subnet["SubnetId"],
                    "SubnetAvailabilityZone": {"Name": subnet["AvailabilityZone"]},
                    "SubnetStatus": "Active",
                }
                for subnet in subnets
            ],
            "SupportedNetworkTypes": ["IPV4"],
        }
