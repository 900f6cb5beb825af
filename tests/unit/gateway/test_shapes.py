"""JSON against a model: what is taken, what is refused, and how strictly answers are checked."""

from typing import Any

import pytest
from botocore.model import ServiceModel, StructureShape

from lakehouse_local.gateway import shapes

MODEL = ServiceModel(
    {
        "metadata": {"protocol": "json"},
        "shapes": {
            "Thing": {
                "type": "structure",
                "required": ["Name"],
                "members": {
                    "Name": {"shape": "Name"},
                    "At": {"shape": "Time"},
                    "Body": {"shape": "Blob"},
                    "Kind": {"shape": "Kind"},
                    "Parts": {"shape": "Things"},
                    "Tags": {"shape": "Tags"},
                    "Size": {"shape": "Size"},
                    "On": {"shape": "On"},
                },
            },
            "Name": {
                "type": "string",
                "min": 1,
                "max": 5,
                "pattern": "[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\t]*",
            },
            "Time": {"type": "timestamp"},
            "Blob": {"type": "blob"},
            "Kind": {"type": "string", "enum": ["A", "B"]},
            "Things": {"type": "list", "member": {"shape": "Thing"}, "min": 1, "max": 2},
            "Tags": {"type": "map", "key": {"shape": "Name"}, "value": {"shape": "Name"}},
            "Size": {"type": "integer", "min": 1, "max": 9},
            "On": {"type": "boolean"},
        },
    }
)
THING = MODEL.shape_for("Thing")
assert isinstance(THING, StructureShape)


def test_what_fits_is_taken() -> None:
    """Blobs become bytes, nulls and unknown members are left out, letters beyond the basic plane are letters."""
    given = {
        "Name": "a😀",
        "At": 1.5,
        "Body": "eA==",
        "Kind": None,
        "More": 1,
        "Tags": {"k": "v"},
        "Size": 9,
        "On": True,
    }
    expected = {"Name": "a😀", "At": 1.5, "Body": b"x", "Tags": {"k": "v"}, "Size": 9, "On": True}
    assert shapes.request(THING, given) == expected
    assert shapes.answer(THING, expected) == expected | {"Body": "eA=="}


PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({}, "Value null at 'name' failed to satisfy constraint: Member must not be null"),
    (
        {"Name": ""},
        "Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ),
    ({"Name": "toolong"}, "length less than or equal to 5"),
    ({"Name": "a\n"}, "regular expression pattern"),
    ({"Name": "a", "Kind": "C"}, "Member must satisfy enum value set: [A, B]"),
    ({"Name": "a", "Size": 10}, "value less than or equal to 9"),
    ({"Name": "a", "Size": 0}, "value greater than or equal to 1"),
    ({"Name": "a", "Parts": [{"Name": "b"}, {}]}, "'parts.2.member.name'"),
    ({"Name": "a", "Parts": []}, "length greater than or equal to 1"),
    ({"Name": "a", "Tags": {"k": "toolong"}}, "'tags.k.member'"),
]


@pytest.mark.parametrize(("given", "message"), PROBLEMS, ids=[each[1][-40:] for each in PROBLEMS])
def test_constraints(given: dict[str, Any], message: str) -> None:
    """Each constraint of the model is checked, and named as AWS names it."""
    with pytest.raises(shapes.Problems) as caught:
        shapes.request(THING, given)
    assert len(caught.value.found) == 1
    assert message in caught.value.found[0]


@pytest.mark.parametrize(
    "given",
    [[], "x", {"Name": 1}, {"Name": "a", "At": "2024-01-01"}, {"Name": "a", "Size": 1.5}, {"Name": "a", "On": 1}],
)
def test_types(given: Any) -> None:
    """A value of another JSON type stops AWS's parser: an ISO time is no number, a number no boolean."""
    with pytest.raises(shapes.NotOfThatType):
        shapes.request(THING, given)


@pytest.mark.parametrize(
    ("given", "message"),
    [({"Name": "a", "More": 1}, "no member 'more'"), ({"Name": None}, "null"), ({"Kind": "A"}, "'name'")],
)
def test_answers_are_strict(given: dict[str, Any], message: str) -> None:
    """A member that the model does not have, a null, or a missing one is our fault, and seen."""
    with pytest.raises(shapes.Problems, match=message):
        shapes.answer(THING, given)


def test_no_output_is_no_member() -> None:
    """An operation without an output answers an empty object and nothing else."""
    assert shapes.answer(None, {}) == {}
    with pytest.raises(shapes.Problems):
        shapes.answer(None, {"a": 1})
