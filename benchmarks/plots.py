"""The plots of a run, where matplotlib is installed."""

import importlib
import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.clients.bare import BASELINE
from benchmarks.measures import Figure, Measure
from benchmarks.runner import Results
from benchmarks.samples import Sample, ratios, spread

__all__ = ["draw"]


def draw(results: Results, measures: Iterable[Measure], folder: Path) -> list[Path] | None:
    """Draws the ratios of each measure as bars, and growth as lines.

    Returns:
        The files written; None without matplotlib.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return None
    written = []
    for measure in measures:
        of = [sample for sample in results.samples if sample.measure == measure.name]
        for figure in measure.figures:
            samples = [sample for sample in of if sample.figure == figure.name]
            path = folder / f"{measure.name}-{figure.name}.svg"
            if len(measure.points) > 1 and samples:
                _lines(measure, samples, path)
            elif not figure.plain and (found := ratios(samples, BASELINE)):
                _bars(measure, figure, found, path)
            else:
                continue
            written.append(path)
    return written


def _axes(title: str, height: float) -> tuple[Any, Any]:
    library = importlib.import_module("matplotlib")
    library.use("svg")
    # The same names in every run, and words as words.
    library.rcParams.update({"svg.hashsalt": "benchmarks", "svg.fonttype": "none"})
    figure, axes = importlib.import_module("matplotlib.pyplot").subplots(figsize=(9, height), layout="constrained")
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None})
    importlib.import_module("matplotlib.pyplot").close(figure)


def _bars(measure: Measure, shown: Figure, found: Mapping[tuple[str, str, int], Sequence[float]], path: Path) -> None:
    spreads = {f"{client} ({wire})": spread(values) for (client, wire, _), values in found.items()}
    rows = sorted(spreads.items(), key=lambda row: row[1].middle, reverse=not shown.more)
    figure, axes = _axes(f"{measure.title}: {shown.title}, × bare aiohttp", 1 + 0.24 * len(rows))
    middles = [of.middle for _, of in rows]
    whiskers = [[of.middle - of.least for _, of in rows], [of.most - of.middle for _, of in rows]]
    colours = ["#1b7f5c" if "freeproviders" in name else "#9aa5b1" for name, _ in rows]
    axes.barh([name for name, _ in rows], middles, xerr=whiskers, color=colours, ecolor="#333333", height=0.7)
    axes.axvline(1, color="#333333", linewidth=0.8)
    axes.set_xscale("log")
    axes.margins(y=0.01)
    _save(figure, path)


def _lines(measure: Measure, samples: Sequence[Sample], path: Path) -> None:
    figure, axes = _axes(f"{measure.title}: {measure.figures[0].title}, µs", 5)
    for client, wire in dict.fromkeys((sample.client, sample.wire) for sample in samples):
        own = [sample for sample in samples if (sample.client, sample.wire) == (client, wire)]
        points = sorted({sample.point for sample in own})
        values = [median(sample.value for sample in own if sample.point == point) for point in points]
        axes.plot(points, values, marker="o", markersize=3, linewidth=1, label=f"{client} ({wire})")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.legend(fontsize="x-small", frameon=False)
    _save(figure, path)
