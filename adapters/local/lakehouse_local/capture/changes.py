"""From decoded messages to complete transactions of rows."""

import logging
from collections.abc import Callable

from lakehouse_local.capture.errors import ShapeChanged, WireBroken
from lakehouse_local.capture.names import business_time, change_seq, stream_position
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
from lakehouse_local.capture.rows import RowWriter, Shape
from lakehouse_local.capture.settings import S3Settings
from lakehouse_local.capture.transaction import Transaction

CLOCK = "lakehouse.clock"
MARKER = "lakehouse.marker"
_log = logging.getLogger(__name__)


class Assembler:
    """Takes messages in order; gives a transaction when its commit arrives."""

    def __init__(
        self, settings: S3Settings, from_lsn: int, counter: int, shape_of: Callable[[Relation], Shape]
    ) -> None:
        self._writer = RowWriter(settings)
        self._grouped = not settings.PreserveTransactions
        self._from_lsn = from_lsn
        self._shape_of = shape_of
        self._shapes: dict[int, Shape] = {}
        self._transaction: Transaction | None = None
        self._repeated = False
        self.counter = counter
        self.marker: bytes | None = None

    def take(self, message: Decoded) -> Transaction | None:
        """The transaction that the message completes, if it does and its changes are not stored already.

        ``marker`` is the content of the last marker message that was seen.
        """
        match message:
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
            case Insert() | Update() | Delete() | Truncate():
                if not self._repeated:
                    self._change(message)
        return None

    def _relation(self, message: Relation) -> None:
        shape = self._shapes[message.oid] = self._shape_of(message)
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
        if self._repeated:
            transaction.close()
            return None
        return transaction

    def _change(self, message: Insert | Update | Delete | Truncate) -> None:
        if isinstance(message, Truncate):
            for oid in message.oids:
                shape = self._shape(oid)
                self._add(shape, b"T", (None,) * len(shape.columns), None, "truncates")
            return
        shape = self._shape(message.oid)
        match message:
            case Insert(new=new):
                self._add(shape, b"I", new, None, "inserts")
            case Update():
                self._add(shape, b"U", *_updated(shape, message), "updates")
            case Delete(old=old):
                key_only = tuple(value if at in shape.key_at else None for at, value in enumerate(old))
                self._add(shape, b"D", key_only, None, "deletes")

    def _add(self, shape: Shape, op: bytes, new: Row, old_key: tuple[Value, ...] | None, counted_as: str) -> None:
        transaction = self._open()
        if len(new) != len(shape.columns):
            raise WireBroken(f"a row of {shape.full_name} has {len(new)} values for {len(shape.columns)} columns")
        self.counter += 1
        trail = (
            change_seq(transaction.begin.commit_time, self.counter).encode(),
            stream_position(transaction.begin.commit_lsn, transaction.rows).encode(),
        )
        row = self._writer.row(shape, op, new, old_key, trail)
        transaction.add(shape, shape if self._grouped else None, row, counted_as)

    def _open(self) -> Transaction:
        if self._transaction is None:
            raise WireBroken("a change came outside a transaction")
        return self._transaction

    def _shape(self, oid: int) -> Shape:
        try:
            return self._shapes[oid]
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
