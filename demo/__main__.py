"""Runs the demo: ``python -m demo`` against the sandbox, ``LIVE=1 python -m demo`` against the real services."""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console
from rich.live import Live

from demo.documents import passages, read_documents, retriever
from demo.jobs import SERVICES, Words, jobs
from demo.rows import Job, Row, run
from demo.table import compact, whole, wide_console
from freeproviders import registry
from freeproviders.provider import Card
from freeproviders.sandbox import Sandbox, Scenario

__all__ = ["main"]

# So that a person sees the sandbox's words come one after the other.
_PAUSE_SECONDS = 0.12
# Nobody waits minutes in a demo for a service that is gone.
_LIVE_WORDS = {"timeout": 20.0, "max_retries": 1}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the demo and shows it.

    Args:
        arguments: The command line; None takes the program's own.

    Returns:
        0 if all is well. In the sandbox any error is 1; of the real services typed errors are states that are
        shown, and only an exception of another kind is 1. 2 if it cannot begin.
    """
    given = _parser().parse_args(arguments)
    # Its warnings of each failed attempt would run through the table, which shows how the last one ended.
    logging.getLogger("freeproviders").setLevel(logging.ERROR)
    console = wide_console()
    if given.live and os.environ.get("FREEPROVIDERS_SANDBOX"):
        console.print("FREEPROVIDERS_SANDBOX is set, so nothing would be live: unset it first.", style="red")
        return 2
    with _services(live=given.live) as words:
        rows = _show(console, words, given.out, live=given.live)
    bad = ("defect",) if given.live else ("failed", "defect")
    return int(any(row.state in bad for row in rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo", description="Five free services in two frameworks.")
    live = os.environ.get("LIVE", "").lower() not in ("", "0", "false", "no")
    parser.add_argument("--live", action="store_true", default=live, help="ask the real services (also LIVE=1)")
    parser.add_argument("--out", type=Path, default=Path("demo-output/lighthouse.png"), help="where the image goes")
    return parser


@contextmanager
def _services(*, live: bool) -> Iterator[Words]:
    """The constructor words that lead to the services, while they are there."""
    if live:
        yield {service.name: _LIVE_WORDS for service in SERVICES}
        return
    with Sandbox(scenario=Scenario(pause=_PAUSE_SECONDS)) as sandbox:
        yield {service.name: {"base_url": sandbox.url(service.name)} for service in SERVICES}


def _show(console: Console, words: Words, picture: Path, *, live: bool) -> Sequence[Row]:
    documents = read_documents()
    nodes = passages(documents)
    work = jobs(retriever(nodes), words, picture)
    rows = [job.row for job in work]
    console.print(_header(live=live))
    console.print(f"Index: BM25 over {len(nodes)} passages of {len(documents)} installed distributions' descriptions.")
    with _view(console, rows):
        asyncio.run(_all(work))
    console.print(whole(rows, console.width))
    console.print(_summary(rows))
    return rows


def _view(console: Console, rows: Sequence[Row]) -> Live | nullcontext[None]:
    """The live table where somebody can watch it; a pipe gets the final one alone."""
    if not console.is_terminal or console.is_dumb_terminal:
        return nullcontext()
    return Live(
        get_renderable=lambda: compact(rows, console.width), console=console, refresh_per_second=15, transient=True
    )


async def _all(work: Sequence[Job]) -> None:
    await asyncio.gather(*map(run, work))


def _header(*, live: bool) -> str:
    if live:
        return (
            "[bold]Live[/]: the real services, in the state they are in at this moment; what fails is tried once more."
        )
    return (
        "[bold]Sandbox[/]: a local server that speaks the services' protocols. The answers come from its rule-based "
        "responder, [bold]not from a language model[/]; LIVE=1 asks the real services."
    )


def _summary(rows: Sequence[Row]) -> str:
    answered = sum(row.state == "answered" for row in rows)
    whole_only = [card.title for card in map(_card, registry.names()) if not card.streaming]
    note = f" {', '.join(whole_only)} answers in one piece: the service does not stream." if whole_only else ""
    return f"{answered} of {len(rows)} answered; all were asked at the same time.{note}"


def _card(name: str) -> Card:
    return registry.get(name).card


if __name__ == "__main__":
    sys.exit(main())
