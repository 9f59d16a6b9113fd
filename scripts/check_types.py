"""Every public name of the packages must have a known type: pyright's completeness score has to be 100 %."""

import json
import os
import subprocess
import sys
from pathlib import Path


def score(package: str) -> tuple[float, list[str]]:
    """A package's completeness score (0 to 1), and what is missing.

    Args:
        package: Name of a package in the current folder.
    """
    commands = Path(sys.executable).parent
    # It asks the first python on PATH where packages are, whatever --pythonpath says.
    places = {"PYTHONPATH": str(Path.cwd()), "PATH": f"{commands}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(  # noqa: S603  # the command is ours
        [commands / "basedpyright", "--outputjson", "--ignoreexternal", "--verifytypes", package],
        env={**os.environ, **places},
        capture_output=True,
        text=True,
        check=False,
    )
    report = json.loads(done.stdout)["typeCompleteness"]
    missing = [
        f"{symbol['name']}: {item['message']}"
        for symbol in report["symbols"]
        if symbol["isExported"] and not symbol["isTypeKnown"]
        for item in symbol["diagnostics"]
    ]
    return report["completenessScore"], missing


def main(packages: list[str]) -> int:
    """Prints each package's score and what is missing.

    Args:
        packages: Names of packages in the current folder.

    Returns:
        0 if all scores are 100 %, else 1.
    """
    scores = {package: score(package) for package in packages}
    for package, (value, missing) in scores.items():
        sys.stdout.write(f"{package}: {value:.1%} of the public names have a known type\n")
        sys.stdout.write("".join(f"  {line}\n" for line in missing))
    return 0 if scores and all(value == 1 for value, _ in scores.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
