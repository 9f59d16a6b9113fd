"""A process with one client: reads jobs as lines of JSON, writes their figures as lines of JSON."""

import importlib
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.clients import CLIENTS
from benchmarks.guard import guard
from benchmarks.loops import new_loop, pin
from benchmarks.tasks import Figures, Job, run
from benchmarks.wires import Plan

__all__ = ["main"]

_PROCESSOR = 1


def main(arguments: Sequence[str]) -> None:
    """Works until the standard input ends.

    Args:
        arguments: Name of the client and the kind of loop.
    """
    name, kind = arguments
    guard()
    # Some libraries print: what they say goes where errors go.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    client, loop = CLIENTS[name], new_loop(kind)
    for module in client.needs:  # on any processor: the workers begin together
        importlib.import_module(module)
    pin(_PROCESSOR)
    for line in sys.stdin:
        origin, job = json.loads(line)
        answers.write(json.dumps(_done(partial(run, loop, client, origin, _job(job)))) + "\n")
        answers.flush()
    os._exit(0)  # nothing is measured any more, and some peers take seconds to end


def _done(work: Callable[[], Figures]) -> dict[str, Any]:
    try:
        return {"figures": work()}
    except Exception as error:  # noqa: BLE001  # whatever a peer raises is told, and the others go on
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def _job(words: dict[str, Any]) -> Job:
    return Job(**{**words, "plan": Plan(**words["plan"])})


if __name__ == "__main__":
    main(sys.argv[1:])
