"""Components as data."""

from headrace.app.snippet import snippet_of
from headrace.flow.schema import Schema, model_schema
from headrace.sdk import Spec

__all__ = ["describe_json"]


def describe_json(spec: Spec) -> Schema:
    """All of a component, as data; settings and messages as JSON Schema, as flow files write them."""
    return {
        "name": spec.name,
        "summary": spec.summary,
        "documentation": spec.documentation,
        "trigger": spec.trigger,
        "settings": model_schema(spec.settings),
        "inputs": [
            {
                "name": port.name,
                "summary": port.summary,
                "message": model_schema(port.message) if port.message else None,
            }
            for port in spec.inputs
        ],
        "outputs": [
            {"name": o.name, "summary": o.summary, "detached": o.detached, "adds": o.adds, "error": o.error}
            for o in spec.outputs
        ],
        "samples": spec.samples or None,
        "dynamicOutputs": spec.dynamic_outputs is not None,
        "example": snippet_of(spec),
    }
