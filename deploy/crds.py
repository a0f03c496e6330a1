"""Makes the custom resources of the chart anew; a test compares."""

from pathlib import Path

from headrace.app import builtin_registry
from headrace.cluster.crd import custom_resources
from headrace.cluster.manifest import to_yaml

FOLDER = Path(__file__).parent / "helm" / "headrace" / "crds"


def files() -> dict[str, str]:
    """The text of each file, by its name."""
    made = custom_resources(builtin_registry())
    return {f"{each['spec']['names']['plural']}.yaml": to_yaml([each]) for each in made}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
