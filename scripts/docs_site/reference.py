"""The pages of the reference: one for each public module, with all that its ``__all__`` names."""

import importlib
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import PurePosixPath
from types import ModuleType

from scripts.docs_site.docstrings import markdown
from scripts.docs_site.tables import table

__all__ = ["MODULES", "names", "pages"]

# By what a reader wants. The first name of each row is the module.
MODULES: dict[str, tuple[str, ...]] = {
    "LangChain": ("langchain_freeproviders", "langchain_freeproviders.chat"),
    "LlamaIndex": (
        "llamaindex_freeproviders",
        "llamaindex_freeproviders.service",
        "llamaindex_freeproviders.instrumentation",
    ),
    "The core": (
        "freeproviders",
        "freeproviders.errors",
        "freeproviders.images",
        "freeproviders.limits",
        "freeproviders.limit_stores",
        "freeproviders.breaker",
        "freeproviders.reports",
        "freeproviders.telemetry",
        "freeproviders.checking",
        "freeproviders.notices",
        "freeproviders.presets",
        "freeproviders.registry",
        "freeproviders.listing",
        "freeproviders.notebook",
        "freeproviders.tools",
    ),
    "For tests": ("freeproviders.sandbox", "freeproviders.testing"),
    "For providers": (
        "freeproviders.wire",
        "freeproviders.provider",
        "freeproviders.settings",
        "freeproviders.decode",
        "freeproviders.prompts",
        "freeproviders.screening",
        "freeproviders.status",
        "freeproviders.providers.pi",
        "freeproviders.providers.pizzagpt",
        "freeproviders.providers.aichats",
        "freeproviders.providers.yqcloud",
        "freeproviders.providers.flowgpt",
        "freeproviders.providers.openai_compatible",
        "freeproviders.sandbox.service",
        "freeproviders.sandbox.answer",
        "freeproviders.sandbox.checks",
    ),
}

# Pages that show what their classes inherit too: those of other modules would say the same again and again.
_WHOLE = ("freeproviders", "langchain_freeproviders.chat", "llamaindex_freeproviders.service")


def names(module: ModuleType) -> list[str]:
    """The public names of a module: ``__all__``, or what it defines itself without an underscore; no modules."""
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
    found = getattr(module, "__all__", None) or [name for name in own if not name.startswith("_")]
    return [name for name in found if not isinstance(getattr(module, name), ModuleType)]


def pages() -> Iterator[tuple[PurePosixPath, str]]:
    """A page that lists the modules, and one for each."""
    found = {group: [importlib.import_module(name) for name in members] for group, members in MODULES.items()}
    lists = [f"## {group}\n\n{table(['Module', ''], map(_line, modules))}\n" for group, modules in found.items()]
    yield PurePosixPath("reference/index.md"), _INTRODUCTION + "\n".join(lists)
    for modules in found.values():
        for module in modules:
            yield PurePosixPath(f"reference/{module.__name__}.md"), _page(module)


_INTRODUCTION = """# Reference

Every public name, from the code. What may change in a release and what may not:
[compatibility](../project/security.md#compatibility).

"""


def _line(module: ModuleType) -> list[str]:
    first = cleandoc(module.__doc__ or "").partition("\n\n")[0].replace("\n", " ").replace("``", "`")
    return [f"[`{module.__name__}`]({module.__name__}.md)", first]


def _page(module: ModuleType) -> str:
    more = "    options:\n      inherited_members: true\n" if module.__name__ in _WHOLE else ""
    members = "".join(f"\n::: {module.__name__}.{name}\n{more}" for name in names(module))
    return f"# `{module.__name__}`\n\n{_introduction(module)}\n{members}"


def _introduction(module: ModuleType) -> str:
    return markdown(cleandoc(module.__doc__ or "")).replace("``", "`") + "\n"
