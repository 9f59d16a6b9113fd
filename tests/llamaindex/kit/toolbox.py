"""Tools and objects for the tests that call them."""

import pytest
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel, Field

# llama-index-workflows looks at every member of its agents, the deprecated ones of pydantic too, and asks an agent's
# own step whether it runs.
_OF_WORKFLOWS = (
    "ignore::pydantic.warnings.PydanticDeprecationWarning",
    "ignore:is_running called from within a step:DeprecationWarning",
)


def runs_an_agent(test: object) -> object:
    """Marks a test that runs one of core's agents: the warnings are core's own."""
    for warning in _OF_WORKFLOWS:
        test = pytest.mark.filterwarnings(warning)(test)
    return test


def add(a: int, b: int) -> int:
    """Adds two numbers."""
    return a + b


def shout(text: str) -> str:
    """Says it louder."""
    return text.upper()


def fail(text: str) -> str:
    """Always fails."""
    raise RuntimeError(f"no {text} today")


ADD = FunctionTool.from_defaults(add)
SHOUT = FunctionTool.from_defaults(shout)
FAIL = FunctionTool.from_defaults(fail)
ODD = FunctionTool.from_defaults(add, name="G[int]")


class Person(BaseModel):
    """Somebody."""

    name: str
    age: int


class Crew(BaseModel):
    """Those on a ship."""

    ship: str
    captain: Person
    sailors: list[Person] = Field(default_factory=list)


ZORA = Person(name="Zora", age=7)
