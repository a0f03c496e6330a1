"""Modules group components; a registry is the set of modules that a process knows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from headrace.errors import UsageError
from headrace.sdk.component import Spec, spec_of

__all__ = ["Module", "Registry"]


@dataclass(frozen=True, slots=True)
class Module:
    """A named group of components: what an entry point of the group `headrace.modules` names."""

    name: str
    summary: str
    components: tuple[type[Any], ...]


class Registry:
    """All components that flows may use, by name."""

    def __init__(self, modules: Iterable[Module]) -> None:
        """Take modules in order.

        Raises:
            UsageError: two modules declare one component, or a component lies in another module's name.
        """
        self.modules = tuple(modules)
        self._specs: dict[str, Spec] = {}
        for module in self.modules:
            for cls in module.components:
                spec = spec_of(cls)
                if spec.name.partition("/")[0] != module.name:
                    raise UsageError(f"component `{spec.name}` does not belong to module `{module.name}`")
                if spec.name in self._specs:
                    raise UsageError(f"component `{spec.name}` is declared twice")
                self._specs[spec.name] = spec

    def get(self, name: str) -> Spec | None:
        """The component of that name, `module/name`."""
        return self._specs.get(name)

    def __iter__(self) -> Iterator[Spec]:
        return iter(self._specs.values())

    @property
    def names(self) -> list[str]:
        """All names, in the order of declaration."""
        return list(self._specs)
