"""From decoded messages to complete transactions of rows."""

import logging
from collections.abc import Callable

from lakehouse_local.capture.errors import ShapeChanged, WireBroken
from lakehouse_local.capture.manifest import Manifest
from lakehouse_local.capture.names import business_time
from lakehouse_local.capture.pgoutput import (
    UNCHANGED,
    Begin,
    Commit,
    Decoded,
    Delete,
    Insert,
    Message,
    Relation,
    Row,
    Truncate,
    Update,
    Value,
)
from lakehouse_local.capture.transaction import Transaction
from lakehouse_local.capture.wire import Change, Encoder, Shape, Wire

CLOCK = "lakehouse.clock"
MARKER = "lakehouse.marker"
_COUNTED_AS = {"I": "inserts", "U": "updates", "D": "deletes", "T": "truncates"}
_log = logging.getLogger(__name__)


class Assembler:
    """Takes messages in order; gives a transaction when its commit arrives."""

    def __init__(self, wire: Wire, after: Manifest, shape_of: Callable[[Relation], Shape]) -> None:
        self._wire = wire
        self._from_lsn = after.end_lsn
        self._last_commit = after.commit_end_lsn
        self._shape_of = shape_of
        self._tables: dict[int, tuple[Shape, Encoder]] = {}
        self._transaction: Transaction | None = None
        self._repeated = False
        self.counter = after.change_counter
        self.marker: bytes | None = None

    def take(self, message: Decoded, lsn: int) -> Transaction | None:
        """The transaction that the message completes, if it does and its changes are not stored already.

        ``lsn`` is where the message's WAL record starts; ``marker`` the content of the last marker message seen.
        """
        match message:
            case Insert() | Update() | Delete() | Truncate():
                if not self._repeated:
                    self._change(message, lsn)
            case Begin():
                if self._transaction is not None:
                    raise WireBroken("a transaction begins inside another")
                self._transaction = Transaction(message)
                # After a crash PostgreSQL may send again what was acknowledged: the manifests know better.
                self._repeated = message.commit_lsn < self._from_lsn
            case Relation():
                self._relation(message)
            case Message(transactional=True):
                self._message(message)
            case Commit():
                return self._commit(message)
        return None

    def _relation(self, message: Relation) -> None:
        shape = self._shape_of(message)
        self._tables[message.oid] = shape, self._wire.encoder(shape)
        for written in self._open().counts if self._transaction else ():
            if written.full_name == shape.full_name and written != shape:
                raise ShapeChanged(
                    f"one transaction (commit LSN {self._open().begin.commit_lsn:X}) changed rows of {shape.full_name} "
                    "both before and after it changed the table's columns",
                    hint="lakehouse replicate --reload starts a new epoch after it",
                )

    def _message(self, message: Message) -> None:
        if message.prefix == MARKER:
            self.marker = message.content
        elif message.prefix == CLOCK:
            try:
                self._open().clock = business_time(message.content.decode())
            except ValueError:
                _log.warning("a %s message is not an ISO 8601 time and was not used: %r", CLOCK, message.content[:64])

    def _commit(self, message: Commit) -> Transaction | None:
        transaction = self._open()
        if message.commit_lsn != transaction.begin.commit_lsn:
            raise WireBroken(
                f"the transaction of commit LSN {transaction.begin.commit_lsn:X} ends as {message.commit_lsn:X}"
            )
        self._transaction = None
        self._last_commit = max(self._last_commit, message.end_lsn)
        transaction.end_lsn = message.end_lsn
        if self._repeated:
            transaction.close()
            return None
        return transaction

    def _change(self, message: Insert | Update | Delete | Truncate, lsn: int) -> None:
        if isinstance(message, Truncate):
            for oid in message.oids:
                table = self._table(oid)
                self._add(table, "T", (None,) * len(table[0].columns), None, lsn)
            return
        table = self._table(message.oid)
        match message:
            case Insert(new=new):
                self._add(table, "I", new, None, lsn)
            case Update():
                self._add(table, "U", *_updated(table[0], message), lsn)
            case Delete(old=old):
                key_at = table[0].key_at
                key_only = tuple(value if at in key_at else None for at, value in enumerate(old))
                self._add(table, "D", key_only, None, lsn)

    def _add(
        self, table: tuple[Shape, Encoder], op: str, new: Row, old_key: tuple[Value, ...] | None, lsn: int
    ) -> None:
        transaction, (shape, encoder) = self._open(), table
        if len(new) != len(shape.columns):
            raise WireBroken(f"a row of {shape.full_name} has {len(new)} values for {len(shape.columns)} columns")
        self.counter += 1
        change = Change(
            op=op,
            new=new,
            old_key=old_key,
            begin=transaction.begin,
            lsn=lsn,
            last_commit=self._last_commit,
            counter=self.counter,
            sequence=transaction.numbers,
            in_table=transaction.table_numbers[shape.full_name],
        )
        numbers = 1 if old_key is None else self._wire.key_change_numbers
        transaction.add(shape, self._wire.group(shape), encoder.encode(change), _COUNTED_AS[op], numbers)

    def _open(self) -> Transaction:
        if self._transaction is None:
            raise WireBroken("a change came outside a transaction")
        return self._transaction

    def _table(self, oid: int) -> tuple[Shape, Encoder]:
        try:
            return self._tables[oid]
        except KeyError:
            raise WireBroken(f"a change of relation {oid} came before its description") from None


def _updated(shape: Shape, message: Update) -> tuple[Row, tuple[Value, ...] | None]:
    """The new row and, if the key changed, the old key."""
    new, old = message.new, message.old
    if old is None:
        return new, None
    if message.kind == "O":  # REPLICA IDENTITY FULL: the old row has what was not sent
        new = tuple(before if after is UNCHANGED else after for before, after in zip(old, new, strict=True))
    old_key = tuple(old[at] for at in shape.key_at)
    return new, None if old_key == tuple(new[at] for at in shape.key_at) else old_key
