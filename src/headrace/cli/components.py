"""`headrace components`: what nodes can be made of."""

import json
import shutil

import click

from headrace.app import full_registry
from headrace.app.description import describe_json
from headrace.cli.describe import describe
from headrace.errors import UsageError
from headrace.expr.suggestion import did_you_mean
from headrace.sdk import Registry, Spec

__all__ = ["command"]


@click.command("components")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with settings and messages as JSON Schema.")
def command(name: str | None, *, as_json: bool) -> int:
    """List all components by module, or describe the component NAME (`common-module/router`, or `router`)."""
    registry = full_registry()
    if name is not None:
        spec = _find(registry, name)
        width = min(shutil.get_terminal_size().columns, 100)
        print(_dump(describe_json(spec)) if as_json else describe(spec, width))
    elif as_json:
        print(_dump({"components": [describe_json(spec) for spec in registry]}))
    else:
        print("\n\n".join(_listed(registry)))
    return 0


def _listed(registry: Registry) -> list[str]:
    """A paragraph for each module."""
    specs = list(registry)
    longest = max(len(spec.name) for spec in specs)
    return [
        "\n".join(
            [
                f"{module.name}: {module.summary}",
                *(
                    f"  {spec.name:<{longest}}  {spec.summary}"
                    for spec in specs
                    if spec.name.startswith(f"{module.name}/")
                ),
            ]
        )
        for module in registry.modules
    ]


def _find(registry: Registry, name: str) -> Spec:
    """The component of that name; the module may be left out where the name tells."""
    spec = registry.get(name)
    if spec is not None:
        return spec
    same = [spec for spec in registry if spec.name.partition("/")[2] == name]
    if len(same) == 1:
        return same[0]
    names = registry.names if "/" in name else [full.partition("/")[2] for full in registry.names]
    hint = did_you_mean(name, names) or "; `headrace components` lists them"
    raise UsageError(f"unknown component `{name}`{hint}")


def _dump(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
