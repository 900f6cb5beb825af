"""Whose rows they are: a person's keys over time, and the words by which they would be known again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lakehouse_core.blueprint import Blueprint
from lakehouse_core.contracts import Contract
from lakehouse_core.people.checks import check_email, check_phone
from lakehouse_local.erase.errors import ErasureTooNarrow, NoSuchCustomer
from lakehouse_local.lake.erasures import Wanted

ENTITY = "customer"
LEAST_LENGTH = 6
"""A shorter word would be found by chance."""


@dataclass(frozen=True)
class Person:
    """A customer of a tenant, by their ids in the source."""

    tenant: int
    customer: int

    @property
    def placeholder(self) -> str:
        """What stands in their personal columns afterwards: no two people's are the same, so nobody is taken for a double."""
        return f"erased-{self.customer}"

    def erased(self, value: str | None) -> str | None:
        """What stands in a personal column instead of the value; nothing stays nothing."""
        return self.placeholder if value else value

    def __str__(self) -> str:
        return f"customer {self.customer} of tenant {self.tenant}"


@dataclass(frozen=True)
class Version:
    """One row of bronze, as text: where it stands in the order of changes, and what an update that moved it moved it from."""

    position: str
    key: str
    old_key: str | None
    row: Mapping[str, str | None]


def contract_of(blueprint: Blueprint) -> Contract:
    """The contract of the one table whose columns name people.

    Raises:
        ErasureTooNarrow: another table has personal columns as well, of which nobody said whose they are.
    """
    others = [
        f"{contract.entity}.{column.name}"
        for contract in blueprint.contracts.values()
        for column in contract.columns
        if column.pii and contract.entity != ENTITY
    ]
    if others:
        raise ErasureTooNarrow(
            f"personal columns outside of {ENTITY}: {', '.join(others)}; only the customers' own are erased",
            hint="keep what names a person with the customer, or take pii off a column that names nobody",
        )
    return blueprint.contracts[ENTITY]


def personal(contract: Contract) -> tuple[str, ...]:
    """The columns that name a person."""
    return tuple(column.name for column in contract.columns if column.pii)


@dataclass(frozen=True)
class Trail:
    """The keys that one row had, each from a position (None: ever since) to before another (None: until now)."""

    spans: tuple[tuple[str, str | None, str | None], ...]

    @classmethod
    def of(cls, key: int, versions: Iterable[Version]) -> "Trail":
        """The trail that leads to a key, back through the updates that changed it."""
        spans: list[tuple[str, str | None, str | None]] = []
        current, until = str(key), None
        moves = sorted((each for each in versions if each.old_key), key=lambda each: each.position, reverse=True)
        for move in moves:
            if move.key == current and move.old_key and (until is None or move.position < until):
                spans.append((current, move.position, until))
                current, until = move.old_key, move.position
        return cls((*spans, (current, None, until)))

    def owns(self, key: str | int | None, position: str) -> bool:
        """Whether the row of that key at that position is of the trail."""
        return any(
            own == str(key) and (since is None or position >= since) and (until is None or position < until)
            for own, since, until in self.spans
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """All keys, the newest first."""
        return tuple(dict.fromkeys(key for key, _, _ in self.spans))


def trail_of(person: Person, versions: Sequence[Version]) -> Trail:
    """The person's keys, by what bronze holds.

    Raises:
        NoSuchCustomer: nobody of that id was ever captured, or another tenant's.
    """
    trail = Trail.of(person.customer, versions)
    own = (each for each in versions if trail.owns(each.key, each.position))
    tenants = {each.row["tenant_id"] for each in own if each.row["tenant_id"]}
    if not tenants:
        raise NoSuchCustomer(f"no customer {person.customer} was ever captured", hint=_LOOK)
    if str(person.tenant) not in tenants:
        raise NoSuchCustomer(
            f"customer {person.customer} is not of tenant {person.tenant}, but of {', '.join(sorted(tenants))}",
            hint=_LOOK,
        )
    return trail


def wanted(person: Person, versions: Sequence[Version], contract: Contract, trail: Trail) -> Wanted:
    """What is to be gone, by what bronze holds; words that others have as well would say nothing of this person."""
    columns = personal(contract)
    own = [each for each in versions if trail.owns(each.key, each.position)]
    others = {
        value.casefold()
        for each in versions
        if not trail.owns(each.key, each.position)
        for value in (*(each.row[name] for name in columns), _full_name(each.row))
        if value
    }
    found: dict[str, set[str]] = {}
    for each in own:
        for column, words in _words(each.row).items():
            found.setdefault(column, set()).update(word for word in words if word and word != person.placeholder)
    long = {column: {word for word in words if len(word) >= LEAST_LENGTH} for column, words in found.items()}
    alone = {column: {word for word in words if not _is_in(word, others)} for column, words in long.items()}
    return Wanted(
        {column: tuple(sorted(words)) for column, words in alone.items()},
        tuple(sorted({value for each in own for name in columns if (value := each.row[name])} - {person.placeholder})),
        {column: len(words) - len(alone[column]) for column, words in found.items()},
    )


_LOOK = 'lakehouse query "select tenant_id, id, is_active from silver.customers"'


def _words(row: Mapping[str, str | None]) -> dict[str, tuple[str | None, ...]]:
    """A row's words by column: as they were entered, and in silver's one written form."""
    email, phone = row.get("email"), row.get("phone")
    return {
        "email": (email, check_email(email).normalized),
        "phone": (phone, check_phone(phone, row.get("country")).normalized),
        "name": (_full_name(row),),
    }


def _full_name(row: Mapping[str, str | None]) -> str | None:
    first, last = row.get("first_name"), row.get("last_name")
    return f"{first} {last}" if first and last else None


def _is_in(word: str, others: Iterable[str]) -> bool:
    folded = word.casefold()
    return any(folded in other for other in others)
