"""Markdown on a terminal."""

from rich.console import Console
from rich.markdown import Markdown

__all__ = ["show"]


def show(text: str, widest: int) -> None:
    """Print a text in Markdown, in colours where the terminal has them, with at most so many columns."""
    console = Console(highlight=False)
    console.print(Markdown(text, hyperlinks=False), width=min(console.width, widest))
