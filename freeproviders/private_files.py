"""Files that are for their owner's eyes alone, written whole or not at all."""

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["write_privately"]


def write_privately(path: Path, text: str) -> None:
    """Writes a file anew, as UTF-8 and for its owner alone.

    A file beside it takes its name in the end: a reader meets the old one or the new one, never half of one.

    Args:
        path: The file; its folder exists.
        text: All of its content.

    Raises:
        OSError: If it cannot be written; then it is as it was.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # its mode is 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
