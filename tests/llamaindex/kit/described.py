"""What a subclass says of its LLM, as data, and the guard that no test goes missing."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from llama_index.core.llms import LLM


class Described:
    """The properties a subclass overrides; tests read them and nothing else."""

    @property
    def llm_class(self) -> type[LLM]:
        """The class under test."""
        raise NotImplementedError

    @property
    def llm_params(self) -> dict[str, Any]:
        """Words that construct it, the address of the server included."""
        return {}

    @property
    def settings(self) -> dict[str, Any]:
        """Further words with values unlike their defaults; copies must keep them."""
        return {}

    @property
    def secrets(self) -> dict[str, Any]:
        """Words whose values must never be shown; the texts to look for are ``secret_texts``."""
        return {}

    @property
    def secret_texts(self) -> tuple[str, ...]:
        return ()

    @property
    def ignored_words(self) -> tuple[str, ...]:
        """Numbers that are accepted with a warning, as the service has no field for them."""
        return ()

    @property
    def unknown_word_error(self) -> type[Exception] | None:
        """What an unknown constructor word raises; None where it is ignored."""
        return None

    @property
    def unsupported_error(self) -> type[Exception] | None:
        """What content the LLM cannot carry raises; None where it carries everything."""
        return None

    @property
    def supports_function_calling(self) -> bool:
        """Whether core may call tools through it; then ``is_function_calling_model=False`` must switch that off."""
        return False

    @property
    def call_text(self) -> Callable[..., str] | None:
        """How a model says that it calls a tool: the tool's name, then its arguments as words."""
        return None

    @property
    def result_text(self) -> Callable[[str, str], str] | None:
        """How a model is told of a result: the tool's name, then what it gave."""
        return None

    @property
    def calls_travel_as_data(self) -> bool:
        """Whether tools, calls and results have fields of their own, so that no words are calls."""
        return False

    def broken_call(self, name: str, **arguments: Any) -> str:
        """How a model says a call whose arguments break off."""
        return self.need(self.call_text, "call_text")(name, **arguments)[:-22]

    @property
    def correction(self) -> str:
        """What a model is told, among other things, after a call gone wrong."""
        return "corrected block"

    @property
    def chosen(self) -> Callable[[], list[str | None]] | None:
        """The tool that each request so far asks for by a field; None where the model is told of that tool alone."""
        return None

    @property
    def forms_travel_as_data(self) -> bool:
        """Whether the form of an object has a field of its own; then objects come as JSON, not in calls."""
        return False

    @property
    def unfit_error(self) -> type[Exception]:
        """What an object raises that does not fit its class."""
        return ValueError

    @property
    def shown(self) -> Callable[[], list[str]] | None:
        """The addresses of the images in the newest request, data URLs among them; None where none can be shown."""
        return None

    @property
    def counted(self) -> Callable[[str], tuple[int, int]] | None:
        """The tokens that the service counts for the newest request and this answer; None where it does not count."""
        return None

    @property
    def thinks(self) -> Callable[[], str] | None:
        """Makes the model think before all further answers, and says what; None where thoughts are not told."""
        return None

    @property
    def call_marks(self) -> tuple[str, ...]:
        """Texts that only a call has; no answer may show them."""
        return ()

    @property
    def supports_streaming(self) -> bool:
        """Whether the service sends its answers piece by piece."""
        return True

    @property
    def has_system_field(self) -> bool:
        """Whether the system prompt travels apart from the conversation."""
        return False

    @property
    def supports_threads(self) -> bool:
        """Whether ``thread=`` goes on with a conversation that the service keeps."""
        return False

    @property
    def image_params(self) -> dict[str, Any] | None:
        """Words under which the LLM answers with an image; None where it cannot."""
        return None

    @property
    def faults(self) -> Mapping[str, tuple[Callable[[], None], type[Exception]]]:
        """By name: makes all further answers fail, and the error that this must give."""
        return {}

    @property
    def changing_facts(self) -> tuple[str, ...]:
        """Names in ``raw`` whose values are others each time the same is asked."""
        return ()

    @property
    def attempts(self) -> int:
        """How many requests a call makes where nothing is told to fail: more than one where some always fail."""
        return 1

    @property
    def fail_once(self) -> Callable[[], None] | None:
        """Makes the next answer fail in a way that is worth another attempt."""
        return None

    @property
    def break_off(self) -> tuple[Callable[[], None], type[Exception]] | None:
        """Makes the next answer break after its first piece, and the error that this must give."""
        return None

    @property
    def hold(self) -> Callable[[], Callable[[], None]] | None:
        """Makes the next answer stop after its first piece; gives what lets it go on."""
        return None

    @property
    def begun(self) -> Callable[[], None] | None:
        """Waits until the server has begun to answer the newest request."""
        return None

    @property
    def ended(self) -> Callable[[], str] | None:
        """Waits for the end of the newest answer and says "complete" or "client closed"."""
        return None

    @property
    def received(self) -> Callable[[], str] | None:
        """All the text that the service got with the newest request."""
        return None

    @property
    def asked(self) -> Callable[[], list[str]] | None:
        """The same of every request so far, oldest first."""
        return None

    @property
    def replies(self) -> Callable[..., None] | None:
        """Makes the next answers these texts, in order."""
        return None

    @pytest.fixture
    def llm(self) -> LLM:
        return self.make()

    def make(self, **words: Any) -> LLM:
        return self.llm_class(**{**self.llm_params, **words})

    def need(self, capability: Any, name: str) -> Any:
        if capability is None or capability is False:
            pytest.skip(f"not described: {name}")
        return capability

    def arrived(self, *words: str) -> None:
        if self.received is not None:
            text = self.received()
            assert [word for word in words if word not in text] == []

    def did_not_arrive(self, *words: str) -> None:
        if self.received is not None:
            text = self.received()
            assert [word for word in words if word in text] == []

    def test_no_test_of_the_kit_is_overridden_or_deleted(self) -> None:
        """A subclass describes; what it cannot do it says in a property, not by taking a test away."""
        kit = [cls for cls in type(self).__mro__ if cls.__module__.startswith("kit.")]
        tests = {name for cls in kit for name in vars(cls) if name.startswith("test_")}
        others = [cls for cls in type(self).__mro__ if cls not in kit]
        assert sorted(name for name in tests for cls in others if name in vars(cls)) == []
