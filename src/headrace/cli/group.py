"""Groups of commands: they know what was probably meant, and load what is called."""

from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import ClassVar, NamedTuple

import click

__all__ = ["Entry", "LazyGroup", "SuggestingGroup"]


class SuggestingGroup(click.Group):
    """Tells of an unknown command with the nearest one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """See `click.Group`."""
        name, known = args[0], self.list_commands(ctx)
        if name not in known and not name.startswith("-"):
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"; did you mean `{near[0]}`?" if near else f"; there is {', '.join(known)}"
            raise click.UsageError(f"no command `{name}`{hint}", ctx)
        return super().resolve_command(ctx, args)


class Entry(NamedTuple):
    """Where a command is, and its line in the help, which is shown without loading it."""

    module: str
    summary: str


class LazyGroup(SuggestingGroup):
    """Loads a command's module when it is called, so that the others cost nothing."""

    entries: ClassVar[Mapping[str, Entry]] = {}
    """The commands by name; of a subclass."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """See `click.Group`."""
        return list(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """See `click.Group`."""
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command: click.Command = import_module(entry.module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """See `click.Group`."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in self.entries.items()])
