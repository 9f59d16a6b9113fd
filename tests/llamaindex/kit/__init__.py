"""A standard test kit for LlamaIndex LLMs, in the shape of langchain-tests: subclass, describe, run.

``LLMUnitTests`` needs no server, ``LLMIntegrationTests`` needs one that answers. A subclass says what its LLM can do
in properties (``kit.described``); tests select themselves by them. Overriding or deleting a test fails the guard.

    class TestMine(LLMIntegrationTests):
        llm_class = Mine
        supports_streaming = False

        @property
        def llm_params(self):
            return {"api_base": server.url}
"""

from kit.integration import LLMIntegrationTests
from kit.unit import LLMUnitTests

__all__ = ["LLMIntegrationTests", "LLMUnitTests"]
