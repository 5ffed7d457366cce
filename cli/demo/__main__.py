"""`python -m cli.demo`: runs the story in build/demo and exits with 1 if any line of it is not true."""

import shutil
import sys
from pathlib import Path

from cli.demo.narrator import Narrator
from cli.demo.story import tell

FOLDER = Path("build/demo")


def main() -> int:
    """Run the demo from the repository's folder."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    tell(Narrator(), FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
