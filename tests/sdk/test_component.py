"""What the declaration of a component says of a node's outputs."""

import pytest
from msgspec.structs import replace

from headrace.components.common.iterator import Iterator
from headrace.components.common.router import Router
from headrace.errors import InternalError
from headrace.sdk import Output, Settings, component
from headrace.sdk.component import spec_of


def test_ports_of_the_settings_stand_before_the_others():
    rules = [{"name": "a", "field": "x", "outputPort": "first"}, {"field": "y", "outputPort": "second"}]
    spec = replace(spec_of(Router), outputs=(Output("always"),))
    names = [output.name for output in spec.outputs_for({"rules": rules})]
    assert names == ["first", "second", "default", "always"]


def test_outputs_are_detached_by_a_setting_that_is_true_and_not_by_text():
    detached = {}
    for value in (True, False, "{{$.vars.durable}}", None):
        outputs = spec_of(Iterator).outputs_for({"durable": value})
        detached[value] = {output.detached for output in outputs}
    assert detached == {True: {True}, False: {False}, "{{$.vars.durable}}": {False}, None: {False}}


def test_a_class_below_a_component_is_none_itself():
    class Below(Router):
        pass

    with pytest.raises(InternalError, match=r"Below is not declared with @component"):
        spec_of(Below)


def test_a_name_is_that_of_a_module_and_of_a_component_and_no_more():
    for name in ("shop-module/Price", "price", "shop-module/price list", "shop-module/price/list"):
        with pytest.raises(InternalError, match="a component is named like `module/name`"):
            component(name, summary="", settings=Settings)
