"""The tables and the JSON of a run."""

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from statistics import median

from benchmarks.clients import CLIENTS
from benchmarks.clients.bare import BASELINE
from benchmarks.measures import Figure, Measure
from benchmarks.runner import Results
from benchmarks.samples import Sample, exponent, ratios, spread

__all__ = ["about", "as_json", "tables"]

_DISTRIBUTIONS = (
    *("aiohttp", "langchain-core", "llama-index-core", "langchain-openai", "langchain-ollama", "langchain-litellm"),
    *("litellm", "llama-index-llms-openai-like", "llama-index-llms-ollama", "g4f", "uvloop", "pydantic", "httpx"),
)
_OVER = (
    ("langchain_freeproviders", "langchain_core chat models, aiohttp", 1.1),
    ("langchain_freeproviders, a chat model's class", "langchain_core chat models, aiohttp", None),
    ("llamaindex_freeproviders", "llama_index.core.llms", 1.05),
    ("llamaindex_freeproviders, an LLM's class", "llama_index.core.llms, aiohttp", None),
    ("freeproviders", "aiohttp", None),
)


def about() -> dict[str, object]:
    """What the figures depend on: Python, versions, processors, and how busy the machine is."""
    versions = {name: found for name in _DISTRIBUTIONS if (found := _version(name))}
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "processors": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else [],
        "versions": versions,
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def as_json(results: Results, began: Mapping[str, object], ended: Mapping[str, object]) -> str:
    """All samples of a run, with what it ran on at its beginning and its end."""
    values = {
        "began": began,
        "ended": ended,
        "samples": [asdict(sample) for sample in results.samples],
        "failures": [asdict(failure) for failure in results.failures],
    }
    return json.dumps(values, indent=1)


def tables(results: Results, measures: Iterable[Measure]) -> str:
    """The results as Markdown, one table a measure; a goal that is missed is marked."""
    parts = []
    for measure in measures:
        samples = [sample for sample in results.samples if sample.measure == measure.name]
        if samples:
            shown = _growth if len(measure.points) > 1 else _ratios
            lines = shown(measure, samples)
            parts.append("\n".join([f"## {measure.title} (`{measure.name}`)", "", *lines]))
    parts += _startup(results.samples)
    if results.failures:
        words = [f"- `{one.measure}`, {one.client}, {one.wire}: {one.words}" for one in results.failures]
        parts.append("\n".join(["## What failed", "", *words]))
    return "\n\n".join(parts) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _head(cells: Sequence[str]) -> list[str]:
    return [_row(cells), "|" + "---|" * len(cells)]


def number(value: float) -> str:
    """A number in about three digits."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _ratios(measure: Measure, samples: Sequence[Sample]) -> Iterator[str]:
    columns = []
    for figure in measure.figures:
        of = [sample for sample in samples if sample.figure == figure.name]
        columns.append((figure, _plain(of) if figure.plain else ratios(of, BASELINE)))
    titles = [figure.title if figure.plain else f"{figure.title}, ×" for figure in measure.figures]
    yield from _head(["client", "wire", *titles])
    for client, wire in dict.fromkeys((sample.client, sample.wire) for sample in samples):
        cells = [_cell(figure, values.get((client, wire, 0), ()), client, wire) for figure, values in columns]
        yield _row([client, wire, *cells])


def _plain(samples: Iterable[Sample]) -> dict[tuple[str, str, int], list[float]]:
    found: dict[tuple[str, str, int], list[float]] = {}
    for one in samples:
        found.setdefault((one.client, one.wire, one.point), []).append(one.value)
    return found


def _cell(figure: Figure, values: Sequence[float], client: str, wire: str) -> str:
    if not values:
        return ""
    of = spread(values)
    text = number(of.middle)
    if of.least != of.most:
        text += f" ({number(of.least)} to {number(of.most)})"
    goal = figure.goals.get(wire) if CLIENTS[client].kind == "own" else None
    if goal is None:
        return text
    reached = of.middle >= goal if figure.more else of.middle <= goal
    sign = "≥" if figure.more else "≤"
    return f"{text}; goal {sign} {goal:g}{'' if reached else ' **missed**'}"


def _growth(measure: Measure, samples: Sequence[Sample]) -> Iterator[str]:
    figure = measure.figures[0]
    yield f"{figure.title.capitalize()}, µs, in the median of the rounds; at most 1.05 is linear."
    yield ""
    yield from _head(["client", "wire", *(f"{point:,}" for point in measure.points), "exponent", "of the last step"])
    values = _plain(sample for sample in samples if sample.figure == figure.name)
    for client, wire in dict.fromkeys((sample.client, sample.wire) for sample in samples):
        points = {point: median(found) for point in measure.points if (found := values.get((client, wire, point)))}
        if len(points) > 1:
            yield _row([client, wire, *map(number, points.values()), *_exponents(points, each=measure.each)])


def _exponents(points: Mapping[int, float], *, each: bool) -> tuple[str, str]:
    last = dict(list(points.items())[-2:])
    return f"{exponent(points) + each:.2f}", f"{exponent(last) + each:.2f}"


def _startup(samples: Sequence[Sample]) -> Iterator[str]:
    imports = [sample for sample in samples if sample.measure == "import"]
    if imports:
        yield "\n".join(["## Imports, in fresh processes", "", *_imports(imports)])
    if made := _columns(samples, "making", ("fields", "over_plain", "over_plain_us")):
        head = _head(["model", "fields", "× of a plain pydantic model with as many", "µs more than that"])
        yield "\n".join(["## The making of a model", "", *head, *made])
    if first := _columns(samples, "first", ("seconds", "cpu", "modules")):
        head = _head(["client", "seconds", "of these on the processor", "modules loaded by then"])
        yield "\n".join(["## The first call after import, making and connection included", "", *head, *first])


def _columns(samples: Sequence[Sample], measure: str, figures: Sequence[str]) -> list[str]:
    values = {
        figure: _plain(one for one in samples if one.measure == measure and one.figure == figure) for figure in figures
    }
    return [
        _row([place[0], *(number(median(values[figure][place])) for figure in figures)]) for place in values[figures[0]]
    ]


def _imports(samples: Sequence[Sample]) -> Iterator[str]:
    cpu = [sample for sample in samples if sample.figure == "cpu"]
    modules = _plain(sample for sample in samples if sample.figure == "modules")
    yield from _head(["import", "processor time, × of aiohttp", "modules loaded"])
    for place, values in ratios(cpu, "aiohttp").items():
        of = spread(values)
        yield _row(
            [place[0], f"{number(of.middle)} ({number(of.least)} to {number(of.most)})", number(median(modules[place]))]
        )
    yield ""
    yield from _head(["import", "over", "processor time, ×", "goal"])
    for own, over, goal in _OVER:
        if found := ratios(cpu, over).get((own, "", 0)):
            of = spread(found)
            reached = "" if goal is None else f"≤ {goal}{'' if of.middle <= goal else ' **missed**'}"
            yield _row([own, over, f"{of.middle:.2f} ({of.least:.2f} to {of.most:.2f})", reached])
