"""Tags, by ARN."""

import re
from collections.abc import Iterable, Mapping

from lakehouse_local.services.account import Account
from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.calls import Answer, Request, call
from lakehouse_local.services.glue.named import Named
from lakehouse_local.services.state import State

LIMIT = 50
_ARN = re.compile(r"arn:aws[a-z-]*:glue:[a-z0-9-]*:\d{12}:([A-Za-z]+)/(.+)")
_UNCHECKED = {"database", "table", "catalog"}
"""Kinds whose things are not looked up by :class:`Named`."""


class Tags:
    """The tags of the things of ``kinds``."""

    def __init__(self, state: State, account: Account, kinds: Iterable[Named]) -> None:
        self._tags = state.collection("glue.tags")
        self._account = account
        self._kinds = {each.kind: each for each in kinds}

    def set(self, kind: str, name: str, tags: Mapping[str, str] | None) -> None:
        """Tag something that has just been made."""
        self._tags.put(self._account.arn("glue", f"{kind}/{name}"), dict(tags or {}))

    def of(self, kind: str, name: str) -> dict[str, str]:
        """The tags of something."""
        return self._tags.get(self._account.arn("glue", f"{kind}/{name}")) or {}

    def forget(self, kind: str, name: str) -> None:
        """Drop the tags of something that is gone."""
        self._tags.delete(self._account.arn("glue", f"{kind}/{name}"))

    @call
    def get_tags(self, request: Request) -> Answer:
        """The tags of an ARN."""
        return {"Tags": self._tags.get(self._checked(request)) or {}}

    @call
    def tag_resource(self, request: Request) -> Answer:
        """Add tags to an ARN."""
        arn = self._checked(request)
        tags = {**(self._tags.get(arn) or {}), **request["TagsToAdd"]}
        if len(tags) > LIMIT:
            raise errors.invalid(f"A resource may have {LIMIT} tags.")
        self._tags.put(arn, tags)
        return {}

    @call
    def untag_resource(self, request: Request) -> Answer:
        """Remove tags from an ARN."""
        arn = self._checked(request)
        removed = set(request["TagsToRemove"])
        self._tags.put(arn, {key: value for key, value in (self._tags.get(arn) or {}).items() if key not in removed})
        return {}

    def _checked(self, request: Request) -> str:
        arn = str(request["ResourceArn"])
        match = _ARN.fullmatch(arn)
        if match is None:
            raise errors.invalid(f"{arn} is not the ARN of something in Glue.")
        kind, name = match.groups()
        if kind not in _UNCHECKED:
            if kind not in self._kinds:
                raise errors.invalid(f"{kind} cannot have tags.")
            self._kinds[kind].get(name)
        return arn
