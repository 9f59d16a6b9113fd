"""What an LLM promises of its calls, all of it in one class; the parts live in a module each."""

from kit.agents import Agents
from kit.answers import Answers
from kit.conversations import Conversations
from kit.failures import Failures
from kit.loops import Loops
from kit.programs import Programs
from kit.reports import Reports
from kit.shown import Shown
from kit.tools import Tools


class LLMIntegrationTests(Answers, Conversations, Reports, Loops, Failures, Tools, Programs, Agents, Shown):
    """Needs a server that answers, and gives the same question the same answer."""
