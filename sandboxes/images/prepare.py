"""Makes the Python of an image ready: finds the packages that came along, compiles everything."""

import compileall
import os
import re
import shutil
import site
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode

HERE = Path("/opt/goexplore")


def main() -> None:
    """Prepare the image. Runs once, while it is built."""
    packages = Path(site.getsitepackages()[0])
    packages.mkdir(parents=True, exist_ok=True)
    (packages / "goexplore.pth").write_text(f"{HERE / 'site'}\n", "utf-8")
    for script in sorted((HERE / "site" / "bin").glob("*")):
        _install(script)
    shutil.rmtree(HERE / "site" / "bin", ignore_errors=True)
    _compile(Path(sysconfig.get_path("stdlib")))
    _compile(HERE)


def _install(script: Path) -> None:
    """Put a program on the path; it was made for another interpreter."""
    text = re.sub(r"\A#!.*", "#!/usr/bin/env python3", script.read_text("utf-8"))
    place = Path("/usr/local/bin") / script.name
    place.write_text(text, "utf-8")
    place.chmod(0o755)


def _compile(folder: Path) -> None:
    # By content: a time of day would have to be the same whenever and wherever it is built.
    mode = PycInvalidationMode.UNCHECKED_HASH
    ignored = re.compile(r"/(test|tests|lib2to3|site-packages|dist-packages)/")
    compileall.compile_dir(
        folder, quiet=2, rx=ignored, workers=os.cpu_count() or 1, invalidation_mode=mode
    )


main()
