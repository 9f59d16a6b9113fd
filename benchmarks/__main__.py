"""Runs the benchmarks: ``python -m benchmarks``; see README.md."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import plots, report, startup
from benchmarks.clients import CLIENTS
from benchmarks.measures import FULL, QUICK, Sizes, measures
from benchmarks.processes import serving
from benchmarks.runner import Results, Runner

__all__ = ["main", "measured"]

_RESULTS = Path(__file__).parent / "results"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and writes a table, a JSON file and plots.

    Args:
        arguments: The command line; None takes the program's own.

    Returns:
        0; 1 if a client of this project has failed.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="ratios to a bare aiohttp client")
    parser.add_argument("--out", type=Path, default=_RESULTS, help="folder for the results (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="the short form, under two minutes")
    parser.add_argument("--rounds", type=int, help="rounds of every measure (default: up to 5, in the quick form 2)")
    names = [measure.name for measure in measures(FULL)]
    parser.add_argument(
        "--only", nargs="+", metavar="MEASURE", default=[], choices=[*names, "start"], help="these alone"
    )
    parser.add_argument("--clients", nargs="+", metavar="NAME", default=[], help="these alone; give the bare one too")
    options = parser.parse_args(arguments)
    if unknown := set(options.clients) - set(CLIENTS):
        parser.error(f"no client is called {', '.join(sorted(unknown))}; known: {', '.join(CLIENTS)}")
    sizes = QUICK if options.quick else FULL
    if options.rounds:
        sizes = replace(sizes, rounds=options.rounds, start=min(options.rounds, sizes.start))
    return measured(sizes, options.out, options.only, options.clients)


def measured(sizes: Sizes, folder: Path, only: Sequence[str] = (), clients: Sequence[str] = ()) -> int:
    """Measures with these sizes.

    Args:
        sizes: How much.
        folder: Where the results go; made if need be.
        only: Names of measures; empty for all.
        clients: Names of clients; empty for all that are installed.

    Returns:
        As ``main``.
    """
    chosen = [measure for measure in measures(sizes) if not only or measure.name in only]
    folder.mkdir(parents=True, exist_ok=True)
    began = report.about()

    def keep(results: Results) -> None:
        (folder / "table.md").write_text(report.tables(results, chosen), encoding="utf-8")
        (folder / "results.json").write_text(report.as_json(results, began, report.about()), encoding="utf-8")

    with serving() as server:
        runner = Runner(server, clients, _say, keep)
        runner.run(chosen)
        for number in range(sizes.start if not only or "start" in only else 0):
            _say(f"start: round {number + 1} of {sizes.start}")
            startup.measure(server, runner.results, number, clients)
            keep(runner.results)
    results = runner.results
    keep(results)
    drawn = plots.draw(results, chosen, folder)
    sys.stdout.write(report.tables(results, chosen))
    plotted = "no plots, as matplotlib is missing" if drawn is None else f"{len(drawn)} plots"
    _say(f"{folder}: table.md, results.json, {plotted}")
    return int(any("freeproviders" in failure.client for failure in results.failures))


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
