"""What an LLM promises of its calls, all of it in one class; the parts live in a module each."""

from kit.answers import Answers
from kit.conversations import Conversations
from kit.failures import Failures
from kit.loops import Loops
from kit.reports import Reports


class LLMIntegrationTests(Answers, Conversations, Reports, Loops, Failures):
    """Needs a server that answers, and gives the same question the same answer."""
