"""One line of the table, and how a stream fills it: what came, when, or which error. Nothing is drawn here."""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

from freeproviders.errors import ProviderError

__all__ = ["Job", "Row", "Source", "run"]

Source = Callable[[], AsyncGenerator[str, None]]
State = Literal["waiting", "running", "answered", "failed", "defect"]


@dataclass(slots=True, kw_only=True)
class Row:
    """What is known of one answer so far.

    Attributes:
        service: The service's name for people.
        framework: Which framework asked.
        mode: By which of its ways.
        question: What was asked.
        state: ``failed`` is a typed error of the service; ``defect`` any other exception, which nobody should see.
        first: Seconds from the call to the first text; None where none came, or an image.
        total: Seconds from the call to its end.
        pieces: Texts received.
        answer: All of them; the error's class and message where it failed.
    """

    service: str
    framework: str
    mode: str
    question: str
    state: State = "waiting"
    first: float | None = None
    total: float | None = None
    pieces: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A row and the stream that fills it.

    Attributes:
        row: What the table shows.
        source: Makes the call and gives its texts as they come.
        text: Whether they are the service's own text, whose first one is worth timing.
    """

    row: Row
    source: Source
    text: bool = True


async def run(job: Job) -> None:
    """Runs a job to its end; an error becomes the row's state, so that the other rows go on.

    Args:
        job: The job; its row changes while texts arrive.
    """
    row, began = job.row, time.perf_counter()
    row.state = "running"
    try:
        await _fill(job, began)
        row.state = "answered"
    except ProviderError as error:
        _fail(row, "failed", error)
    except Exception as error:  # noqa: BLE001  # whatever it is, the other rows are worth showing
        _fail(row, "defect", error)
    row.total = time.perf_counter() - began


async def _fill(job: Job, began: float) -> None:
    row = job.row
    async with aclosing(job.source()) as texts:
        async for text in texts:
            # The frameworks end their streams by an empty piece that carries metadata.
            if not text:
                continue
            if row.first is None and job.text:
                row.first = time.perf_counter() - began
            row.pieces += 1
            row.answer += text
    if not row.answer:
        raise LookupError("the stream ended without any text")


def _fail(row: Row, state: State, error: Exception) -> None:
    row.state = state
    row.answer = f"{type(error).__name__}: {error}"
