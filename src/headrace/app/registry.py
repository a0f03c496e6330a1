"""Which components there are: the built-in modules, and those of installed packages."""

import sys
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from headrace.components import MODULES
from headrace.errors import UsageError
from headrace.sdk import Module, Registry

__all__ = ["ENTRY_POINT_GROUP", "builtin_registry", "full_registry"]

ENTRY_POINT_GROUP = "headrace.modules"


def builtin_registry() -> Registry:
    """The components that come with headrace."""
    return Registry(MODULES)


def full_registry() -> Registry:
    """The built-in components and those of installed packages (entry points `headrace.modules`).

    Raises:
        UsageError: a package's module cannot be loaded, or is none.
    """
    modules = list(MODULES)
    for entry in _installed(tuple(sys.path)):
        origin = entry.dist.name if entry.dist is not None else entry.value
        try:
            module = entry.load()
        except Exception as error:  # whatever a package's code raises while it is imported
            raise UsageError(
                f"module `{entry.name}` of package {origin} cannot be loaded: {type(error).__name__}: {error}"
            ) from error
        if not isinstance(module, Module):
            raise UsageError(
                f"module `{entry.name}` of package {origin} is no headrace.sdk.Module; its entry point must "
                "name one"
            )
        modules.append(module)
    return Registry(modules)


@lru_cache(1)
def _installed(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Those of the group on the module path: to read what all installed packages declare takes 10 ms."""
    _ = path  # where packages are looked for: kept as long as it stays
    return tuple(sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name))
