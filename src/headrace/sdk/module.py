"""Modules group components; a registry is the set of modules that a process knows."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

import msgspec

from headrace.errors import UsageError
from headrace.sdk.component import Spec, spec_of

__all__ = ["Lazy", "Module", "Registry"]


class Lazy(msgspec.Struct, frozen=True):
    """A component that is imported when it is asked for: most flows need few, and a start is mostly imports.

    Attributes:
        name: of the component, `module/name`.
        path: of its class, `package.module:Class`.
    """

    name: str
    path: str

    def load(self) -> type[Any]:
        """Import the class."""
        module, _, attribute = self.path.partition(":")
        cls: type[Any] = getattr(import_module(module), attribute)
        return cls


class Module(msgspec.Struct, frozen=True):
    """A named group of components: what an entry point of the group `headrace.modules` names."""

    name: str
    summary: str
    components: tuple[type[Any] | Lazy, ...]


class Registry:
    """All components that flows may use, by name."""

    def __init__(self, modules: Iterable[Module]) -> None:
        """Take modules in order.

        Raises:
            UsageError: two modules declare one component, or a component lies in another module's name.
        """
        self.modules = tuple(modules)
        self._found: dict[str, Spec | Lazy] = {}
        for module in self.modules:
            for component in module.components:
                found = component if isinstance(component, Lazy) else spec_of(component)
                if found.name.partition("/")[0] != module.name:
                    raise UsageError(f"component `{found.name}` does not belong to module `{module.name}`")
                if found.name in self._found:
                    raise UsageError(f"component `{found.name}` is declared twice")
                self._found[found.name] = found

    def get(self, name: str) -> Spec | None:
        """The component of that name, `module/name`."""
        found = self._found.get(name)
        if isinstance(found, Lazy):
            spec = spec_of(found.load())
            if spec.name != found.name:
                raise UsageError(f"component `{found.name}` is declared as `{spec.name}` by {found.path}")
            self._found[name] = found = spec
        return found

    def __iter__(self) -> Iterator[Spec]:
        return (spec for name in self.names if (spec := self.get(name)) is not None)

    @property
    def names(self) -> list[str]:
        """All names, in the order of declaration."""
        return list(self._found)
