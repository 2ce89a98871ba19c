"""Runs what our pages (*.md and docs/*.md) show, so that a page cannot promise what does not work.

Each page gets an empty folder, in which its blocks are taken in order:

    ```console          lines that begin with `$ goexplore` are run; those that begin with
                        `$ make` must name targets of the Makefile; other lines are output
    ```console fails    the same, and each command must end with exit status 1 or 2, and say
                        why without a traceback
    ```python run       the block is run
    ```toml run.toml    the block becomes a file of that name

Any other block is left alone; what needs a key or never ends is shown as ```sh.
"""

# ruff: noqa: INP001, T201 -- a script that prints

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300
BLOCK = re.compile(r"^```(\w+)([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONTINUED = re.compile(r"\s*\\\n(?:> )?\s*")
TRACEBACK = "Traceback (most recent call last)"
PROMPTED = re.compile(r"^\$ ((?:goexplore|make)\b.*)$", re.MULTILINE)


def main() -> int:
    """Check every page; the exit status is 1 if a command did not do as its page says."""
    pages = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/*.md"))]
    wrong = 0
    for page in pages:
        with TemporaryDirectory(prefix="goexplore-docs-") as folder:
            wrong += sum(not good for good in check(page, Path(folder)))
    print(f"{len(pages)} pages, {wrong} wrong commands")
    return min(wrong, 1)


def check(page: Path, folder: Path) -> Iterator[bool]:
    """Take the blocks of a page in order; for each command, whether it did as the page says."""
    text = page.read_text(encoding="utf-8")
    for block in BLOCK.finditer(text):
        language, words, body = block[1], block[2].split(), block[3]
        place = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, block.start()) + 1}"
        if words and re.fullmatch(r"[\w-]+\.\w+", words[0]):
            (folder / words[0]).write_text(body, encoding="utf-8")
        for shown, command, home in commands(language, words, body, folder):
            status, output = run(command, home)
            # 1 and 2 are our own; more means that the command is missing, was killed or too slow.
            good = status in ((1, 2) if "fails" in words else (0,)) and TRACEBACK not in output
            print(f"{'ok   ' if good else 'WRONG'} {place}: {shown}", flush=True)
            if not good:
                print(f"{output}\n(exit status {status})", flush=True)
            yield good


def commands(
    language: str, words: Sequence[str], body: str, folder: Path
) -> Iterator[tuple[str, Sequence[str], Path]]:
    """What a block asks to be run: as shown, as arguments, and where."""
    if language == "python" and "run" in words:
        yield "python", [sys.executable, "-c", body], folder
    if language != "console":
        return
    for line in PROMPTED.findall(CONTINUED.sub(" ", body)):
        shell = ["bash", "-o", "pipefail", "-c"]
        if line.startswith("make"):
            yield line, [*shell, line.replace("make", "make --dry-run", 1)], ROOT
        else:
            yield line, [*shell, line], folder


def run(command: Sequence[str], folder: Path) -> tuple[int, str]:
    """The exit status and the output of a command; 124 for one that took too long."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "HOME": str(folder), "COLUMNS": "100"}
    # A file and no pipe: what a killed command leaves running would hold the pipe open.
    with TemporaryFile() as output:
        try:
            status = subprocess.run(  # noqa: S603 -- the pages are ours
                command,
                cwd=folder,
                env=environment,
                timeout=SECONDS,
                check=False,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ).returncode
        except subprocess.TimeoutExpired:
            status = 124
        output.seek(0)
        return status, output.read().decode(errors="replace").rstrip()


if __name__ == "__main__":
    sys.exit(main())
