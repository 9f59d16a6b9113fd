"""Asks several models the same at once, and draws their answers side by side while they come."""

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing, closing
from typing import Any

from freeproviders.blocking import portal
from freeproviders.errors import InvalidSetting
from freeproviders.notebook.columns import columns
from freeproviders.notebook.comparison import Comparison, Row
from freeproviders.notebook.extras import optional
from freeproviders.notebook.markup import markdown
from freeproviders.notebook.screen import PAUSE, Screen, in_notebook
from freeproviders.notebook.streams import Ask, Reader, asker, default_name, opened

__all__ = ["acompare", "compare"]


def compare(
    models: Mapping[str, Any] | Sequence[Any], prompts: str | Sequence[str], *, live: bool = True
) -> Comparison:
    """Asks several models the same, all at once, and draws their answers in columns while they come.

    A model gets one prompt after the other, so that its times are its own; a model that fails stops no other, and is
    asked the next prompt all the same. Works inside a notebook's running loop: the models are asked on the background
    loop of ``freeproviders``. A model that holds connections of the running loop is one for ``await acompare(...)``.

    Args:
        models: Models by the names to call them, or in a list: LangChain chat models (or whatever has ``astream``),
            LlamaIndex LLMs, ``Client``s, ``Router``s, names such as ``"yqcloud"`` or ``"yqcloud:gpt-4"``.
        prompts: What to ask: a text, or several.
        live: Whether to draw. Outside a notebook nothing is drawn.

    Returns:
        The answers and their figures.

    Raises:
        InvalidSetting: If there is no model or no prompt, or one is of no known kind. What goes wrong while a model is
            asked is in its row.
    """
    course = _Course(models, prompts, live=live)
    try:
        with closing(portal.batches(course.run)) as ticks:
            for _ in ticks:
                course.screen.changed()
    finally:
        course.screen.now()
    return course.comparison()


async def acompare(
    models: Mapping[str, Any] | Sequence[Any], prompts: str | Sequence[str], *, live: bool = True
) -> Comparison:
    """As ``compare``, awaited: the models are asked on the running loop.

    Args:
        models: As there.
        prompts: As there.
        live: As there.

    Returns:
        The answers and their figures.

    Raises:
        InvalidSetting: As there.
    """
    course = _Course(models, prompts, live=live)
    try:
        async with aclosing(course.run()) as ticks:
            async for _ in ticks:
                course.screen.changed()
    finally:
        course.screen.now()
    return course.comparison()


class _Growing:
    """An answer as it comes."""

    def __init__(self, name: str, prompt: str) -> None:
        self.name = name
        self.prompt = prompt
        self.reader = Reader()
        self.error: Exception | None = None
        self.first: float | None = None
        self._began: float | None = None
        self._seconds: float | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken until now, or in all."""
        if self._seconds is not None:
            return self._seconds
        return 0.0 if self._began is None else time.perf_counter() - self._began

    @property
    def state(self) -> str:
        """``"next"``, ``"asked"``, ``"answering"``, ``"answered"`` or ``"failed"``."""
        if self._began is None:
            return "next"
        if self._seconds is None:
            return "asked" if self.first is None else "answering"
        return "answered" if self.error is None else "failed"

    async def run(self, ask: Ask) -> None:
        self._began = time.perf_counter()
        try:
            async with aclosing(opened(ask(self.prompt))) as pieces:
                async for item in pieces:
                    self.reader.add(item)
                    if self.first is None and self.reader.pieces:
                        self.first = self.seconds
        except Exception as error:  # noqa: BLE001  # it is the answer's outcome, and told as such
            self.error = error
        finally:
            self._seconds = self.seconds

    def row(self) -> Row:
        return Row(
            model=self.name,
            prompt=self.prompt,
            answer=self.reader.text,
            first=self.first,
            seconds=self.seconds,
            pieces=self.reader.pieces,
            error=self.error,
            candidate=self.reader.candidate,
        )


class _Course:
    """One comparison while it runs."""

    def __init__(self, models: Any, prompts: Any, *, live: bool) -> None:
        named, texts = _named(models), _texts(prompts)
        self._lanes = [(ask, [_Growing(name, text) for text in texts]) for name, ask in named.items()]
        if live and in_notebook():
            optional("markdown_it", "Markdown in a notebook")
        # What has ended is drawn again and again, and reading Markdown takes its time.
        self._render = functools.lru_cache(2 * len(named) * len(texts))(markdown)
        self.screen = Screen(self._drawing, live=live)

    async def run(self) -> AsyncGenerator[None, None]:
        """Asks all, and gives a sign now and then, more often than is drawn."""
        pending = {asyncio.create_task(_ask_all(ask, growing)) for ask, growing in self._lanes}
        tasks = list(pending)
        try:
            await asyncio.sleep(0)  # lets them begin, so that the first drawing shows who is asked
            while pending:
                yield
                _, pending = await asyncio.wait(pending, timeout=PAUSE)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def comparison(self) -> Comparison:
        return Comparison(rows=tuple(one.row() for _, growing in self._lanes for one in growing))

    def _drawing(self) -> tuple[str, str]:
        shown = [[(one.state, one.row()) for one in growing] for _, growing in self._lanes]
        by_prompt = list(zip(*shown, strict=True))
        text = "\n".join(f"{row.model}: {state}, {row.characters} characters" for lane in shown for state, row in lane)
        return columns(by_prompt, self._render), text


async def _ask_all(ask: Ask, growing: Sequence[_Growing]) -> None:
    for one in growing:
        await one.run(ask)


def _named(models: Any) -> Mapping[str, Ask]:
    """How each model is asked, by a name of its own."""
    if isinstance(models, Mapping):
        found = {str(name): asker(model) for name, model in models.items()}
    elif isinstance(models, Sequence) and not isinstance(models, str):
        found = {}
        for model in models:
            name, number = default_name(model), 1
            while (called := name if number == 1 else f"{name}#{number}") in found:
                number += 1
            found[called] = asker(model)
    else:
        raise InvalidSetting("models must be a list or a mapping of names to models, as in ['pi', 'yqcloud']")
    if not found:
        raise InvalidSetting("there is no model to compare")
    return found


def _texts(prompts: Any) -> Sequence[str]:
    texts = [prompts] if isinstance(prompts, str) else prompts
    if not isinstance(texts, Sequence) or not texts or not all(isinstance(text, str) for text in texts):
        raise InvalidSetting("prompts must be a text or a list of texts, and there must be one")
    return texts
