"""User-defined functions of the catalog: kept and given out."""

import re
import time

from lakehouse_local.services.account import key
from lakehouse_local.services.glue import errors
from lakehouse_local.services.glue.calls import Answer, Request, call, paged
from lakehouse_local.services.glue.catalog import Catalog
from lakehouse_local.services.state import State


class Functions:
    """The calls of functions."""

    def __init__(self, state: State, catalog: Catalog) -> None:
        self._functions = state.collection("glue.function")
        self._catalog = catalog

    @call
    def create_user_defined_function(self, request: Request) -> Answer:
        """Create a function."""
        given, database = request["FunctionInput"], self._catalog.database(request["DatabaseName"])["Name"]
        name = str(given.get("FunctionName", "")).lower()
        if not name:
            raise errors.invalid("FunctionName is missing.")
        own = {"FunctionName": name, "DatabaseName": database, "CatalogId": self._catalog.account.id}
        if not self._functions.insert(key(database, name), {**given, **own, "CreateTime": time.time()}):
            raise errors.exists(f"Function {name} already exists.")
        return {}

    @call
    def get_user_defined_function(self, request: Request) -> Answer:
        """One function."""
        found = self._functions.get(self._key(request))
        if found is None:
            raise errors.not_found(f"Function {request['FunctionName']} not found.")
        return {"UserDefinedFunction": found}

    @call
    def get_user_defined_functions(self, request: Request) -> Answer:
        """The functions whose names match a pattern, of one database or of all."""
        matches = re.compile(str(request["Pattern"]).replace("*", ".*")).fullmatch
        prefix = key(str(request["DatabaseName"]).lower(), "") if "DatabaseName" in request else ""
        found = [each for _, each in self._functions.items(prefix) if matches(each["FunctionName"])]
        return paged(request, "UserDefinedFunctions", found)

    @call
    def update_user_defined_function(self, request: Request) -> Answer:
        """Replace a function."""
        given = {name: value for name, value in request["FunctionInput"].items() if name != "FunctionName"}
        kept = ("FunctionName", "DatabaseName", "CatalogId", "CreateTime")
        changed = self._functions.update(
            self._key(request), lambda old: {**given, **{name: old[name] for name in kept}}
        )
        if changed is None:
            raise errors.not_found(f"Function {request['FunctionName']} not found.")
        return {}

    @call
    def delete_user_defined_function(self, request: Request) -> Answer:
        """Delete a function."""
        if not self._functions.delete(self._key(request)):
            raise errors.not_found(f"Function {request['FunctionName']} not found.")
        return {}

    @staticmethod
    def _key(request: Request) -> str:
        return key(str(request["DatabaseName"]).lower(), str(request["FunctionName"]).lower())
