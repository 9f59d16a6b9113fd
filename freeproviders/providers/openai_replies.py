"""What the chunks of an OpenAI-compatible server say: text, calls, reasoning, usage, and how the answer ended."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from freeproviders.errors import BadReply, Blocked, ProviderError, RequestRejected
from freeproviders.providers.openai_chunks import Chunks
from freeproviders.providers.openai_values import text_of, usage_of
from freeproviders.tools.wording import dumped
from freeproviders.wire import Event, Fact, Prompt

if TYPE_CHECKING:
    from freeproviders.tools.native import NativeCalls

__all__ = ["Completion"]

_CALLED = ("tool_calls", "function_call")


class Completion:
    """Reads the values of one answer.

    Args:
        prompt: The prompt, for its tools.
        names: Their names on the wire.
        error: Makes the error that an error object stands for.
    """

    def __init__(self, prompt: Prompt, names: Mapping[str, str], error: Callable[[Any], ProviderError]) -> None:
        self._prompt = prompt
        self._error = error
        self._begun = self._over = self._said = False
        self._calls: NativeCalls | None = None
        self._index: Any = None
        self._reasoning: list[str] = []
        self._facts: dict[str, Any] = {}
        self._names = {wire: name for name, wire in names.items()}

    def read(self, value: Any) -> Iterator[str | Event]:
        """What a chunk, a whole completion or the end says."""
        if value is None:
            yield from self._end()
        elif value == Chunks.DONE:
            self._over = True
        else:
            yield from self._chunk(value)

    def _chunk(self, value: Any) -> Iterator[str | Event]:
        if not isinstance(value, dict):
            raise BadReply(f"expected an object, got {str(value)[:120]!r}")
        if value.get("error") or value.get("object") == "error":
            raise self._error(value)
        self._begun = True
        usage, choices = usage_of(value.get("usage")), value.get("choices")
        if usage:
            self._facts["usage"] = usage
        if isinstance(model := value.get("model"), str) and model:
            self._facts["served_model"] = model
        if not isinstance(choices, list) and not usage:
            raise BadReply(f"expected choices, got {str(value)[:120]!r}")
        for choice in choices or ():
            if isinstance(choice, dict) and self._is_ours(choice):
                yield from self._choice(choice)

    def _is_ours(self, choice: Mapping[str, Any]) -> bool:
        """Whether it is of the first answer: nobody here has a place for further ones, which an ``n`` asks for."""
        index = choice.get("index")
        self._index = index if self._index is None else self._index
        return index is None or index == self._index

    def _choice(self, choice: Mapping[str, Any]) -> Iterator[str | Event]:
        if choice.get("error"):
            raise self._error({"error": choice["error"]})
        said = choice.get("delta") or choice.get("message")
        if isinstance(said, dict):
            yield from self._delta(said)
        if reason := choice.get("finish_reason"):
            self._over = True
            if reason == "error":
                raise self._error({"error": "the answer failed"})
            if reason == "content_filter" and not self._said:
                raise Blocked("the service's content filter held the answer back: ask in other words")
            if reason == "length" and self._reasoning and not self._said and self._calls is None:
                raise RequestRejected(
                    "the model has thought until its tokens were used up, and said nothing: raise max_tokens"
                )
            if reason not in _CALLED:
                self._facts["finish_reason"] = str(reason)

    def _delta(self, said: Mapping[str, Any]) -> Iterator[str | Event]:
        # Servers between two names of the field send it under both.
        if thought := text_of(said.get("reasoning_content")) or text_of(said.get("reasoning")):
            self._reasoning.append(thought)
        if text := text_of(said.get("content")) or text_of(said.get("refusal")):
            self._said = self._said or not text.isspace()
            yield text
        pieces = said.get("tool_calls")
        for place, piece in enumerate(pieces if isinstance(pieces, list) else ()):
            yield from self._call(place, piece)

    def _call(self, place: int, piece: Any) -> Iterator[Event]:
        from freeproviders.tools.native import CallPiece, NativeCalls  # loaded with the first call

        function = piece.get("function") if isinstance(piece, dict) else None
        if not isinstance(function, dict):
            raise BadReply(f"expected a function call, got {str(piece)[:120]!r}")
        self._calls = self._calls or NativeCalls(self._prompt)
        index, arguments, name = piece.get("index"), function.get("arguments"), text_of(function.get("name"))
        yield from self._calls.add(
            CallPiece(
                place=index if isinstance(index, int) else place,
                id=text_of(piece.get("id")),
                name=self._names.get(name, name),
                arguments=dumped(arguments) if isinstance(arguments, dict) else text_of(arguments),
            )
        )

    def _end(self) -> Iterator[Event]:
        if self._begun and not self._over:
            raise BadReply("the answer broke off: its end was not announced")
        if self._reasoning:
            yield Fact("reasoning", "".join(self._reasoning))
        for name, value in self._facts.items():
            yield Fact(name, value)
        if self._calls is not None:
            yield from self._calls.finish()
