"""What is measured: each measure is a job for clients of some kinds, at some points, and figures of what it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.clients import Client
from benchmarks.tasks import Job
from benchmarks.wires import Plan

__all__ = ["FULL", "QUICK", "Figure", "Measure", "Sizes", "measures"]

_PACE = 20
# Nobody waits for the second chunk of a stream that is only held.
_NEVER = 600_000
_FRAMED = ("pi", "flowgpt", "openai", "ollama")
_MAIN = ("yqcloud", "openai", "ollama")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much is measured.

    Attributes:
        rounds: Rounds of every measure of ratios; in each, every client has its turn.
        burst: Chunks of an answer that is there at once.
        paced: Chunks of one paced answer.
        calls: Short replies one after another.
        streams: Streams at once; 0 to leave that out.
        chunks: Chunks of an answer, for growth.
        history: Messages of a conversation, for growth.
        tools: Bytes of the arguments of a call, for growth.
        at_once: Streams at once, for growth.
        sequence: Calls after which the memory is looked at; 0 to leave that out.
        start: Fresh processes for each import and each first call; 0 to leave that out.
        peers: Whether peers take part.
    """

    rounds: int = 5
    burst: int = 2000
    paced: int = 50
    calls: int = 100
    streams: int = 500
    chunks: tuple[int, ...] = (100, 1000, 10_000, 50_000)
    history: tuple[int, ...] = (10, 100, 1000, 10_000)
    tools: tuple[int, ...] = (8000, 40_000, 200_000)
    at_once: tuple[int, ...] = (1, 50, 500, 2000)
    sequence: int = 10_000
    start: int = 5
    peers: bool = True


FULL = Sizes()
QUICK = Sizes(
    rounds=2,
    paced=0,
    calls=20,
    streams=0,
    chunks=(100, 1000, 10_000),
    history=(),
    tools=(),
    at_once=(),
    sequence=0,
    start=0,
    peers=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of a job's result, and how it is shown.

    Attributes:
        name: Its name in the result.
        title: Its name in the tables.
        more: Whether more is better.
        plain: Whether the number itself is shown, not its ratio to the bare client's.
        goals: What this project's clients are meant to reach, by wire.
    """

    name: str
    title: str
    more: bool = False
    plain: bool = False
    goals: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One measure.

    Attributes:
        name: Word on the command line and in file names.
        title: Heading of its table.
        figures: What is shown.
        job: The job on a wire at a point.
        kinds: Kinds of clients that take part.
        wires: Wires it is done on.
        points: Sizes at which it is done; the growth between them is fitted where there are several.
        rounds: How often; in each round every client has its turn, beginning with another one.
        blocking: Whether blocking clients take part: all, this project's, or none.
        secure: Over TLS.
        loop: Kind of event loop.
        first: Whether each client speaks its first wire alone, as memory that is free again shows on no second one.
        each: Whether the figure at a point is that of one of so many, not of all.
    """

    name: str
    title: str
    figures: tuple[Figure, ...]
    job: Callable[[str, int], Job]
    kinds: tuple[str, ...] = ("bare", "floor", "own", "peer")
    wires: Sequence[str] = _MAIN
    points: tuple[int, ...] = (0,)
    rounds: int = 1
    blocking: str = "all"
    secure: bool = False
    loop: str = "asyncio"
    first: bool = False
    each: bool = False

    def wires_of(self, client: Client) -> list[str]:
        """The wires on which this client takes part."""
        waits = {"all": True, "own": client.kind == "own", "none": False}[self.blocking]
        if client.kind not in self.kinds or (client.blocking and not waits):
            return []
        return [wire for wire in (client.wires[:1] if self.first else client.wires) if wire in self.wires]


def measures(sizes: Sizes) -> list[Measure]:
    """All measures of these sizes."""
    # Memory first: a process that has held much and let it go finds room again without growing.
    found = [*_memory(sizes), *_ratios(sizes), *_many(sizes), *_growth(sizes), *_uvloop(sizes)]
    if sizes.peers:
        return found
    return [replace(one, kinds=tuple(kind for kind in one.kinds if kind != "peer")) for one in found]


_CPU_CHUNK = "processor time per chunk"
_PER_CHUNK = Figure(name="cpu_us_per_chunk", title=_CPU_CHUNK, goals={"yqcloud": 1.5, **dict.fromkeys(_FRAMED, 1.2)})


_PER_REPLY = Figure(name="cpu_us_per_reply", title="processor time of a reply", plain=True)
_GROWTH_ROUNDS = 3


def _ratios(sizes: Sizes) -> list[Measure]:
    return [_burst(sizes), *_paced(sizes), _short(sizes), _secure(sizes)]


def _burst(sizes: Sizes) -> Measure:
    return Measure(
        name="burst",
        title=f"{sizes.burst:,} chunks already there",
        figures=(_PER_CHUNK, Figure(name="pieces_per_reply", title="pieces per reply", plain=True)),
        job=lambda wire, _: Job(task="calls", plan=Plan(wire=wire, count=sizes.burst), times=2),
        wires=("yqcloud", *_FRAMED),
        rounds=sizes.rounds,
    )


def _paced(sizes: Sizes) -> list[Measure]:
    if not sizes.paced:
        return []
    return [
        Measure(
            name="paced",
            title=f"one stream, {_PACE} ms between chunks",
            figures=(Figure(name="cpu_us_per_chunk", title=_CPU_CHUNK, goals={"yqcloud": 1.25}),),
            job=lambda wire, _: Job(task="calls", plan=Plan(wire=wire, count=sizes.paced, pace=_PACE)),
            rounds=sizes.rounds,
        )
    ]


def _short(sizes: Sizes) -> Measure:
    return Measure(
        name="short",
        title=f"{sizes.calls} short replies one after another, keep-alive",
        figures=(
            Figure(name="replies_per_second", title="replies a second", more=True, goals={"yqcloud": 0.6}),
            Figure(name="cpu_us_per_reply", title="processor time per reply"),
        ),
        job=lambda wire, _: Job(task="calls", plan=Plan(wire=wire), times=sizes.calls),
        rounds=sizes.rounds,
    )


def _secure(sizes: Sizes) -> Measure:
    short = _short(sizes)
    opened = Figure(name="connections", title="connections, one of a warming call", plain=True)
    return replace(
        short,
        name="tls",
        title=f"{sizes.calls} short replies one after another, over TLS",
        figures=(*short.figures, opened),
        kinds=("bare", "own", "leased", "peer"),
        rounds=min(2, sizes.rounds),
        secure=True,
    )


def _streams(streams: int, wire: str) -> Job:
    return Job(task="streams", plan=Plan(wire=wire, pace=_PACE), streams=streams)


def _many(sizes: Sizes) -> list[Measure]:
    if not sizes.streams:
        return []
    figures = (
        Figure(name="replies_per_second", title="replies a second", more=True, goals={"yqcloud": 0.9}),
        Figure(name="late_p99_ms", title="p99 lateness of a chunk", goals={"yqcloud": 4.0}),
        Figure(name="first_p99_ms", title="p99 time to the first text"),
        Figure(name="cpu_us_per_chunk", title="processor time per chunk"),
    )
    return [
        Measure(
            name="streams",
            title=f"{sizes.streams} streams at once, {_PACE} ms between chunks",
            figures=figures,
            job=lambda wire, _: _streams(sizes.streams, wire),
            rounds=sizes.rounds,
            blocking="own",
        )
    ]


def _tool(wire: str, size: int) -> Plan:
    return Plan(wire=wire, count=size // 32, size=32, tool=True)


def _growth(sizes: Sizes) -> list[Measure]:
    found = (_growing_answers(sizes), _growing_conversations(sizes), _growing_calls(sizes), _growing_crowds(sizes))
    return [measure for measure in found if measure.points]


def _growing_answers(sizes: Sizes) -> Measure:
    return Measure(
        name="growth-chunks",
        title="Chunks of an answer",
        figures=(_PER_REPLY,),
        job=lambda wire, point: Job(task="calls", plan=Plan(wire=wire, count=point), times=2),
        kinds=("bare", "own", "whole"),
        wires=("yqcloud", "flowgpt"),
        points=sizes.chunks,
        rounds=min(_GROWTH_ROUNDS, sizes.rounds),
    )


def _growing_conversations(sizes: Sizes) -> Measure:
    return replace(
        _growing_answers(sizes),
        name="growth-history",
        title="Messages of a conversation",
        job=lambda wire, point: Job(task="calls", plan=Plan(wire=wire), turns=point, times=2),
        kinds=("bare", "own"),
        wires=("flowgpt",),
        points=sizes.history,
    )


def _growing_calls(sizes: Sizes) -> Measure:
    return replace(
        _growing_answers(sizes),
        name="growth-tools",
        title="Bytes of a call's arguments",
        job=lambda wire, point: Job(task="calls", plan=_tool(wire, point), times=2),
        kinds=("tools",),
        wires=("yqcloud",),
        points=sizes.tools,
    )


def _growing_crowds(sizes: Sizes) -> Measure:
    return replace(
        _growing_answers(sizes),
        name="growth-streams",
        title="Streams at once",
        job=lambda wire, point: _streams(point, wire),
        kinds=("bare", "own"),
        wires=("yqcloud",),
        points=sizes.at_once,
        blocking="none",
        each=True,
    )


def _memory(sizes: Sizes) -> list[Measure]:
    found = []
    if sizes.sequence:
        sequence = Measure(
            name="sequence",
            title=f"memory, {sizes.sequence:,} calls one after another",
            figures=(Figure(name="grown_kB", title="kB grown", plain=True),),
            # What is kept once for all calls is there after some hundreds.
            job=lambda wire, _: Job(
                task="calls", plan=Plan(wire=wire), times=sizes.sequence, warm=1 + sizes.sequence // 4
            ),
            kinds=("bare", "own"),
            wires=("yqcloud",),
        )
        found.append(sequence)
    if sizes.streams:
        held = Measure(
            name="held",
            title=f"memory, {sizes.streams} streams held open",
            figures=(Figure(name="kB_per_stream", title="kB a stream", plain=True),),
            job=lambda wire, _: Job(task="held", plan=Plan(wire=wire, pace=_NEVER), streams=sizes.streams),
            blocking="none",
            first=True,
        )
        found.append(held)
    return found


def _uvloop(sizes: Sizes) -> list[Measure]:
    return [
        replace(
            measure,
            name=f"uvloop-{measure.name}",
            title=f"uvloop: {measure.title}",
            kinds=("bare", "own"),
            wires=("yqcloud", "flowgpt"),
            blocking="none",
            loop="uvloop",
        )
        for measure in (_burst(sizes), _short(sizes))
    ]
