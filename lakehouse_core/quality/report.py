"""What a check found, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from lakehouse_core.contracts import Severity


@dataclass(frozen=True)
class RuleResult:
    """One rule: how many rows it looked at, how many failed."""

    rule: str
    entity: str
    severity: Severity
    describes: str
    checked: int
    failed: int

    @property
    def share(self) -> float | None:
        """Failed rows per row looked at, 0 to 1; None where there was no row."""
        return self.failed / self.checked if self.checked else None


@dataclass(frozen=True)
class Report:
    """One result per rule in the contracts' order, and the rows in open quarantine per entity."""

    results: tuple[RuleResult, ...]
    quarantined: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def failed(self) -> tuple[RuleResult, ...]:
        """The results of rules that some row failed."""
        return tuple(result for result in self.results if result.failed)
