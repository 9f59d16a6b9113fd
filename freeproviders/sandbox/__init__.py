"""A strict local server that speaks every provider's wire protocol, for tests and offline work.

Written from `docs/wire` alone. It imports nothing else of this project, so client and server cannot share a mistake.
"""

from freeproviders.sandbox.brain import Brain, Question
from freeproviders.sandbox.forwarding_brain import ForwardingBrain
from freeproviders.sandbox.received import Received
from freeproviders.sandbox.rule_brain import RuleBrain
from freeproviders.sandbox.scenario import Scenario
from freeproviders.sandbox.scripted_brain import ScriptedBrain
from freeproviders.sandbox.server import Sandbox
from freeproviders.sandbox.settings import Settings

__all__ = [
    "Brain",
    "ForwardingBrain",
    "Question",
    "Received",
    "RuleBrain",
    "Sandbox",
    "Scenario",
    "ScriptedBrain",
    "Settings",
]
