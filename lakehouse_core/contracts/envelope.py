"""The change envelope: one shape for full load and changes, whatever the wire.

Grain of an envelope frame: one row per change of one table. Beside the contract's typed columns it has

=================  ==============  =====================================================================
``_op``            string          I, U, D; T = truncate (no key); Q = the row is in quarantine, its key is known
``_position``      string          orders everything; unique per key (see :func:`position`)
``_business_time`` timestamp       the transaction's time on the source's clock
``_unsent``        array<string>   columns that the update did not carry ("not sent" is not NULL); empty if all came
``_old_key``       bigint          on the insert half of a key change: the key it had before
``_file``          string          the bronze object that brought it
=================  ==============  =====================================================================

A key change is two rows at one position: D of the old key and I of the new key with ``_old_key``.
"""

from enum import IntEnum, StrEnum

OP = "_op"
POSITION = "_position"
BUSINESS_TIME = "_business_time"
UNSENT = "_unsent"
OLD_KEY = "_old_key"
FILE = "_file"
TECHNICAL = (OP, POSITION, BUSINESS_TIME, UNSENT, OLD_KEY, FILE)


class Op(StrEnum):
    """What a change did."""

    INSERT = "I"
    UPDATE = "U"
    DELETE = "D"
    TRUNCATE = "T"
    QUARANTINE = "Q"


class Phase(IntEnum):
    """The full load comes before the changes of its epoch."""

    LOAD = 0
    CHANGE = 1


def position(epoch: int, phase: Phase, commit_lsn: int, sequence: int) -> str:
    """A text whose order is the order of changes: (epoch, phase, commit LSN, sequence in the transaction).

    >>> position(1, Phase.CHANGE, 0x1A2B3C4, 7)
    '0001.1.0000000001A2B3C4.00000007'
    """
    return f"{epoch:04d}.{phase:d}.{commit_lsn:016X}.{sequence:08X}"
