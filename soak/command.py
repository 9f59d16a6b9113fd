"""The command line of a storm."""

import argparse
import gc
import sys
from collections.abc import Sequence
from pathlib import Path

from soak.plans import plan
from soak.storm import Options, run, to_stderr

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a storm and says what it has shown.

    Args:
        arguments: The command line; None takes the program's own.

    Returns:
        0 if all is well, 1 where anything was wrong, left behind or growing.
    """
    parser = argparse.ArgumentParser(prog="python -m soak", description="a storm of calls against the sandbox")
    parser.add_argument("--seed", type=int, default=20261121, help="draws all calls (default: %(default)s)")
    parser.add_argument("--calls", type=int, default=100_000, help="at least so many (default: %(default)s)")
    parser.add_argument("--in-flight", type=int, default=200, help="so many at once (default: %(default)s)")
    parser.add_argument("--block", type=int, default=5000, help="calls between two counts (default: %(default)s)")
    parser.add_argument("--only", type=int, metavar="NUMBER", help="repeat this call alone")
    parser.add_argument("--settle", type=float, default=45.0, help="seconds for idle connections to close in the end")
    parser.add_argument("--report", type=Path, help="file for the report as JSON")
    options = parser.parse_args(arguments)
    numbers, settle = range(options.calls), options.settle
    if options.only is not None:
        numbers, settle = range(options.only, options.only + 1), 0.0
        sys.stdout.write(f"{plan(options.seed, options.only)}\n")
    gc.freeze()  # what has been imported is of no interest to the counts
    storm = Options(seed=options.seed, numbers=numbers, in_flight=options.in_flight, block=options.block, settle=settle)
    report = run(storm, to_stderr)
    if options.report is not None:
        options.report.write_text(report.as_json(), encoding="utf-8")
    sys.stdout.write(f"{report.as_text()}\n")
    return 0 if report.clean else 1
