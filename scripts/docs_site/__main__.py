"""``python -m scripts.docs_site [--out FOLDER]``: builds the site and looks at what came out."""

import argparse
import sys
from pathlib import Path

from scripts.docs_site import build, inspection


def main(arguments: list[str] | None = None) -> int:
    """Builds the site; prints what is wrong with it, or where it is.

    Returns:
        0 if nothing is wrong, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m scripts.docs_site", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=build.ROOT / ".docs-site", help="folder to build in")
    out = parser.parse_args(arguments).out.resolve()
    done = build.site(out)
    complaints = [done.output] if done.failed else inspection.complaints(out / "site")
    sys.stdout.write("".join(f"{complaint}\n" for complaint in complaints))
    if not complaints:
        sys.stdout.write(f"{out / 'site' / 'index.html'}\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
