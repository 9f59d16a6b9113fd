"""The measure of section "Style" in CONTRIBUTING.md: short functions, short files, short providers.

A code line holds a token that is neither comment nor docstring. A function's signature is not counted, nor are the
lines of functions nested in it. Complexity is ruff's concern (C901).
"""

import ast
import io
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

MAX_FUNCTION = 25
MAX_FILE = 300
MAX_PROVIDER = 100
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def code_lines(source: str) -> set[int]:
    """Numbers of the lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    return lines - set(_docstring_lines(ast.parse(source)))


def _docstring_lines(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, *_FUNCTIONS)) and ast.get_docstring(node) is not None:
            text = node.body[0]
            yield from range(text.lineno, (text.end_lineno or text.lineno) + 1)


def _body(node: ast.AST) -> set[int]:
    body: list[ast.stmt] = getattr(node, "body", [])
    return set(range(body[0].lineno, (body[-1].end_lineno or body[-1].lineno) + 1))


def complaints(path: Path, source: str) -> Iterator[str]:
    """What is too long in a file, a line each."""
    lines = code_lines(source)
    limit = MAX_PROVIDER if "providers" in path.parts else MAX_FILE
    if len(lines) > limit:
        yield f"{path}: {len(lines)} code lines, the limit is {limit}"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _FUNCTIONS):
            nested = [_body(inner) for inner in ast.walk(node) if isinstance(inner, _FUNCTIONS) and inner is not node]
            length = len((lines & _body(node)).difference(*nested))
            if length > MAX_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {length} code lines, the limit is {MAX_FUNCTION}"


def main(folders: list[str]) -> int:
    """Prints what is too long below the folders.

    Args:
        folders: Folders to look through.

    Returns:
        1 if anything is too long, else 0.
    """
    files = sorted(path for folder in folders for path in Path(folder).rglob("*.py"))
    found = [line for path in files for line in complaints(path, path.read_text(encoding="utf-8"))]
    sys.stdout.write("".join(f"{line}\n" for line in found) or f"{len(files)} files are of good size\n")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
