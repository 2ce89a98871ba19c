"""A search that judges decide on, for the kill test: `python judged_to_kill.py DATABASE FILE`."""

import json
import sys
from pathlib import Path

from archive.library import Library
from goexplore.config import checked, options, prepare


def main(database: str, file: str) -> None:
    settings = json.loads(Path(file).read_text())
    config = checked([options(settings | {"archive": {"url": database}})])
    with Library(database) as library, prepare(config, library=library) as run:
        run.engine.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
