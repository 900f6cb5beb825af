"""Replication instances. What runs tasks is this endpoint itself: an instance is what DMS's other calls refer to."""

import time
from typing import Any

from lakehouse_local.services.dms.common import (
    Answer,
    Request,
    exists,
    filtered,
    find,
    identifier,
    invalid,
    paged,
    present,
    wrong_state,
)
from lakehouse_local.services.dms.events import Events
from lakehouse_local.services.dms.subnets import SubnetGroups
from lakehouse_local.services.dms.tags import Registry
from lakehouse_local.services.service import Operation
from lakehouse_local.services.state import Document

VERSIONS = ("3.5.3", "3.5.4", "3.6.1")
_DEFAULT_VERSION = "3.5.4"
_SIZES = {
    "t3": ("micro", "small", "medium", "large"),
    "c5": ("large", "xlarge", "2xlarge", "4xlarge", "9xlarge", "12xlarge", "18xlarge", "24xlarge"),
    "c6i": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge"),
    "r5": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge"),
    "r6i": ("large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge"),
}
CLASSES = tuple(f"dms.{family}.{size}" for family, sizes in _SIZES.items() for size in sizes)
_STORAGE = (5, 6144, 50)
_QUOTAS = {"ReplicationInstances": 60, "AllocatedStorage": 30_000, "Endpoints": 1000, "ReplicationSubnetGroups": 60}
_MEMBERS = (
    "AllocatedStorage",
    "ReplicationInstanceClass",
    "PreferredMaintenanceWindow",
    "MultiAZ",
    "EngineVersion",
    "AutoMinorVersionUpgrade",
    "NetworkType",
)


class Instances:
    """Instances by address."""

    def __init__(self, registry: Registry, groups: SubnetGroups, events: Events) -> None:
        self._state = registry.state
        self._instances = registry.state.collection("dms.instance")
        self._tasks = registry.state.collection("dms.task")
        self._arns = registry.arns
        self._tags = registry.tags
        self._groups = groups
        self._events = events

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "CreateReplicationInstance": self._create,
            "DescribeReplicationInstances": self._describe,
            "ModifyReplicationInstance": self._modify,
            "DeleteReplicationInstance": self._delete,
            "RebootReplicationInstance": self._reboot,
            "DescribeOrderableReplicationInstances": self._orderable,
            "DescribeEngineVersions": self._versions,
            "DescribeAccountAttributes": self._attributes,
            "DescribePendingMaintenanceActions": self._maintenance,
        }

    def find(self, arn: str) -> Document:
        """The instance; ResourceNotFoundFault."""
        return find(self._instances, arn, "Replication Instance")

    def _create(self, request: Request) -> Answer:
        name = identifier(request["ReplicationInstanceIdentifier"], "ReplicationInstanceIdentifier")
        if any(known["ReplicationInstanceIdentifier"] == name for known in self._instances.values()):
            raise exists(f"The replication instance {name} already exists.")
        _check(request)
        group = self._groups.group(request.get("ReplicationSubnetGroupIdentifier"))
        zone = group["Subnets"][0]["SubnetAvailabilityZone"]["Name"]
        arn = self._arns.arn("rep", request)
        instance = {
            "AllocatedStorage": _STORAGE[2],
            "PreferredMaintenanceWindow": "sun:10:30-sun:11:00",
            "MultiAZ": False,
            "EngineVersion": _DEFAULT_VERSION,
            "AutoMinorVersionUpgrade": True,
            "NetworkType": "IPV4",
            "KmsKeyId": f"arn:aws:kms:{self._arns.region}:{self._arns.account}:alias/aws/dms",
            "PubliclyAccessible": True,
            **present(request, (*_MEMBERS, "KmsKeyId", "PubliclyAccessible", "DnsNameServers")),
            "ReplicationInstanceIdentifier": name,
            "ReplicationInstanceStatus": "available",
            "InstanceCreateTime": time.time(),
            "AvailabilityZone": request.get("AvailabilityZone", zone),
            "ReplicationInstanceArn": arn,
            "VpcSecurityGroups": _security_groups(request),
            "_subnet_group": group["ReplicationSubnetGroupIdentifier"],
            "_default_group": group if "ReplicationSubnetGroupIdentifier" not in request else None,
        }
        self._instances.put(arn, instance)
        self._tags.set(arn, request)
        self._events.tell("replication-instance", name, "creation", "Replication instance created")
        return {"ReplicationInstance": self._shown(instance) | {"ReplicationInstanceStatus": "creating"}}

    def _describe(self, request: Request) -> Answer:
        getters = {
            "replication-instance-arn": lambda found: found["ReplicationInstanceArn"],
            "replication-instance-id": lambda found: found["ReplicationInstanceIdentifier"],
            "replication-instance-class": lambda found: found["ReplicationInstanceClass"],
            "engine-version": lambda found: found["EngineVersion"],
        }
        found = filtered(self._instances.values(), request, getters, "Replication Instances")
        return paged("ReplicationInstances", [self._shown(each) for each in found], request)

    def _modify(self, request: Request) -> Answer:
        instance = self.find(request["ReplicationInstanceArn"])
        if "KerberosAuthenticationSettings" in request:
            raise invalid("KerberosAuthenticationSettings is not done here")
        _check(request)
        if "ReplicationInstanceIdentifier" in request:
            instance["ReplicationInstanceIdentifier"] = identifier(
                request["ReplicationInstanceIdentifier"], "ReplicationInstanceIdentifier"
            )
        # There is no maintenance window to wait for here: whether asked for immediately or not, it is so at once.
        instance |= present(request, _MEMBERS)
        if "VpcSecurityGroupIds" in request:
            instance["VpcSecurityGroups"] = _security_groups(request)
        self._instances.put(instance["ReplicationInstanceArn"], instance)
        return {"ReplicationInstance": self._shown(instance)}

    def _delete(self, request: Request) -> Answer:
        instance = self.find(request["ReplicationInstanceArn"])
        arn, name = instance["ReplicationInstanceArn"], instance["ReplicationInstanceIdentifier"]
        tasks = [t["ReplicationTaskIdentifier"] for t in self._tasks.values() if t["ReplicationInstanceArn"] == arn]
        if tasks:
            raise wrong_state(f"Replication Instance {name} has one or more tasks: {', '.join(tasks)}.")
        self._instances.delete(arn)
        self._tags.forget(arn)
        self._events.tell("replication-instance", name, "deletion", "Replication instance deleted")
        return {"ReplicationInstance": self._shown(instance) | {"ReplicationInstanceStatus": "deleting"}}

    def _reboot(self, request: Request) -> Answer:
        instance = self.find(request["ReplicationInstanceArn"])
        raise wrong_state(
            f"{instance['ReplicationInstanceIdentifier']} cannot be rebooted: tasks run in the local endpoint itself; "
            "stop and resume the task, or restart the endpoint"
        )

    def _shown(self, instance: Document) -> Answer:
        shown = {name: value for name, value in instance.items() if not name.startswith("_")}
        group = instance["_default_group"] or self._groups.group(instance["_subnet_group"])
        address = ["127.0.0.1"]  # where its tasks really connect from
        shown |= {
            "ReplicationSubnetGroup": group,
            "PendingModifiedValues": {},
            "ReplicationInstancePrivateIpAddress": address[0],
            "ReplicationInstancePrivateIpAddresses": address,
        }
        if instance["PubliclyAccessible"]:
            shown |= {
                "ReplicationInstancePublicIpAddress": address[0],
                "ReplicationInstancePublicIpAddresses": address,
            }
        return shown

    def _orderable(self, request: Request) -> Answer:
        low, high, default = _STORAGE
        found = [
            {
                "EngineVersion": version,
                "ReplicationInstanceClass": name,
                "StorageType": "gp2",
                "MinAllocatedStorage": low,
                "MaxAllocatedStorage": high,
                "DefaultAllocatedStorage": default,
                "IncludedAllocatedStorage": default,
                "AvailabilityZones": [f"{self._arns.region}{zone}" for zone in "abc"],
                "ReleaseStatus": "prod",
            }
            for version in VERSIONS
            for name in CLASSES
        ]
        return paged("OrderableReplicationInstances", found, request)

    def _versions(self, request: Request) -> Answer:
        found = [
            {
                "Version": version,
                "Lifecycle": "DEFAULT_VERSION" if version == _DEFAULT_VERSION else "AVAILABLE",
                "ReleaseStatus": "prod",
                "AvailableUpgrades": list(VERSIONS[at + 1 :]),
            }
            for at, version in enumerate(VERSIONS)
        ]
        return paged("EngineVersions", found, request)

    def _maintenance(self, request: Request) -> Answer:
        return paged("PendingMaintenanceActions", [], request)

    def _attributes(self, request: Request) -> Answer:  # noqa: ARG002 - it asks nothing
        instances = self._instances.values()
        used: dict[str, Any] = {
            "ReplicationInstances": len(instances),
            "AllocatedStorage": sum(instance["AllocatedStorage"] for instance in instances),
            "Endpoints": len(self._state.collection("dms.endpoint").items()),
            "ReplicationSubnetGroups": len(self._state.collection("dms.subnet-group").items()),
        }
        return {
            "AccountQuotas": [
                {"AccountQuotaName": name, "Used": used[name], "Max": most} for name, most in _QUOTAS.items()
            ],
            "UniqueAccountIdentifier": f"dms-{self._arns.account}-{self._arns.region}",
        }


def _check(request: Request) -> None:
    """Refuse what no instance can have."""
    wanted = request.get("ReplicationInstanceClass", CLASSES[0])
    if wanted not in CLASSES:
        raise invalid(f"Invalid replication instance class: {wanted}")
    low, high, default = _STORAGE
    if not low <= request.get("AllocatedStorage", default) <= high:
        raise invalid(f"AllocatedStorage must be between {low} and {high} GB")
    if request.get("EngineVersion", VERSIONS[0]) not in VERSIONS:
        raise invalid(f"No engine version {request['EngineVersion']}; there are {', '.join(VERSIONS)}")
    if request.get("NetworkType", "IPV4").upper() != "IPV4":
        raise invalid("NetworkType DUAL is not done here; IPV4 is")
    if "KerberosAuthenticationSettings" in request:
        raise invalid("KerberosAuthenticationSettings is not done here")


def _security_groups(request: Request) -> list[dict[str, str]]:
    return [{"VpcSecurityGroupId": group, "Status": "active"} for group in request.get("VpcSecurityGroupIds", [])]
