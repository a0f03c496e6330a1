"""What an expression may read, by where it stands in a flow."""

from typing import ClassVar

import msgspec

__all__ = ["Scope"]


class Scope(msgspec.Struct, frozen=True):
    """Which roots may be read, and what `$` is.

    Attributes:
        message: `$` is the message (edges, `input`, settings that work per message).
        settings: `$` has only `vars` and `secrets`; anything else below it is HR121. Where this is
            false, `$.secrets` is HR120.
        run: `$run` is readable.
    """

    message: bool
    settings: bool
    run: bool

    EDGE: ClassVar["Scope"]
    INPUT: ClassVar["Scope"]
    SETTINGS: ClassVar["Scope"]
    WHEN: ClassVar["Scope"]
    EVAL: ClassVar["Scope"]


Scope.EDGE = Scope(message=True, settings=False, run=True)
Scope.INPUT = Scope(message=True, settings=False, run=True)
Scope.SETTINGS = Scope(message=False, settings=True, run=False)
Scope.WHEN = Scope(message=True, settings=False, run=False)
Scope.EVAL = Scope(message=True, settings=False, run=True)
