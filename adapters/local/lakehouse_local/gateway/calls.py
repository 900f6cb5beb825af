"""Which calls are answered: generated from the services and botocore's models, shown by the endpoint and in the docs."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from botocore.model import ServiceModel

from lakehouse_local.services.service import Service


class Answered(StrEnum):
    """How a call is answered."""

    DONE = "done"
    REFUSED = "refused by AWS too"
    NOT_YET = "not yet"


def calls(service: Service, model: ServiceModel) -> dict[str, Answered]:
    """Every operation of the model, by name, and how the service answers it."""
    return {
        name: Answered.DONE
        if name in service.operations
        else Answered.REFUSED
        if name in service.refused
        else Answered.NOT_YET
        for name in sorted(model.operation_names)
    }


def page(found: Iterable[tuple[Service, Mapping[str, Answered]]]) -> str:
    """The reference page, in Markdown."""
    parts = [
        "# Which AWS calls the local endpoint answers\n",
        "Generated from the code by `python -m lakehouse_local.gateway.docs`. A call that is not done yet gets the",
        "error `NotImplementedException`, never a made-up answer. Every other service goes on to the forward target",
        "(LocalStack or moto).\n",
    ]
    for service, answers in found:
        parts.append(f"## {service.name}\n")
        for kind in Answered:
            names = [name for name, how in answers.items() if how is kind]
            parts.append(f"**{kind[0].upper()}{kind[1:]}: {len(names)} of {len(answers)}**\n")
            if kind is Answered.REFUSED:
                parts += [f"- {name}: {service.refused[name]}" for name in names]
                parts += [""] if names else []
            elif names:
                parts.append(f"{', '.join(names)}\n")
    return "\n".join(parts).rstrip() + "\n"
