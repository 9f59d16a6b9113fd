"""What has been measured, as values: samples, their ratios, and how figures grow."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

__all__ = ["Failure", "Sample", "Spread", "exponent", "ratios", "spread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One figure of one job.

    Attributes:
        measure: Name of the measure.
        figure: Name of the figure.
        client: Name of the client.
        wire: Name of the wire; empty where there is none.
        point: Size it was measured at; 0 where there is one size alone.
        round: Number of the round, from 0.
        value: The number.
    """

    measure: str
    figure: str
    client: str
    wire: str
    point: int
    round: int
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A job that could not be done.

    Attributes:
        measure: Name of the measure.
        client: Name of the client.
        wire: Name of the wire.
        words: What went wrong.
    """

    measure: str
    client: str
    wire: str
    words: str


@dataclass(frozen=True, slots=True)
class Spread:
    """What the rounds came to.

    Attributes:
        least: The smallest number.
        middle: The median.
        most: The largest number.
    """

    least: float
    middle: float
    most: float


def spread(values: Sequence[float]) -> Spread:
    """The spread of at least one number."""
    return Spread(min(values), median(values), max(values))


def ratios(samples: Iterable[Sample], baseline: str) -> dict[tuple[str, str, int], list[float]]:
    """Ratios to the baseline on the same wire, at the same point and in the same round.

    Args:
        samples: Of one measure and one figure.
        baseline: Name of the client that is 1.

    Returns:
        The ratio of each round, by client, wire and point.
    """
    samples = tuple(samples)
    base: Mapping[tuple[str, int, int], float] = {
        (one.wire, one.point, one.round): one.value for one in samples if one.client == baseline
    }
    found: dict[tuple[str, str, int], list[float]] = {}
    for one in samples:
        of = base.get((one.wire, one.point, one.round))
        if of:
            found.setdefault((one.client, one.wire, one.point), []).append(one.value / of)
    return found


def exponent(points: Mapping[int, float]) -> float:
    """The power of its size with which a figure grows: the slope of a line through the logarithms.

    Args:
        points: The figure at each of at least two sizes.
    """
    places = [(math.log(size), math.log(value)) for size, value in points.items()]
    x, y = (sum(axis) / len(places) for axis in zip(*places, strict=True))
    above = sum((left - x) * (right - y) for left, right in places)
    return float(above / sum((left - x) ** 2 for left, _ in places))
