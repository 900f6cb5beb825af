"""What names or reaches a person: e-mail addresses, phone numbers, domains, by the libraries that know them.

Each function takes columns and returns one of ``struct<normalized: string, is_valid: boolean>``, computed in Python
over Arrow batches. NULL in, NULLs out. Nobody asks DNS: well formed is not the same as reachable.
"""

from lakehouse_core.people.columns import domain, email, phone

__all__ = ["domain", "email", "phone"]
