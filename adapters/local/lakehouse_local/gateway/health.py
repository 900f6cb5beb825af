"""The health page: which services are here, and how each of their calls is answered."""

import json
import urllib.request
from collections import Counter
from collections.abc import Mapping
from html import escape as escaped
from typing import Any

from lakehouse_local.environment import Environment
from lakehouse_local.errors import NotRunning
from lakehouse_local.gateway.answer import Answerer
from lakehouse_local.gateway.calls import Answered, calls

PATH = "/_lakehouse/health"

__all__ = ["PATH", "ask", "escaped", "html", "report"]


def report(answerers: Mapping[str, Answerer], target: str) -> dict[str, Any]:
    """``services``: by name, counts by kind of answer and every call's; ``forwards_to``: the forward target."""
    services = {}
    for name, answerer in answerers.items():
        found = calls(answerer.service, answerer.model)
        services[name] = {"counts": Counter(map(str, found.values())), "calls": found}
    return {"status": "running", "forwards_to": target, "services": services}


def ask(environment: Environment) -> dict[str, Any]:
    """The report of the running endpoint; NotRunning if there is none or it does not answer."""
    if environment.aws is None:
        raise NotRunning("no AWS endpoint is running", hint="lakehouse down, then lakehouse up")
    try:
        with urllib.request.urlopen(environment.aws.endpoint + PATH, timeout=30) as answer:  # noqa: S310 (our own http)
            return dict(json.load(answer))
    except OSError as error:
        raise NotRunning(f"{environment.aws.endpoint} does not answer: {error}", hint="lakehouse status") from None


def html(found: Mapping[str, Any]) -> str:
    """The report for people."""
    parts = [
        "<!doctype html><meta charset=utf-8><title>lakehouse</title>",
        "<style>body{font:15px system-ui;margin:2em;max-width:70em}li{display:inline-block;margin:0 1em 0 0}</style>",
        f"<h1>The local AWS endpoint</h1><p>Everything else goes on to {escaped(found['forwards_to'])}.</p>",
    ]
    for name, service in found["services"].items():
        parts.append(f"<h2>{escaped(name)}</h2>")
        for kind in Answered:
            names = [call for call, how in service["calls"].items() if how == kind]
            listed = "".join(f"<li>{escaped(call)}</li>" for call in names)
            parts.append(f"<details><summary>{kind}: {len(names)}</summary><ul>{listed}</ul></details>")
    return "\n".join(parts)
