"""`headrace runs`: the group of its commands."""

import click

from headrace.cli.group import Entry, LazyGroup

__all__ = ["command"]

_COMMANDS = {
    "list": Entry("headrace.cli.runs.list_", "List runs, the latest first."),
    "show": Entry("headrace.cli.runs.show", "Show a run: errors, open tasks, dead letters."),
    "watch": Entry("headrace.cli.runs.watch.command", "Watch what goes on, or a run to its end."),
    "cancel": Entry("headrace.cli.runs.cancel", "Cancel runs that have not ended."),
    "retry": Entry("headrace.cli.runs.retry", "Try dead letters again."),
    "discard": Entry("headrace.cli.runs.discard", "Remove dead letters for good."),
}


class _ListingGroup(LazyGroup):
    """Lists, where no command is named."""

    entries = _COMMANDS

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """See `click.Group`."""
        is_named = bool(args) and (not args[0].startswith("-") or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if is_named else ["list", *args])


@click.group("runs", cls=_ListingGroup)
def command() -> None:
    """Look at runs, cancel them, and try again what failed.

    `headrace runs` alone is `headrace runs list`, with its options.
    """
