"""Writes reports to the log ``freeproviders.calls``: levels, words, and fields for machines. Never text or secrets."""

import logging
from dataclasses import fields
from typing import Any

__all__ = ["detailed", "write"]

# An application that has not set up logging is not to find retries on its stderr.
logging.getLogger("freeproviders").addHandler(logging.NullHandler())

_LOG = logging.getLogger("freeproviders.calls")

# By the report's name, so that this module needs to know no values: the level, and the words with its fields in them.
_LINES: dict[str, tuple[int, str]] = {
    "Began": (logging.DEBUG, "begins, model {model}"),
    "AttemptStarted": (logging.DEBUG, "attempt {number}"),
    "AnswerBegan": (logging.DEBUG, "the answer begins after {seconds:.2f} s"),
    "AttemptFailed": (logging.WARNING, "attempt {number} failed ({error}), next in {wait:.1f} s"),
    "Waited": (logging.INFO, "waited {seconds:.1f} s for its turn"),
    "AskedAgain": (logging.INFO, "the reply could not be used, round {round}"),
    "FailedOver": (logging.WARNING, "failed over to {to} ({error})"),
    "Ended": (logging.DEBUG, "ended ({error}): {attempts} attempts, {seconds:.2f} s, {received} bytes"),
}


def detailed() -> bool:
    """Whether anybody reads what happens in the ordinary course of a call."""
    return _LOG.isEnabledFor(logging.DEBUG)


def write(report: Any) -> None:
    """Writes one report, if anybody reads its level."""
    name = type(report).__name__
    level, words = _LINES[name]
    if not _LOG.isEnabledFor(level):
        return
    values = {item.name: getattr(report, item.name) for item in fields(report)}
    # An error is named, not quoted: its message may hold the beginning of what the service said.
    values["error"] = type(values["error"]).__name__ if values.get("error") is not None else "no error"
    line = f"[{report.request}] {report.provider}: {words.format(**values)}"
    _LOG.log(
        level, "%s", line, extra={f"freeproviders_{key}": value for key, value in values.items()} | {"event": name}
    )
