"""The built-in brain: the order in which the rules are tried. The rules themselves live in `rules`."""

from __future__ import annotations

from collections.abc import Callable

from freeproviders.sandbox.agent.playing import play
from freeproviders.sandbox.brain import Question
from freeproviders.sandbox.rules import extract, memory, orders, talk, tasks
from freeproviders.sandbox.rules.case import Case, read

Rule = Callable[[Case], str | None]

_RULES: tuple[Rule, ...] = (
    # prompts of frameworks come first: the texts inside them may look like anything else
    extract.refine,
    extract.answer,
    extract.summary,
    tasks.condense,
    tasks.keywords,
    tasks.choose,
    tasks.rate,
    # then what a user writes
    orders.exact,
    memory.recall,
    talk.arithmetic,
    extract.from_system,
    memory.acknowledge,
    talk.lists,
    talk.small_talk,
)


class RuleBrain:
    """A small rule-based responder. It is not a language model and never pretends to be one.

    It works on the text it is given and nothing else, and always answers the same question in the same way:

    - "reply with exactly: X" and 'say exactly "X"' are obeyed;
    - a prompt with a context (LlamaIndex's question, refine and summary prompts, LangChain's, or one in the system
      text) is answered with the one to three sentences that share the most telling words with the query;
    - LlamaIndex's condense, keyword, choice and rating prompts are answered in their formats;
    - what the user said earlier ("my name is …", "I like …", "remember that …") is recalled when asked for;
    - sums, greetings, a joke, a haiku, counting and short lists;
    - else it says what it is, and repeats the question's key words.

    It also plays an agent's model: where the prompt offers tools, it writes calls in the form that is asked for, and
    answers from their results; where the prompt asks for JSON of a given form, it answers so.

    A transcript inside the text ("User: …", "Assistant: …") is read as a conversation.
    """

    def __call__(self, question: Question) -> str:
        """Answer a question.

        Args:
            question: The question.

        Returns:
            The answer, never empty.
        """
        case = read(question)
        return play(case, _ordinary, question) or _ordinary(case)

    def __repr__(self) -> str:
        return "RuleBrain()"


def _ordinary(case: Case) -> str:
    return next(filter(None, (rule(case) for rule in _RULES)), None) or talk.fallback(case)
