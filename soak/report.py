"""What a storm has shown: counts, complaints, readings, as text and as JSON."""

import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from soak.meters import Reading, growth
from soak.oracle import Outcome, foreign
from soak.plans import Plan

__all__ = ["Report"]

# Growth by 1,000 calls that is taken for none: the allocator's own wandering, and a few interned values.
_FLAT_KIB = 50.0
_FLAT_OBJECTS = 20.0
_KEPT = 200


@dataclass(slots=True, kw_only=True)
class Report:
    """Grows with the storm.

    Attributes:
        seed: The storm's.
        before: What there was before it.
        after: What there was after it, all loops and the sandbox ended.
        readings: At its stops.
        calls: How many calls have ended.
        endings: How many by kind of call and ending.
        services: How many by service; routers by name.
        faces: How many by face and way.
        faults: How many by name of fault or oddity.
        wrong: What was wrong, the first of them: number, call, complaint.
        wrongs: How many were.
        strangers: How many answers held what belongs to another call.
        hung: How many did not end in their time.
        slowest: Longest seconds by kind of call.
        unsettled: Connections that had not closed by themselves; None where it was not waited for.
    """

    seed: int
    before: Reading
    after: Reading | None = None
    readings: list[Reading] = field(default_factory=list)
    calls: int = 0
    endings: "Counter[tuple[str, str]]" = field(default_factory=Counter)
    services: "Counter[str]" = field(default_factory=Counter)
    faces: "Counter[str]" = field(default_factory=Counter)
    faults: "Counter[str]" = field(default_factory=Counter)
    wrong: list[tuple[int, str, str]] = field(default_factory=list)
    wrongs: int = 0
    strangers: int = 0
    hung: int = 0
    slowest: dict[str, float] = field(default_factory=dict)
    unsettled: int | None = None
    began: float = field(default_factory=time.monotonic)

    def count(self, plan: Plan, outcome: Outcome, wrong: str) -> None:
        """Takes in how a call has ended.

        Args:
            plan: The call.
            outcome: How it ended.
            wrong: What is wrong with that; empty if nothing.
        """
        way = plan.way
        self.calls += 1
        self.endings[plan.kind, outcome.word] += 1
        self.services[plan.provider] += 1
        self.faces[str(way)] += 1
        self.faults[plan.name] += bool(plan.name)
        self.slowest[plan.kind] = max(self.slowest.get(plan.kind, 0.0), outcome.seconds)
        if wrong:
            self.wrongs += 1
            self.hung += outcome.hung
            self.strangers += bool(foreign(plan, outcome))
            if len(self.wrong) < _KEPT:
                self.wrong.append((plan.number, f"{plan.kind} {plan.name}, {plan.provider}, {way}", wrong))

    def line(self, reading: Reading) -> str:
        """A line on the way."""
        return (
            f"{self.calls} calls in {time.monotonic() - self.began:.0f} s: {self.wrongs} wrong, {self.hung} hung; "
            f"left: {reading.tasks} tasks, {reading.responses} responses, {reading.threads} threads, "
            f"{reading.sockets} sockets (idle ones too), {reading.resident / 1024:.0f} MiB, {reading.objects} objects"
        )

    @property
    def leaks(self) -> Mapping[str, int]:
        """What was left behind: at any stop, and in the end."""
        after = self.after or self.before
        return {
            "tasks": max((one.tasks for one in self.readings), default=0),
            "responses": max((one.responses for one in self.readings), default=0),
            "sockets": max(after.sockets - self.before.sockets, self.unsettled or 0),
            "descriptors": after.descriptors - self.before.descriptors,
            "threads": after.threads - self.before.threads,
        }

    @property
    def growth(self) -> Mapping[str, float]:
        """What 1,000 calls add, by the second half of the storm: KiB of memory, objects."""
        return {name: round(growth(self.readings, name), 2) for name in ("resident", "objects")}

    @property
    def clean(self) -> bool:
        """Whether nothing was wrong, nothing was left and nothing grew."""
        added = self.growth
        flat = added["resident"] <= _FLAT_KIB and added["objects"] <= _FLAT_OBJECTS
        return not self.wrongs and not any(self.leaks.values()) and flat

    def as_json(self) -> str:
        """All of it as JSON."""
        endings: dict[str, dict[str, int]] = {}
        for (kind, word), number in sorted(self.endings.items()):
            endings.setdefault(kind, {})[word] = number
        whole: dict[str, Any] = {
            "seed": self.seed,
            "calls": self.calls,
            "seconds": round(time.monotonic() - self.began, 1),
            "clean": self.clean,
            "wrong": self.wrongs,
            "cross_talk": self.strangers,
            "hung": self.hung,
            "leaks": self.leaks,
            "growth_per_1000_calls": self.growth,
            "endings": endings,
            "services": dict(sorted(self.services.items())),
            "faces": dict(sorted(self.faces.items())),
            "faults": dict(sorted(self.faults.items())),
            "slowest_seconds": {kind: round(seconds, 2) for kind, seconds in sorted(self.slowest.items())},
            "complaints": self.wrong,
            "readings": [asdict(one) for one in self.readings],
        }
        return json.dumps(whole, indent=1)

    def as_text(self) -> str:
        """What matters of it, for people."""
        leaks = ", ".join(f"{number} {name}" for name, number in self.leaks.items())
        lines = [
            f"seed {self.seed}: {self.calls} calls in {time.monotonic() - self.began:.0f} s",
            f"wrong outcomes: {self.wrongs}, of them with another call's text: {self.strangers}, hung: {self.hung}",
            f"left behind: {leaks}",
            f"added by 1,000 calls: {self.growth['resident']} KiB, {self.growth['objects']} objects",
            *(
                f"  {kind}: {word} {number}, slowest {self.slowest[kind]:.1f} s"
                for (kind, word), number in sorted(self.endings.items())
            ),
            *(f"WRONG: call {number} ({call}): {wrong}" for number, call, wrong in self.wrong),
            *([f"repeat one with: python -m soak --seed {self.seed} --only NUMBER"] if self.wrong else []),
            "clean" if self.clean else "NOT CLEAN",
        ]
        return "\n".join(lines)
