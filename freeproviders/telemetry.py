"""OpenTelemetry spans for calls (extra ``otel``), after the semantic conventions for generative AI.

The conventions are still being developed, so every attribute name stands here and nowhere else
(https://opentelemetry.io/docs/specs/semconv/gen-ai/). No text of a prompt or an answer is recorded.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from freeproviders.errors import InvalidSetting
from freeproviders.reports import (
    AnswerBegan,
    AskedAgain,
    AttemptFailed,
    Began,
    Ended,
    FailedOver,
    Report,
    Waited,
    observe,
)

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

__all__ = ["instrument"]

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
ERROR_TYPE = "error.type"
STATUS_CODE = "http.response.status_code"
# The conventions have no names for these.
REQUEST = "freeproviders.request"
ATTEMPTS = "freeproviders.attempts"
RECEIVED = "freeproviders.received_bytes"
FIRST = "freeproviders.seconds_to_first_piece"


def instrument(tracer_provider: "TracerProvider | None" = None) -> Callable[[], None]:
    """Records a span for each call to a service, a child of the span that is current where the call is made.

    Args:
        tracer_provider: Where spans go; by default the process's.

    Returns:
        What ends it.

    Raises:
        InvalidSetting: If opentelemetry-api is not installed.
    """
    try:
        from opentelemetry import trace
    except ImportError as error:
        raise InvalidSetting("tracing needs opentelemetry-api: pip install 'freeproviders[otel]'") from error
    return observe(_Recorder(trace.get_tracer("freeproviders", tracer_provider=tracer_provider), trace))


class _Recorder:
    """Turns reports into spans and their events."""

    def __init__(self, tracer: Any, trace: Any) -> None:
        self._tracer = tracer
        self._trace = trace
        self._spans: dict[str, Span] = {}

    def __call__(self, report: Report) -> None:
        if isinstance(report, Began):
            self._spans[report.call] = self._tracer.start_span(
                f"chat {report.model}".strip(),
                kind=self._trace.SpanKind.CLIENT,
                attributes={
                    OPERATION: "chat",
                    PROVIDER: report.provider,
                    REQUEST_MODEL: report.model,
                    REQUEST: report.request,
                },
            )
            return
        span = self._spans.get(report.call)
        if span is not None and isinstance(report, Ended):
            del self._spans[report.call]
            self._end(span, report)
        elif event := _event(report):
            # What concerns several services belongs to the caller's span.
            (span or self._trace.get_current_span()).add_event(*event)

    def _end(self, span: "Span", report: Ended) -> None:
        span.set_attributes({ATTEMPTS: report.attempts, RECEIVED: report.received})
        if report.first is not None:
            span.set_attribute(FIRST, report.first)
        if report.status is not None:
            span.set_attribute(STATUS_CODE, report.status)
        # Who stops reading has not met an error.
        if report.error is not None and not isinstance(report.error, GeneratorExit):
            kind = type(report.error).__name__
            span.set_attribute(ERROR_TYPE, kind)
            span.set_status(self._trace.StatusCode.ERROR, kind)
        span.end()


def _event(report: Report) -> tuple[str, dict[str, Any]] | None:
    match report:
        case AttemptFailed():
            error = type(report.error).__name__
            return "freeproviders.retry", {"attempt": report.number, "wait": report.wait, ERROR_TYPE: error}
        case FailedOver():
            error = "slow" if report.error is None else type(report.error).__name__
            return "freeproviders.failover", {"from": report.provider, "to": report.to, ERROR_TYPE: error}
        case Waited():
            return "freeproviders.wait", {"seconds": report.seconds}
        case AskedAgain():
            return "freeproviders.ask_again", {"round": report.round}
        case AnswerBegan():
            return "freeproviders.answer_began", {"seconds": report.seconds}
    return None
