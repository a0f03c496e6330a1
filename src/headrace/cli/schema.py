"""`headrace schema`: what editors complete and check flow files by."""

import json

import click

from headrace.app import full_registry
from headrace.flow.schema import flow_schema

__all__ = ["command"]


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of flow files, for the components that are installed.

    `headrace schema > flow.schema.json`, and in a flow file's first line
    `# yaml-language-server: $schema=flow.schema.json`: then an editor completes keys, settings and
    components, shows what they are for, and underlines what is wrong.
    """
    print(json.dumps(flow_schema(full_registry()), indent=2, ensure_ascii=False))
    return 0
