"""Names of a package that are loaded when they are first asked for."""

import importlib
import sys
from collections.abc import Callable, Mapping

__all__ = ["late_names"]


def late_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The ``__getattr__`` and the ``__dir__`` of a package; hide them from type checkers, which would allow any name.

    Args:
        package: Its name.
        modules: In which of its modules each name is; a module that is a name itself stands for itself.
    """

    def load(name: str) -> object:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        module = importlib.import_module(f"{package}.{modules[name]}")
        found = module if modules[name] == name else getattr(module, name)
        setattr(sys.modules[package], name, found)  # asked for once
        return found

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *modules})

    return load, names
