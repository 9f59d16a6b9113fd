"""What core is told of a call: events, spans, legacy callbacks, token counts, the rate limiter. Each once."""

from typing import Any

import pytest
from llama_index.core.callbacks import CBEventType, TokenCountingHandler
from llama_index.core.llms import LLM

from kit.answers import LONG
from kit.calls import CALLS, STREAMS, Call
from kit.described import Described
from kit.recorders import Limiter, recorded, watched


class Reports(Described):
    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_one_call_is_one_start_and_one_end_event(self, llm: LLM, call: Call) -> None:
        with recorded() as (events, _):
            responses = await call.responses(llm, LONG)
        kind = "LLMChat" if call.is_chat else "LLMCompletion"
        expected = {f"{kind}StartEvent": 1, f"{kind}EndEvent": 1}
        if call.is_stream:
            expected[f"{kind}InProgressEvent"] = len(responses)
        assert events.counts == expected

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_one_call_is_one_span_and_its_events_belong_to_it(self, llm: LLM, call: Call) -> None:
        with recorded() as (events, spans):
            await call.responses(llm)
        assert [span.partition("-")[0] for span in spans.entered] == [f"{type(llm).__name__}.{call.name}"]
        assert {event.span_id for event in events.seen} == set(spans.entered)

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_one_call_is_one_pair_of_legacy_events(self, llm: LLM, call: Call) -> None:
        debug = watched(llm)
        await call.responses(llm)
        assert [len(pair) for pair in debug.get_event_pairs(CBEventType.LLM)] == [2]

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_one_call_is_one_token_count(self, llm: LLM, call: Call) -> None:
        counter = TokenCountingHandler()
        watched(llm, counter)
        await call.responses(llm)
        assert len(counter.llm_token_counts) == 1
        assert counter.prompt_llm_token_count > 0
        assert counter.completion_llm_token_count > 0

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_one_call_takes_the_rate_limiter_once(self, call: Call) -> None:
        limiter = Limiter()
        await call.responses(self.make(rate_limiter=limiter))
        assert limiter.taken == ["async" if call.is_async else "sync"] * self.attempts

    @pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
    async def test_every_attempt_takes_the_rate_limiter_once(self, call: Call) -> None:
        limiter = Limiter()
        llm = self.make(rate_limiter=limiter)
        self.need(self.fail_once, "fail_once")()
        await call.responses(llm)
        assert limiter.taken == ["async" if call.is_async else "sync"] * self.attempts * 2

    @pytest.mark.parametrize("call", STREAMS, ids=lambda call: call.name)
    async def test_a_stream_left_early_is_no_end_event(self, llm: LLM, call: Call) -> None:
        with recorded() as (events, _):
            stream: Any = call.begin(llm, LONG)
            if call.is_async:
                stream = await stream
                await anext(stream)
                await stream.aclose()
            else:
                next(stream)
                stream.close()
        assert events.counts["ExceptionEvent"] == 1
        assert events.counts["LLMChatEndEvent"] + events.counts["LLMCompletionEndEvent"] == 0

    async def test_no_event_shows_a_secret(self) -> None:
        llm = self.make(**self.secrets)
        debug = watched(llm)
        with recorded() as (events, _):
            await CALLS[3].responses(llm)
            CALLS[4].begin(llm)
        shown = "".join(event.model_dump_json(fallback=str) for event in events.seen)
        shown += "".join(str(event.payload) for event in debug.get_events())
        assert [text for text in self.secret_texts if text in shown] == []
