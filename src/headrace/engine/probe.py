"""What is told of one execution of a task to those who look closely."""

from headrace.store import ErrorRecord
from headrace.values import Message

__all__ = ["Probe", "Probes"]


class Probe:
    """Told of one execution of a task, in the engine's event loop; must be quick and must not raise.

    A visit is a message at a node. What it is, the probe decides; the engine keeps it and hands it back.
    """

    def entered(self, node: str, port: str, message: Message, above: object) -> object:
        """A message has come to a node; must not be changed, nor kept.

        Args:
            above: the visit that sent it on an inner edge; None for the task's own message.

        Returns:
            The visit; None to be told of no more that enter or are emitted in this execution.
        """
        return None

    def failed(self, visit: object, error: ErrorRecord) -> None:
        """The node itself failed at a message, whatever becomes of the error."""

    def left(self, visit: object) -> None:
        """Everything below has ended, well or not."""

    def emitted(self, node: str, port: str, message: Message) -> None:
        """A node has sent a message, which must not be changed, nor kept."""

    def began_again(self) -> None:
        """What was told was a trial that failed; it is rolled back, and the task begins again."""

    def headers(self, visit: object) -> dict[str, str]:
        """Headers that tie a request to what made it."""
        return {}


class Probes(Probe):
    """Tells several probes, in their order."""

    def __init__(self, probes: list[Probe]) -> None:
        self._all = probes
        self._wants = [True] * len(probes)

    def entered(self, node: str, port: str, message: Message, above: object) -> object:
        """See `Probe`."""
        aboves = above if isinstance(above, list) else [None] * len(self._all)
        visits = [
            probe.entered(node, port, message, above) if wants else None
            for probe, wants, above in zip(self._all, self._wants, aboves, strict=True)
        ]
        self._wants = [visit is not None for visit in visits]
        return visits if any(self._wants) else None

    def failed(self, visit: object, error: ErrorRecord) -> None:
        """See `Probe`."""
        for probe, own in self._each(visit):
            probe.failed(own, error)

    def left(self, visit: object) -> None:
        """See `Probe`."""
        for probe, own in self._each(visit):
            probe.left(own)

    def emitted(self, node: str, port: str, message: Message) -> None:
        """See `Probe`."""
        for probe, wants in zip(self._all, self._wants, strict=True):
            if wants:
                probe.emitted(node, port, message)

    def began_again(self) -> None:
        """See `Probe`."""
        for probe in self._all:
            probe.began_again()

    def headers(self, visit: object) -> dict[str, str]:
        """See `Probe`."""
        return {name: value for probe, own in self._each(visit) for name, value in probe.headers(own).items()}

    def _each(self, visit: object) -> list[tuple[Probe, object]]:
        """The probes that wanted a visit, each with its own."""
        if not isinstance(visit, list):
            return []
        return [pair for pair in zip(self._all, visit, strict=True) if pair[1] is not None]
