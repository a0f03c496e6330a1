"""How far a request has come."""

import time
from dataclasses import dataclass, field

__all__ = ["Progress"]


@dataclass(slots=True)
class Progress:
    """How far a request has come; the connector writes it, since it alone knows."""

    connected: bool = False
    answered: bool = False
    started_s: float = field(default_factory=time.monotonic)
