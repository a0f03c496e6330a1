"""What completion offers."""

from dataclasses import dataclass
from enum import Enum

__all__ = ["Suggestion", "SuggestionKind"]


class SuggestionKind(Enum):
    """What a suggestion is, for its icon."""

    KEY = "key"
    VALUE = "value"
    COMPONENT = "component"
    NODE = "node"
    PORT = "port"
    MEMBER = "member"
    METHOD = "method"
    FUNCTION = "function"
    NAMESPACE = "namespace"
    NAME = "name"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing that may be written at a place.

    Attributes:
        label: what is shown.
        kind: what it is.
        text: what replaces the text from `start` to `end`.
        start: offset in the source.
        end: offset in the source.
        detail: a few words beside the label.
        documentation: Markdown.
        after: further text, behind the place where the cursor then stands.
        filter: what the text from `start` is compared with, where that is not the label.
        rank: lower ones come first; those of a rank in the order of the list.
    """

    label: str
    kind: SuggestionKind
    text: str
    start: int
    end: int
    detail: str = ""
    documentation: str = ""
    after: str = ""
    filter: str = ""
    rank: int = 0
