"""Documents that are found by the name which their user gave them."""

from collections.abc import Callable, Mapping
from typing import Any

from lakehouse_local.services.glue import errors
from lakehouse_local.services.state import Collection, State

Document = dict[str, Any]


class Named:
    """One kind of named document; ``title`` is how errors call it (``Crawler``)."""

    def __init__(self, state: State, kind: str, title: str) -> None:
        self._documents: Collection = state.collection(f"glue.{kind}")
        self.kind = kind
        self._title = title

    def __contains__(self, name: str) -> bool:
        return self._documents.get(name) is not None

    def get(self, name: str) -> Document:
        """The document; EntityNotFoundException if there is none."""
        found = self._documents.get(name)
        if found is None:
            raise self.missing(name)
        return found

    def find(self, name: str) -> Document | None:
        """The document; None if there is none."""
        return self._documents.get(name)

    def add(self, name: str, document: Mapping[str, Any]) -> None:
        """Store a new document; AlreadyExistsException if the name is taken."""
        if not self._documents.insert(name, document):
            raise errors.exists(f"{self._title} with name {name} already exists")

    def change(self, name: str, change: Callable[[Document], Document]) -> Document:
        """Replace a document by what ``change`` makes of it; what that raises leaves it as it was."""
        found = self._documents.update(name, change)
        if found is None:
            raise self.missing(name)
        return found

    def remove(self, name: str) -> bool:
        """Delete a document; False if there was none."""
        return self._documents.delete(name)

    def all(self) -> list[Document]:
        """Every document, by name."""
        return [document for _, document in self._documents.items()]

    def missing(self, name: str) -> errors.AwsError:
        """The error for a name that does not exist."""
        return errors.not_found(f"{self._title} with name {name} does not exist")
