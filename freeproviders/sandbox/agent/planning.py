"""Which calls an agent makes next: the pieces of the question in their order, less what was called already."""

from __future__ import annotations

import re
from collections.abc import Iterator

from freeproviders.sandbox.agent import handoff
from freeproviders.sandbox.agent.choosing import ENOUGH, best, pieces, refers_back, resolved, score
from freeproviders.sandbox.agent.coordinated import numbers_wanted, variants
from freeproviders.sandbox.agent.facts import Facts, known
from freeproviders.sandbox.agent.filling import filled
from freeproviders.sandbox.agent.offer import Tool
from freeproviders.sandbox.agent.scene import Scene
from freeproviders.sandbox.agent.step import Step

_CLASS_NAME = re.compile(r"(?!Get|Add|Search|Find|Fetch|Send|Create|Make|Run)[A-Z][a-z0-9]+(?:[A-Z]+[a-z0-9]*)*")
_FOLLOWS = re.compile(r"\s*(?:and|what about|how about)\b", re.IGNORECASE)


def next_calls(scene: Scene) -> list[Step]:
    """Plan the next calls.

    Args:
        scene: The agent's situation.

    Returns:
        The calls; none if an ordinary answer, or one from the results, is to be given.
    """
    if any(step.failed for step in scene.steps) and not scene.offer.forced:
        return []
    calls = _planned(scene, _workers(scene))
    if not calls:
        calls = _handed(scene)
    if not calls and scene.offer.forced:
        calls = [_forced(scene)]
    return calls[:1] if scene.offer.single else calls


def results(scene: Scene) -> list[Step]:
    """Give the steps whose results an answer is made of."""
    hidden = {tool.name for tool in scene.offer.tools if handoff.hands_off(tool)}
    return [step for step in scene.steps if step.result is not None and step.name not in hidden]


def answer_facts(scene: Scene) -> Facts:
    """Give what a structured answer is made of: the results first, then the question."""
    told = [step.result or "" for step in results(scene) if not step.failed]
    if not told:
        return Facts(scene.question)
    text = "\n".join(told)
    return Facts(f"{text}\n{scene.question}", whole=text, known=known(told))


def _planned(scene: Scene, tools: list[Tool]) -> list[Step]:
    pool, waiting = list(scene.steps), list[Step]()
    previous: str | None = None
    for at, (piece, tool) in enumerate(_chosen(scene, tools)):
        if at and _depends(piece, tool):
            if previous is None:
                break
            piece = resolved(piece, previous)  # noqa: PLW2901
        steps = [_step(tool, one, scene.question) for one in variants(tool, piece)]
        done = [_taken(pool, step) for step in steps]
        waiting += [step for step, was in zip(steps, done, strict=True) if was is None]
        previous = None if None in done or not done[-1] else done[-1].result
    return list({repr(step): step for step in waiting}.values())


def _chosen(scene: Scene, tools: list[Tool]) -> Iterator[tuple[str, Tool]]:
    found = list(_matched(scene.question, tools))
    if not found and scene.before and _FOLLOWS.match(scene.question):
        found = [(scene.question, tool) for _, tool in _matched(scene.before, tools)][:1]
    last = ""
    for piece, tool in found:
        facts = Facts(piece)
        empty = not (facts.numbers or facts.quoted or facts.names)
        # "Is it warm?" after the question for the weather asks for nothing new
        if not (empty and tool.name == last and refers_back(piece)):
            yield piece, tool
        last = tool.name


def _matched(question: str, tools: list[Tool]) -> Iterator[tuple[str, Tool]]:
    for piece in pieces(question, tools):
        found = best(tools, piece)
        if found is not None and found[1] >= ENOUGH:
            yield piece, found[0]


def _depends(piece: str, tool: Tool) -> bool:
    return refers_back(piece) or len(Facts(piece).numbers) < numbers_wanted(tool)


def _step(tool: Tool, piece: str, question: str) -> Step:
    facts = Facts(piece)
    if not (facts.numbers or facts.quoted or facts.names):
        whole = Facts(question)
        facts.numbers, facts.quoted, facts.names = whole.numbers, whole.quoted, whole.names
    return Step(name=tool.name, arguments=filled(tool.schema, facts))


def _taken(pool: list[Step], step: Step) -> Step | None:
    """Take the same call out of the pool; else any of the same tool, whose arguments were changed on the way."""
    same = [done for done in pool if done.name == step.name]
    found = next((done for done in same if done.arguments == step.arguments), next(iter(same), None))
    if found is not None:
        pool.remove(found)
    return found


def _workers(scene: Scene) -> list[Tool]:
    """Give the tools that do something: neither handoffs nor, where a call is forced, the answer's own form."""
    tools = [tool for tool in scene.offer.tools if not handoff.hands_off(tool)]
    return [tool for tool in tools if not (scene.offer.forced and _CLASS_NAME.fullmatch(tool.name))]


def _handed(scene: Scene) -> list[Step]:
    tool = next(filter(handoff.hands_off, scene.offer.tools), None)
    found = None if tool is None else handoff.handed(tool, _workers(scene), scene.question, scene.steps)
    return [] if found is None else [found]


def _forced(scene: Scene) -> Step:
    workers = _workers(scene)
    answers = [tool for tool in scene.offer.tools if tool not in workers and not handoff.hands_off(tool)]
    facts = answer_facts(scene)
    if answers:
        form = max(answers, key=lambda tool: score(tool, facts.text))
        return Step(name=form.name, arguments=filled(form.schema, facts))
    called = {step.name for step in scene.steps}
    fresh = [tool for tool in workers if tool.name not in called] or workers or list(scene.offer.tools)
    tool = max(fresh, key=lambda one: score(one, scene.question))
    return Step(name=tool.name, arguments=filled(tool.schema, Facts(scene.question)))
