"""One call of the storm, drawn from a seed and its number alone. What is asked, how, and what must come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Literal

from freeproviders import errors
from freeproviders.sandbox import Scenario
from soak.faults import ALL, FAULTS, ODDITIES, STREAMING, Fault, Kind
from soak.service import FLAKY, FLAKY_MIDWAY, heard

__all__ = ["KINDS", "Leaving", "Plan", "Way", "plan"]

Framework = Literal["core", "langchain", "langchain_llm", "llamaindex", "llamaindex_text", "router"]

_FRAMEWORKS: tuple[Framework, ...] = ("core", "langchain", "langchain_llm", "llamaindex", "llamaindex_text")
_THREADED = ("pi", "yqcloud")
_WORDS = (
    "Hi",
    " 😀",
    ", 你",
    "好",
    " naïve",
    " \n",
    "  two",
    ' "quoted"',
    " {}",
    " <b>",
    "\n\nnew",
    " data: 1",
    " é",
    " ok.",
)
_DRAWS = "dalle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a call is made.

    Attributes:
        framework: Whose face is asked; ``langchain_llm`` and ``llamaindex_text`` are those of strings.
        stream: Piece by piece, or the whole answer.
        mode: ``"async"``, ``"sync"`` (in a thread of its own), or ``"loop"``: awaited on a loop made for this call.
    """

    framework: Framework
    stream: bool
    mode: Literal["async", "sync", "loop"]

    def __str__(self) -> str:
        return f"{self.framework}, {'stream' if self.stream else 'whole'}, {self.mode}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """When the caller leaves.

    Attributes:
        after: Seconds until the call is cancelled; None: the reader of a stream leaves with its first piece.
        certain: Nobody can be faster, as the sandbox holds the answer.
    """

    after: float | None = None
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A call and its one right outcome.

    Attributes:
        number: Its number in the storm.
        kind: What sort of call.
        name: Of the fault or the oddity, for reports.
        provider: The service asked; for a router, which router.
        way: How.
        token: The call's own mark, in what is asked and in the answer.
        text: What is asked.
        answer: The answer, whole; a stream that breaks off has given a beginning of it.
        scenario: How the sandbox behaves; None behaves well.
        error: The error that must come; None for none.
        breaks: A stream may end with ``StreamInterrupted`` instead of that error.
        either: The answer may come all the same.
        hasty: Short time limits.
        attempts: How many attempts are allowed.
        needed: How many it must take; None for a call that is not retried.
        leaving: When the caller leaves; None to stay.
        model: Model asked for.
        images: How many images must come.
        stop: Stop sequence.
        status: HTTP status of the error, where it is known.
        retry_after: Seconds of the error, where they are known.
        settings: Settings of the call.
    """

    number: int
    kind: str
    name: str = ""
    provider: str
    way: Way
    token: str
    text: str
    answer: str
    scenario: Scenario | None = None
    error: Kind | None = None
    breaks: bool = False
    either: bool = False
    hasty: bool = False
    attempts: int = 1
    needed: int | None = None
    leaving: Leaving | None = None
    model: str | None = None
    images: int = 0
    stop: str = ""
    status: int | None = None
    retry_after: float | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


class _Draft:
    """Draws what plans are made of."""

    def __init__(self, seed: int, number: int) -> None:
        self.chance = Random(f"{seed}/{number}")  # noqa: S311  # no secret
        self.number = number
        self.token = f"k{self.chance.getrandbits(48):012x}"
        words = self.chance.choices(_WORDS, k=self.chance.randint(1, 9))
        words.insert(self.chance.randint(0, len(words)), f" {self.token}")
        # An answer that begins like a page, an object or white space may rightly be held or refused.
        self.pieces: tuple[str, ...] = ("Well", *words)

    def plan(self, kind: str, **words: Any) -> Plan:
        given: dict[str, Any] = {
            "number": self.number,
            "kind": kind,
            "token": self.token,
            "provider": self.chance.choice(ALL),
            "way": self.way(),
            "text": f"Please repeat {self.token}",
            "answer": "".join(self.pieces),
            "scenario": Scenario(pieces=self.pieces),
            **words,
        }
        return Plan(**given)

    def way(self, *, stream: bool | None = None, modes: tuple[str, ...] = ("async", "sync"), core: bool = False) -> Way:
        # A loop of its own for each call is dear, and rare in programs.
        drawn = self.chance.choice(modes) if self.chance.random() > 0.03 or "sync" not in modes else "loop"
        return Way(
            framework="core" if core else self.chance.choice(_FRAMEWORKS),
            stream=self.chance.random() < 0.5 if stream is None else stream,
            mode=drawn,  # type: ignore[arg-type]  # one of the modes
        )


def _good(draft: _Draft) -> Plan:
    return draft.plan("good")


def _echo(draft: _Draft) -> Plan:
    return draft.plan("echo", scenario=None, answer=heard(draft.token))


def _stopped(draft: _Draft) -> Plan:
    pieces = (*draft.pieces, " and", " sto", "p here", " but not", " this")
    return draft.plan("stop", answer="".join(draft.pieces) + " and ", scenario=Scenario(pieces=pieces), stop="stop h")


def _image(draft: _Draft) -> Plan:
    way = draft.way(core=True)
    return draft.plan("image", provider="aichats", way=way, scenario=None, answer="", model=_DRAWS, images=1)


def _under(draft: _Draft, fault: Fault, kind: str) -> Plan:
    provider = draft.chance.choice(fault.providers)
    scenario = fault.make(draft.pieces, draft.chance)
    plain = fault.says or "x" * scenario.long_line or "".join(scenario.pieces or draft.pieces)
    return draft.plan(
        kind,
        name=fault.name,
        provider=provider,
        way=draft.way(core=fault.core),
        scenario=scenario,
        answer=heard(draft.token) if fault.echo else plain,
        error=None if fault.error is None else fault.error.get(provider, fault.error.get("")),
        breaks=fault.breaks and provider in STREAMING,
        hasty=fault.hasty,
        settings=fault.settings,
        status=fault.status,
        retry_after=fault.retry_after,
    )


def _odd(draft: _Draft) -> Plan:
    return _under(draft, draft.chance.choice(ODDITIES), "odd form")


def _faulty(kind: str) -> Callable[[_Draft], Plan]:
    return lambda draft: _under(draft, draft.chance.choice(FAULTS[kind]), kind)


def _cancelled(draft: _Draft) -> Plan:
    chance, certain = draft.chance, draft.chance.random() < 0.6
    held = chance.choice(
        (Scenario(stall_before_headers=True), Scenario(pieces=draft.pieces, hold_after=chance.choice((0, 1))))
    )
    flowing = Scenario(pieces=draft.pieces, pause=chance.choice((0.0, 0.01, 0.05)))
    return draft.plan(
        "cancelled",
        way=draft.way(modes=("async",)),
        scenario=held if certain else flowing,
        leaving=Leaving(after=chance.uniform(0.0, 0.4), certain=certain),
    )


def _left(draft: _Draft) -> Plan:
    held = draft.chance.randint(1, len(draft.pieces))
    return draft.plan(
        "left",
        provider=draft.chance.choice(STREAMING),
        way=draft.way(stream=True),
        scenario=Scenario(pieces=draft.pieces, hold_after=held),
        leaving=Leaving(),
    )


def _retried(draft: _Draft) -> Plan:
    """The brain fails the first attempt; a stream that had begun by then cannot be begun anew."""
    midway = draft.chance.random() < 0.5
    made = draft.plan(
        "retried",
        name="midway" if midway else "at once",
        text=f"Please repeat {draft.token}, and {FLAKY_MIDWAY if midway else FLAKY}",
        answer=heard(draft.token),
        scenario=None,
        attempts=3,
        needed=2,
    )
    if midway and made.way.stream and made.provider in STREAMING:
        return replace(made, error=errors.ConnectionFailed, breaks=True, either=True, needed=None)
    return made


def _talk(draft: _Draft) -> Plan:
    provider = draft.chance.choice(_THREADED)
    way = draft.way()
    if way.framework == "langchain_llm":  # a string says nothing of its thread
        way = replace(way, framework="langchain")
    return draft.plan("talk", provider=provider, scenario=None, answer="", way=way)


def _routed(draft: _Draft) -> Plan:
    router = draft.chance.choice(("fails over", "restarts", "hedges", "draws by weight", "all fail"))
    way = replace(draft.way(core=True), framework="router")
    error = errors.AllProvidersFailed if router == "all fail" else None
    return draft.plan("routed", provider=router, way=way, scenario=None, answer=heard(draft.token), error=error)


KINDS: Mapping[str, tuple[int, Callable[[_Draft], Plan]]] = {
    "good": (22, _good),
    "echo": (12, _echo),
    "odd form": (16, _odd),
    "refusal": (10, _faulty("refusal")),
    "challenge": (4, _faulty("challenge")),
    "nonsense": (6, _faulty("nonsense")),
    "break": (8, _faulty("break")),
    "stall": (4, _faulty("stall")),
    "cancelled": (5, _cancelled),
    "left": (4, _left),
    "retried": (3, _retried),
    "talk": (2, _talk),
    "routed": (3, _routed),
    "image": (1, _image),
    "stop": (2, _stopped),
}
"""Weights and makers of the kinds of calls."""


def plan(seed: int, number: int) -> Plan:
    """The call of this number in the storm of this seed.

    Args:
        seed: The storm's.
        number: From 0.
    """
    draft = _Draft(seed, number)
    kind = draft.chance.choices(list(KINDS), weights=[weight for weight, _ in KINDS.values()])[0]
    return KINDS[kind][1](draft)
