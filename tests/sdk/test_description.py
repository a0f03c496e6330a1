"""What is said of fields: the texts that pydantic finds as well, when a class is made."""

import pytest
from pydantic import BaseModel, ConfigDict, Field

from headrace.sdk import Settings
from headrace.sdk.description import descriptions


class _Inner(Settings):
    """One that others hold."""

    deep_name: str = ""
    """Deep
      inside."""


class _Base(Settings):
    told: int = 1
    """Told above."""
    again: int = 1
    """Not of the field that takes its place."""
    once: int = 1
    """Told above, and below anew."""


class _Extended(_Base):
    again: int = 2
    once: int = 2
    """Told below."""
    bare: int = 3
    spelled: int = Field(4, description="In the field.")
    """Not read."""
    inner: _Inner = _Inner()
    """With a member."""

    def method(self) -> None:
        """Of no field."""
        self_: int = 1  # noqa: F841 - that it is no field is tested
        """Of a variable."""


def _made(base: type[BaseModel]) -> type[BaseModel]:
    class Local(base):
        here: str = ""
        """Text that stands
further left than the class."""

    return Local


class _Eager(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


def test_a_field_has_the_text_below_it_that_its_own_class_has():
    assert descriptions(_Extended) == {
        "told": "Told above.",
        "once": "Told below.",
        "spelled": "In the field.",
        "inner": "With a member.",
    }


def test_it_is_what_pydantic_finds_also_in_a_function():
    eager = _made(_Eager)
    assert descriptions(_made(Settings)) == {
        name: field.description for name, field in eager.model_fields.items()
    }


@pytest.mark.parametrize("by_alias", [True, False])
def test_the_json_schema_tells_them_also_of_models_inside(by_alias):
    schema = _Extended.model_json_schema(by_alias=by_alias)
    (inner,) = schema["$defs"].values()
    assert inner["properties"]["deepName" if by_alias else "deep_name"]["description"] == "Deep\ninside."
    told = {name: field.get("description") for name, field in schema["properties"].items()}
    assert told == dict.fromkeys(["again", "bare"]) | descriptions(_Extended)


def test_a_class_without_source_has_none():
    space: dict[str, type[BaseModel]] = {"Settings": Settings}
    exec("class Unknown(Settings):\n    name: str = ''\n    'A text.'\n", {"__name__": "nowhere"}, space)
    assert descriptions(space["Unknown"]) == {}
