"""The contest: all in turn, round after round, each with an empty database."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import psycopg
from contest import tell
from stage import TOKEN, Stage

from peers.installation import InstallationError, installed
from peers.observation import PeerError, Usage, observe
from peers.peer import Peer, Place

__all__ = ["Result", "hold"]

_LEFT = """
    SELECT external_id, email, name, status, metadata::jsonb ->> 'source', metadata::jsonb ->> 'original_id'
    FROM public.users WHERE external_id LIKE '%77' ORDER BY external_id LIMIT 1000"""

_LAST_COMMIT = "SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin))) FROM public.users"


@dataclass(slots=True)
class Result:
    """What was measured of a peer, a figure a round.

    Attributes:
        home: where its packages are, if it has any.
        skipped: why it was left out; empty if it was not.
    """

    peer: Peer
    users: int
    home: Path | None = None
    seconds: list[float] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    skipped: str = ""

    @property
    def rates(self) -> list[float]:
        """Records a second, round by round."""
        return [self.users / seconds for seconds in self.seconds]

    @property
    def rate(self) -> float:
        """Their median."""
        return median(self.rates)

    @property
    def cpu_s(self) -> float:
        """Of all its processes."""
        return median(usage.cpu_s for usage in self.usages)

    @property
    def peak_mib(self) -> float:
        """Of all its processes."""
        return median(usage.peak_mib for usage in self.usages)

    def times(self, other: "Result") -> float:
        """How many times as fast as another; the median of each round's ratio."""
        return median(own / its for own, its in zip(self.rates, other.rates, strict=True))


def hold(stage: Stage, peers: Sequence[Peer], *, users: int, few: int, rounds: int) -> list[Result]:
    """Let all do the work; the first, a floor, says what rows are to be in the table.

    Args:
        few: how many users the slow ones get.
    """
    apis = {count: stage.api(count, latency_ms=0) for count in (users, few)}
    results = [Result(peer, few if peer.is_slow else users) for peer in peers]
    for result in results:
        _install(result)
    expected: list[tuple[str, ...]] = []
    for number in range(rounds):
        for result in results:
            if result.skipped:
                continue
            tell(f"round {number + 1} of {rounds}: {result.peer.name}")
            _clear(stage.database)
            try:
                seconds, usage = _run(stage, result, apis[result.users])
                found = _check(stage, result.users, expected)
            except (PeerError, psycopg.Error) as error:
                result.skipped = str(error)
                tell("  failed")
                continue
            expected = expected or found
            result.seconds.append(seconds)
            result.usages.append(usage)
            tell(f"  {result.users / seconds:,.0f} records/s")
    return results


def _install(result: Result) -> None:
    if result.peer.folder:
        try:
            result.home = installed(result.peer.files)
        except InstallationError as error:
            result.skipped = f"cannot be installed: {error}"
            tell(f"{result.peer.name}: {result.skipped}")


def _run(stage: Stage, result: Result, api: str) -> tuple[float, Usage]:
    """Seconds from the first request to the last commit that wrote users, and what that took."""
    peer = result.peer
    with tempfile.TemporaryDirectory(prefix="headrace-bench-peer-") as folder:
        home = result.home or Path(folder)
        place = Place(api, TOKEN, result.users, stage.database, stage.socket_folder, Path(folder), home)
        environment = {**stage.environment, **place.environment()}
        environment["PATH"] = f"{place.bin}:/usr/local/bin:/usr/bin:/bin"
        if peer.prepare:
            observe(peer.prepare(place), environment, place.folder)
        _began(api)
        usage = observe(peer.command(place), environment, place.folder)
    began = _began(api)
    with psycopg.connect(stage.database) as connection:
        row = connection.execute(_LAST_COMMIT).fetchone()
    if began is None or row is None or row[0] is None:
        raise PeerError("it asked for no page, or wrote no user")
    return float(row[0]) - began, usage


def _began(api: str) -> float | None:
    """When the first page was asked for since the last call."""
    with urlopen(f"{api}/began") as response:
        began: float | None = json.load(response)["at"]
        return began


def _check(stage: Stage, users: int, expected: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Count the table, and compare a sample with what the floor wrote; returns the sample.

    Raises:
        PeerError: they differ.
    """
    found = stage.users()
    if found != users:
        raise PeerError(f"it left {found} users in the table instead of {users}")
    with psycopg.connect(stage.database) as connection:
        rows: list[tuple[str, ...]] = connection.execute(_LEFT).fetchall()
    for row, wanted in zip(rows, expected, strict=False):
        if row != wanted:
            raise PeerError(f"it wrote {row} instead of {wanted}")
    return rows


def _clear(database: str) -> None:
    """Empty the database of whatever was made in it, and write what is dirty."""
    with psycopg.connect(database, autocommit=True) as connection:
        schemas = connection.execute(
            "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"
        ).fetchall()
        for (schema,) in schemas:
            connection.execute(f'DROP SCHEMA "{schema}" CASCADE')
        connection.execute("CREATE SCHEMA public")
        connection.execute("CHECKPOINT")
