"""Events, and subscriptions to them through SNS topics at the forward target."""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from json import dumps
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_local.services.dms.common import (
    Answer,
    Request,
    exists,
    filtered,
    invalid,
    not_found,
    paged,
    present,
)
from lakehouse_local.services.dms.tags import Registry
from lakehouse_local.services.service import AwsError, Operation
from lakehouse_local.services.state import Document

CATEGORIES = {
    "replication-instance": (
        "failure",
        "configuration change",
        "creation",
        "deletion",
        "maintenance",
        "low storage",
        "failover",
    ),
    "replication-task": ("failure", "state change", "creation", "deletion", "configuration change"),
}
_KEPT = 2_000
_MINUTES = 60
"""What describe-events looks back on if it is not told otherwise."""
_log = logging.getLogger(__name__)


class Events:
    """What happened, newest last; the last 2,000 are kept."""

    def __init__(self, registry: Registry, sns: Callable[[], Any]) -> None:
        self._state = registry.state
        self._events = registry.state.collection("dms.event")
        self._subscriptions = registry.state.collection("dms.subscription")
        self._arns = registry.arns
        self._tags = registry.tags
        self._sns = sns

    @property
    def operations(self) -> dict[str, Operation]:
        """By name."""
        return {
            "DescribeEvents": self._describe,
            "DescribeEventCategories": self._categories,
            "CreateEventSubscription": self._create,
            "DescribeEventSubscriptions": self._subscribed,
            "ModifyEventSubscription": self._modify,
            "DeleteEventSubscription": self._delete,
        }

    def tell(self, kind: str, source: str, category: str, message: str) -> None:
        """Something happened to an instance or a task: keep it, and publish it to those who subscribed."""
        now = time.time()
        event = {
            "SourceIdentifier": source,
            "SourceType": kind,
            "Message": message,
            "EventCategories": [category],
            "Date": now,
        }
        self._events.put(f"{time.time_ns():020d}", event)
        for old, _ in self._events.items()[:-_KEPT]:
            self._events.delete(old)
        for subscription in self._subscriptions.values():
            if _wants(subscription, event):
                self._publish(subscription["SnsTopicArn"], event)

    def _publish(self, topic: str, event: Document) -> None:
        body = {
            "Event Source": event["SourceType"],
            "Event Time": datetime.fromtimestamp(event["Date"], UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
            "Identifier Link": "",
            "SourceId": event["SourceIdentifier"],
            "Event Message": event["Message"],
        }
        try:
            self._sns().publish(TopicArn=topic, Subject="DMS Notification Message", Message=dumps(body))
        except (ClientError, BotoCoreError) as problem:
            _log.warning("an event could not be published to %s: %s", topic, problem)

    def _describe(self, request: Request) -> Answer:
        end = request.get("EndTime", time.time())
        minutes = request.get("Duration", _MINUTES)
        start = request.get("StartTime", end - 60 * minutes)
        found = [
            event
            for event in self._events.values()
            if start <= event["Date"] <= end
            and request.get("SourceIdentifier", event["SourceIdentifier"]) == event["SourceIdentifier"]
            and request.get("SourceType", event["SourceType"]) == event["SourceType"]
            and set(request.get("EventCategories") or event["EventCategories"]) & set(event["EventCategories"])
        ]
        return paged("Events", [_shown(event) for event in found], request)

    def _categories(self, request: Request) -> Answer:
        wanted = request.get("SourceType")
        return {
            "EventCategoryGroupList": [
                {"SourceType": kind, "EventCategories": list(names)}
                for kind, names in CATEGORIES.items()
                if wanted in (None, kind)
            ]
        }

    def _create(self, request: Request) -> Answer:
        name, arn = request["SubscriptionName"], self._arns.arn("es", name=request["SubscriptionName"])
        _check(request)
        self._check_topic(request["SnsTopicArn"])
        subscription = {
            "CustomerAwsId": self._arns.account,
            "CustSubscriptionId": name,
            "SnsTopicArn": request["SnsTopicArn"],
            "Status": "active",
            "SubscriptionCreationTime": datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f"),
            "SourceIdsList": request.get("SourceIds", []),
            "EventCategoriesList": request.get("EventCategories", []),
            "Enabled": request.get("Enabled", True),
            **present(request, ("SourceType",)),
        }
        if not self._subscriptions.insert(arn, subscription):
            raise exists(f"The event subscription {name} already exists.")
        self._tags.set(arn, request)
        return {"EventSubscription": subscription | {"Status": "creating"}}

    def _find(self, name: str) -> tuple[str, Document]:
        arn = self._arns.arn("es", name=name)
        found = self._subscriptions.get(arn)
        if found is None:
            raise not_found(f"Event subscription {name} not found.")
        return arn, found

    def _subscribed(self, request: Request) -> Answer:
        found = self._subscriptions.values()
        if "SubscriptionName" in request:
            found = [self._find(request["SubscriptionName"])[1]]
        getters = {"event-subscription-id": lambda subscription: subscription["CustSubscriptionId"]}
        return paged("EventSubscriptionsList", filtered(found, request, getters, "Event Subscriptions"), request)

    def _modify(self, request: Request) -> Answer:
        arn, subscription = self._find(request["SubscriptionName"])
        _check({"SourceType": subscription.get("SourceType"), **request})
        if "SnsTopicArn" in request:
            self._check_topic(request["SnsTopicArn"])
        subscription |= present(request, ("SnsTopicArn", "SourceType", "Enabled"))
        if "EventCategories" in request:
            subscription["EventCategoriesList"] = request["EventCategories"]
        self._subscriptions.put(arn, subscription)
        return {"EventSubscription": subscription | {"Status": "modifying"}}

    def _delete(self, request: Request) -> Answer:
        arn, subscription = self._find(request["SubscriptionName"])
        self._subscriptions.delete(arn)
        self._tags.forget(arn)
        return {"EventSubscription": subscription | {"Status": "deleting"}}

    def _check_topic(self, topic: str) -> None:
        try:
            self._sns().get_topic_attributes(TopicArn=topic)
        except (ClientError, BotoCoreError) as problem:
            raise AwsError("SNSInvalidTopicFault", f"The SNS topic {topic} is invalid: {problem}") from None


def _check(request: Request) -> None:
    kind = request.get("SourceType")
    if kind is not None and kind not in CATEGORIES:
        raise invalid(f"SourceType is {', '.join(CATEGORIES)}, not {kind}")
    known = {name for key, names in CATEGORIES.items() if kind in (None, key) for name in names}
    if unknown := set(request.get("EventCategories", [])) - known:
        raise invalid(f"Unknown event categories: {', '.join(sorted(unknown))}")


def _wants(subscription: Document, event: Document) -> bool:
    categories, sources = subscription["EventCategoriesList"], subscription["SourceIdsList"]
    return (
        subscription["Enabled"]
        and subscription.get("SourceType", event["SourceType"]) == event["SourceType"]
        and (not categories or bool(set(categories) & set(event["EventCategories"])))
        and (not sources or event["SourceIdentifier"] in sources)
    )


def _shown(event: Document) -> Answer:
    # The API's model knows one source type; what it does not know is left out.
    known = event["SourceType"] == "replication-instance"
    return {name: value for name, value in event.items() if known or name != "SourceType"}
