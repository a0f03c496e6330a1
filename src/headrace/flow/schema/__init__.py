"""What an editor needs to know of flow files: a JSON Schema of the whole file, for the components there are.

    file      the flow file, key by key: node, edge, deploy
    key       forms that keys have
    model     the settings and messages of a component, as flow files write them
    written   durations, sizes and defaults as people write them

The schema is draft-07: the newest one that the language servers for YAML check files by (they read later
drafts, with warnings). It never refuses what `headrace validate` takes; what it cannot tell (names of nodes
and ports, what expressions mean) is left to `validate`.
"""

from headrace.flow.schema.file import flow_schema
from headrace.flow.schema.model import Schema, model_schema

__all__ = ["Schema", "flow_schema", "model_schema"]
