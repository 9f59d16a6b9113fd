"""Answers side by side as HTML, drawn anew while they grow."""

from collections.abc import Callable, Sequence

from freeproviders.notebook.comparison import Row
from freeproviders.notebook.markup import BLUE, FONT, GREEN, GREY, LINE, RED, YELLOW, chip, escaped, markdown, styled

__all__ = ["columns"]

_TONES = {"next": GREY, "asked": YELLOW, "answering": BLUE, "answered": GREEN, "failed": RED}
# Of a column: five of the least width fit beside each other; an answer that is longer than the height scrolls.
_WIDTH, _HEIGHT = "190px", "25em"
# Characters that fill a column of that height, and more.
_IN_SIGHT = 1500


def columns(prompts: Sequence[Sequence[tuple[str, Row]]], render: Callable[[str], str] = markdown) -> str:
    """A line of columns for each prompt, a column for each model.

    Args:
        prompts: By prompt, then by model: the state of the answer and what is known of it.
        render: Makes HTML of an answer.
    """
    lines = [_line(answers, render) for answers in prompts if any(state != "next" for state, _ in answers)]
    return styled(FONT, *lines)


def _line(answers: Sequence[tuple[str, Row]], render: Callable[[str], str]) -> str:
    prompt = styled(f"color:rgb({GREY});margin:2px 0 6px;white-space:pre-wrap", escaped(answers[0][1].prompt))
    cells = (_column(state, row, render) for state, row in answers)
    return prompt + styled(
        f"display:grid;grid-template-columns:repeat(auto-fit,minmax({_WIDTH},1fr));gap:10px;margin-bottom:14px", *cells
    )


def _column(state: str, row: Row, render: Callable[[str], str]) -> str:
    name = styled("font-weight:600;overflow-wrap:anywhere", escaped(row.model), tag="span")
    label = f"by {row.candidate}" if state == "answered" and row.candidate else state
    head = styled(
        "display:flex;justify-content:space-between;align-items:center;gap:8px", name, chip(label, _TONES[state])
    )
    figures = styled(
        f"color:rgb({GREY});font-size:11px;font-variant-numeric:tabular-nums;white-space:pre-line",
        escaped(_figures(state, row)),
    )
    style = (
        f"display:flex;flex-direction:column;min-width:0;max-height:{_HEIGHT};box-sizing:border-box;padding:8px 12px;"
        f"border:{LINE};border-top:3px solid rgb({_TONES[state]});border-radius:6px"
    )
    return styled(style, head, figures, _answer(state, row, render), _problem(row))


def _figures(state: str, row: Row) -> str:
    if state == "next":
        return "waits for its turn\n"
    first = "no text" if row.first is None else f"first text {row.first:.2f} s"
    return f"{first} · total {row.seconds:.1f} s\n{row.pieces} pieces · {row.characters} characters"


def _answer(state: str, row: Row, render: Callable[[str], str]) -> str:
    grows = state == "answering"
    # Begun from below while it grows: so the newest line is in sight without a script that scrolls.
    turned = "display:flex;flex-direction:column-reverse;" if grows else ""
    text = _in_sight(row.answer) if grows else row.answer
    inner = styled("min-width:0;overflow-wrap:anywhere", render(text)) if text else ""
    return styled(f"{turned}min-height:0;overflow:auto;margin-top:6px", inner)


def _in_sight(text: str) -> str:
    """The end of a growing answer, from a blank line on: reading Markdown takes longer than drawing it."""
    start = text.find("\n\n", len(text) - _IN_SIGHT) if len(text) > _IN_SIGHT else -1
    if start < 0:
        return text
    fenced = text.count("\n```", 0, start) % 2
    return ("```\n" if fenced else "") + text[start + 2 :]


def _problem(row: Row) -> str:
    if row.error is None:
        return ""
    kind = styled(f"font-weight:600;color:rgb({RED})", escaped(type(row.error).__name__))
    style = "flex:none;max-height:9em;overflow:auto;margin-top:6px;overflow-wrap:anywhere"
    return styled(style, kind, styled("font-size:12px", escaped(row.error)))
