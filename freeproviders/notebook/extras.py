"""The libraries that the extra ``notebook`` brings, imported where they are needed."""

import importlib
from typing import Any

from freeproviders.errors import InvalidSetting

__all__ = ["optional"]


def optional(module: str, purpose: str) -> Any:
    """A module that the core does without.

    Args:
        module: Its full name.
        purpose: What it is needed for, for the error.

    Raises:
        InvalidSetting: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        package = module.partition(".")[0].replace("markdown_it", "markdown-it-py")
        raise InvalidSetting(f"{purpose} needs {package}: pip install 'freeproviders[notebook]'") from error
