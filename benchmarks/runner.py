"""Runs measures: every client in a process of its own, one of them at work at a time, in rounds.

Each round begins with another client, so that what the machine does in a round is not always somebody's loss.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, closing

from benchmarks.clients import CLIENTS, Client
from benchmarks.loops import has_uvloop
from benchmarks.measures import Measure
from benchmarks.processes import Server, Worker
from benchmarks.samples import Failure, Sample

__all__ = ["Results", "Runner"]

Say = Callable[[str], None]


class Results:
    """What a run has found.

    Attributes:
        samples: All figures.
        failures: Jobs that could not be done.
    """

    def __init__(self) -> None:
        self.samples: list[Sample] = []
        self.failures: list[Failure] = []

    def add(self, measure: str, client: str, figures: Iterable[tuple[str, float]], place: tuple[str, int, int]) -> None:
        """Adds figures.

        Args:
            measure: Name of the measure.
            client: Name of the client.
            figures: Names and values.
            place: The wire, the point and the round.
        """
        wire, point, number = place
        for figure, value in figures:
            self.samples.append(
                Sample(measure=measure, figure=figure, client=client, wire=wire, point=point, round=number, value=value)
            )


class Runner:
    """Runs measures one after another.

    Args:
        server: The server.
        clients: Names of those who take part; empty for all that are installed.
        say: Told what goes on, a line each.
        keep: Called after each measure, so that what a long run has found is not lost with its end.
    """

    def __init__(
        self, server: Server, clients: Sequence[str], say: Say, keep: Callable[[Results], None] = lambda _: None
    ) -> None:
        self._server = server
        self._clients = [
            client for client in CLIENTS.values() if client.installed and (not clients or client.name in clients)
        ]
        self._say = say
        self._keep = keep
        self.results: Results = Results()

    def run(self, measures: Iterable[Measure]) -> None:
        """Runs measures; a client that fails is noted and left out of the rest of that measure."""
        measures = [measure for measure in measures if self._can_be_done(measure)]
        for loop in dict.fromkeys(measure.loop for measure in measures):
            with ExitStack() as stack:
                workers: dict[str, Worker] = {}
                for measure in (one for one in measures if one.loop == loop):
                    for client in self._clients:
                        if measure.wires_of(client) and client.name not in workers:
                            worker = Worker(self._server, client.name, loop)
                            workers[client.name] = stack.enter_context(closing(worker))
                    self._measure(measure, workers)
                    self._keep(self.results)

    def _can_be_done(self, measure: Measure) -> bool:
        if measure.secure and self._server.secure is None:
            self._say(f"{measure.name}: left out, as openssl is not there to make a certificate")
            return False
        if measure.loop == "uvloop" and not has_uvloop():
            self._say(f"{measure.name}: left out, as uvloop is not installed")
            return False
        return True

    def _measure(self, measure: Measure, workers: dict[str, Worker]) -> None:
        jobs = [
            (client, wire) for wire in measure.wires for client in self._clients if wire in measure.wires_of(client)
        ]
        failed: set[tuple[str, str]] = set()
        for number in range(measure.rounds):
            self._say(f"{measure.name}: round {number + 1} of {measure.rounds}")
            start = number * len(jobs) // measure.rounds
            for client, wire in (*jobs[start:], *jobs[:start]):
                if (client.name, wire) not in failed and not self._job(
                    measure, workers[client.name], client, wire, number
                ):
                    failed.add((client.name, wire))

    def _job(self, measure: Measure, worker: Worker, client: Client, wire: str, number: int) -> bool:
        for point in measure.points:
            try:
                figures = worker.run(measure.job(wire, point), secure=measure.secure)
            except RuntimeError as error:
                self._say(f"{measure.name}: {client.name} failed: {error}")
                self.results.failures.append(
                    Failure(measure=measure.name, client=client.name, wire=wire, words=str(error))
                )
                return False
            shown = [(figure.name, figures[figure.name]) for figure in measure.figures if figure.name in figures]
            self.results.add(measure.name, client.name, shown, (wire, point, number))
        return True
