"""A group of commands that knows what was probably meant."""

from difflib import get_close_matches

import click

__all__ = ["SuggestingGroup"]


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
