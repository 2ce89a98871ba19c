"""What every sandbox promises; see `sandboxes.base.Sandbox`.

To test an implementation, derive a class named `Test...` from `SandboxContract` and give it a
fixture `lend`.
"""

import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Timer

import pytest

from sandboxes.base import Command, Death, Function, Sandbox, Script
from sandboxes.limits import MIB, ExportCaps, Limits

Lend = Callable[[], AbstractContextManager[Sandbox]]

SQUARE = {"main.py": "def solve(n):\n    return n * n\n"}
SOLVE = Function(file="main.py", name="solve")
MAIN = Script(file="main.py")

# The pattern is none of the marks that it finds.
MARKS_IN_MEMORY = r"""
import ctypes, re
def solve(case):
    parts = [line.split() for line in open('/proc/self/maps') if ' rw-p ' in line]
    bounds = [[int(bound, 16) for bound in part[0].split('-')] for part in parts]
    return any(
        re.search(rb'g\0?x\0?-\0?m\0?a\0?r\0?k\0?-\0?[0-9]', ctypes.string_at(start, end - start))
        for start, end in bounds
    )
"""


class SandboxContract:
    """The tests of the contract. `sees_holes`: false where the kernel does not tell of them."""

    sees_holes = True

    @pytest.fixture
    def lend(self) -> Lend:
        """Lends a sandbox at every call, with 160 MiB of memory and 16 MiB of disk."""
        raise NotImplementedError

    # Programs

    def test_what_a_program_writes_and_its_status_come_back(self, lend: Lend) -> None:
        with lend() as sandbox:
            done = sandbox.run(Command(words=("sh", "-c", "echo out; echo err >&2; exit 3")))

        assert (done.status, done.signal, done.death, done.ok) == (3, 0, None, False)
        assert (done.stdout, done.stderr) == (b"out\n", b"err\n")

    def test_a_signal_is_told_from_a_status(self, lend: Lend) -> None:
        with lend() as sandbox:
            done = sandbox.run(Command(words=("sh", "-c", "kill -SEGV $$")))

        assert (done.status, done.signal) == (0, 11)

    def test_a_program_that_is_not_there_is_an_answer(self, lend: Lend) -> None:
        with lend() as sandbox:
            done = sandbox.run(Command(words=("no-such-program",)))

        assert done.status == 127
        assert b"not found" in done.stderr

    def test_a_script_runs_as_the_interpreter_runs_it(self, lend: Lend) -> None:
        code = (
            "import sys, helper\nprint(__name__, sys.argv[1:], helper.WORD)\n"
            "import atexit; atexit.register(print, 'last')\nsys.exit(4)\n"
        )
        with lend() as sandbox:
            sandbox.write({"main.py": code, "helper.py": "WORD = 'helped'\n"})
            done = sandbox.run(Script(file="main.py", arguments=("a", "b")))

        assert done.stdout == b"__main__ ['a', 'b'] helped\nlast\n"
        assert done.status == 4

    def test_a_traceback_shows_the_candidate_and_nothing_of_ours(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.write({"main.py": "def f():\n    return 1 / 0\nf()\n"})
            done = sandbox.run(MAIN)

        assert done.status == 1
        assert b"ZeroDivisionError" in done.stderr
        assert b"sandboxes/inside" not in done.stderr

    def test_only_the_end_of_much_output_is_kept(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.write({"main.py": "print('x' * 5000)\nprint('the end')\n"})
            done = sandbox.run(MAIN, Limits(kept=20))

        assert done.stdout.endswith(b"the end\n")
        assert (len(done.stdout), done.stdout_bytes) == (20, 5009)

    def test_no_output_need_be_kept(self, lend: Lend) -> None:
        with lend() as sandbox:
            done = sandbox.run(Command(words=("echo", "out")), Limits(kept=0))

        assert (done.stdout, done.stdout_bytes) == (b"", 4)

    def test_a_sandbox_can_be_left_while_a_program_runs(self, lend: Lend) -> None:
        def interrupted(sandbox: Sandbox) -> None:
            timer = Timer(0.5, lambda: signal.raise_signal(signal.SIGALRM))
            timer.start()
            sandbox.run(Command(words=("sleep", "20")))

        def ring(*_: object) -> None:
            raise LookupError("enough")

        before = signal.signal(signal.SIGALRM, ring)
        try:
            with lend() as sandbox, pytest.raises(LookupError, match="enough"):
                interrupted(sandbox)
        finally:
            signal.signal(signal.SIGALRM, before)
        began = time.monotonic()
        with lend() as sandbox:
            done = sandbox.run(Command(words=("true",)))

        assert done.ok
        assert time.monotonic() - began < 10

    def test_a_program_sees_no_variable_of_the_host(
        self, lend: Lend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GOEXPLORE_SECRET_KEY", "sk-secret")
        with lend() as sandbox:
            done = sandbox.run(Command(words=("env",)), environment={"GIVEN": "1"})

        assert b"sk-secret" not in done.stdout
        assert b"GIVEN=1" in done.stdout

    def test_standard_input_is_empty(self, lend: Lend) -> None:
        with lend() as sandbox:
            done = sandbox.run(Command(words=("cat",)))

        assert (done.ok, done.stdout) == (True, b"")

    # Limits

    @pytest.mark.parametrize(
        ("code", "death"),
        [
            ("while True: pass", Death.TIME),
            ("kept = [b'x' * (16 << 20) for _ in range(40)]", Death.MEMORY),
            ("import os\nwhile True: os.write(1, b'x' * 65536)", Death.OUTPUT),
            (
                "for n in range(40): open(f'{n}', 'wb').write(b'x' * (1 << 20))\n",
                Death.DISK,
            ),
        ],
        ids=["time", "memory", "output", "disk"],
    )
    def test_a_limit_ends_a_program_and_is_named(
        self, lend: Lend, code: str, death: Death, request: pytest.FixtureRequest
    ) -> None:
        self.unless_unlimited(request, death)
        with lend() as sandbox:
            sandbox.write({"main.py": code})
            done = sandbox.run(MAIN, Limits(seconds=5 if death != Death.TIME else 0.5))

        assert not done.ok
        assert done.death == death

    def unless_unlimited(self, request: pytest.FixtureRequest, death: Death) -> None:
        """Skip where a kind says that it does not name this limit."""

    def test_a_program_that_meets_no_limit_is_not_blamed_for_one(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.write({"main.py": "raise SystemExit(9)"})
            done = sandbox.run(MAIN)

        assert (done.status, done.death) == (9, None)

    def test_a_limit_that_was_met_is_not_laid_to_the_next_candidate(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.write({"main.py": "kept = [b'x' * (16 << 20) for _ in range(40)]"})
            sandbox.run(MAIN)
        with lend() as sandbox:
            sandbox.write({"main.py": "raise SystemExit(1)"})
            done = sandbox.run(MAIN)

        assert (done.status, done.death) == (1, None)

    # Nothing is left

    def test_what_a_program_started_ends_with_it(self, lend: Lend) -> None:
        code = (
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(0.5)\n"
            "    open('alive', 'w').close()\n"
        )
        with lend() as sandbox:
            sandbox.write({"main.py": code})
            sandbox.run(MAIN)
            sandbox.run(Command(words=("sleep", "1")))
            found = sandbox.export()

        assert "alive" not in found.files

    def test_the_next_candidate_finds_nothing_of_the_last(self, lend: Lend) -> None:
        leave = (
            "import os\nfor folder in ('.', os.environ['TMPDIR']):\n"
            "    os.makedirs(folder + '/a/b'); open(folder + '/a/b/left', 'w').write('x')\n"
            "    os.chmod(folder + '/a', 0)\n"
        )
        look = "import os\nprint(sorted(os.listdir('.')), os.listdir(os.environ['TMPDIR']))\n"
        seen: list[bytes] = []
        for _ in range(3):
            with lend() as sandbox:
                sandbox.write({"main.py": look, "leave.py": leave})
                seen.append(sandbox.run(MAIN).stdout)
                assert sandbox.run(Script(file="leave.py")).ok

        assert seen == [b"['leave.py', 'main.py'] []\n"] * 3

    # Files

    def test_files_go_in_and_come_back(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.write({"a/b.txt": "größer\n", "c": bytes(range(256))})
            sandbox.run(Command(words=("sh", "-c", "cp c a/d; echo x > e")))
            whole, named = sandbox.export(), sandbox.read(["a/b.txt", "not there"])

        assert whole.files == {
            "a/b.txt": "größer\n".encode(),
            "c": bytes(range(256)),
            "a/d": bytes(range(256)),
            "e": b"x\n",
        }
        assert named.files == {"a/b.txt": "größer\n".encode()}

    def test_a_file_can_be_a_program(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.write({"run": "#!/bin/sh\necho ran\n"}, executable=("run",))
            done = sandbox.run(Command(words=("./run",)))

        assert done.stdout == b"ran\n"

    @pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", "", "a//b", "a\nb", "a/./b"])
    def test_a_path_that_leads_out_is_refused(self, lend: Lend, path: str) -> None:
        with lend() as sandbox, pytest.raises(ValueError, match="cannot be written"):
            sandbox.write({path: "x"})

    def test_nothing_is_written_through_a_link_of_the_candidates(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.run(Command(words=("sh", "-c", "mkdir d; ln -s d l; ln -s d/x f")))
            sandbox.write({"f": "ours"})
            found = sandbox.export()

        assert found.files == {"f": b"ours"}

    def test_links_devices_and_pipes_do_not_come_back(self, lend: Lend) -> None:
        make = "ln -s /etc/passwd l; ln -s /etc d; mkfifo p; echo x > h; ln h i; echo y > good"
        with lend() as sandbox:
            sandbox.run(Command(words=("sh", "-c", make)))
            whole, named = sandbox.export(), sandbox.read(["l", "d/passwd", "p", "h"])

        assert whole.files == {"good": b"y\n"}
        assert set(whole.refused) == {"l", "d", "p", "h", "i"}
        assert named.files == {}

    def test_no_more_comes_back_than_was_agreed(self, lend: Lend) -> None:
        code = (
            "open('big', 'wb').write(b'x' * 5000)\nopen('hole', 'wb').truncate(1 << 20)\n"
            "for n in range(9): open(f'small{n}', 'wb').write(b'x' * 1000)\n"
        )
        with lend() as sandbox:
            sandbox.write({"main.py": code})
            sandbox.run(MAIN)
            found = sandbox.export(ExportCaps(file=4000, total=6000, count=100))
            holes = sandbox.read(["hole"], ExportCaps(file=2 * MIB))

        assert sum(map(len, found.files.values())) <= 6000
        assert "big" in found.refused
        assert holes.refused == ({"hole": "has holes"} if self.sees_holes else {})

    def test_a_git_repository_does_not_come_back(self, lend: Lend) -> None:
        make = "mkdir -p .git/objects b/refs/x; touch .git/HEAD .git/config b/HEAD b/config good"
        with lend() as sandbox:
            sandbox.run(Command(words=("sh", "-c", make)))
            found = sandbox.export()

        assert set(found.files) == {"good"}

    def test_files_without_room_make_the_program_fail(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.write({f"f{n}": b"x" * MIB for n in range(30)})
            done = sandbox.run(Command(words=("true",)))

        self.assert_no_room(done.death)

    def assert_no_room(self, death: Death | None) -> None:
        """Where the disk is limited, it was full."""
        assert death is Death.DISK

    # Cases

    def test_cases_are_answered_one_at_a_time(self, lend: Lend) -> None:
        with lend() as sandbox:
            sandbox.write(SQUARE)
            answered = sandbox.ask(SOLVE, [1, 2, 30])

        assert [answer.line for answer in answered.answers] == [b"1", b"4", b"900"]
        assert answered.completed.ok
        assert answered.fault == ""

    def test_any_program_can_answer(self, lend: Lend) -> None:
        loop = "while read -r line; do echo $((line * 2)) >&3; done"
        with lend() as sandbox:
            answered = sandbox.ask(Command(words=("bash", "-c", loop)), [4, 5])

        assert [answer.line for answer in answered.answers] == [b"8", b"10"]

    def test_a_later_case_cannot_be_read_before_the_one_at_hand_is_answered(
        self, lend: Lend
    ) -> None:
        code = (
            "import os\ndef solve(n):\n    os.set_blocking(0, False)\n"
            "    try:\n        more = os.read(0, 9999)\n    except BlockingIOError:\n"
            "        more = b''\n    os.set_blocking(0, True)\n    return len(more)\n"
        )
        with lend() as sandbox:
            sandbox.write({"main.py": code})
            answered = sandbox.ask(SOLVE, list(range(20)))

        assert {answer.line for answer in answered.answers} == {b"0"}

    def test_a_program_has_in_its_memory_no_later_case_and_nothing_of_who_was_before(
        self, lend: Lend
    ) -> None:
        mark = "gx-mark-4711"
        with lend() as sandbox:
            sandbox.write({"main.py": f"MARK = '{mark}'\n" + SQUARE["main.py"], mark: mark})
            sandbox.run(Script(file="main.py", arguments=(mark,)), environment={"MARK": mark})
            sandbox.ask(SOLVE, [mark])
            sandbox.ask(Command(words=("cat", mark)), [mark])
            sandbox.export()
        with lend() as sandbox:
            sandbox.write({"main.py": MARKS_IN_MEMORY})
            answered = sandbox.ask(SOLVE, ["no mark", mark])

        assert [answer.line for answer in answered.answers] == [b"false", b"true"]

    @pytest.mark.parametrize(
        ("code", "fault"),
        [
            ("import os\nos.write(3, b'1\\n2\\n')\ndef solve(n): return 1\n", "had not been put"),
            ("import os\ndef solve(n):\n    while True: os.write(3, b'x' * 999)\n", "more than"),
        ],
        ids=["ahead", "endless"],
    )
    def test_answers_against_the_rules_end_a_program(
        self, lend: Lend, code: str, fault: str
    ) -> None:
        with lend() as sandbox:
            sandbox.write({"main.py": code})
            answered = sandbox.ask(SOLVE, [1, 2])

        assert fault in answered.fault
        assert answered.completed.death is Death.ANSWERS

    def test_the_time_of_an_answer_is_taken_by_who_put_the_case(self, lend: Lend) -> None:
        code = (
            "import time\nreal = time.sleep\ntime.monotonic = time.time = lambda: 0\n"
            "def solve(n):\n    real(n / 10)\n    return n\n"
        )
        with lend() as sandbox:
            sandbox.write({"main.py": code})
            answered = sandbox.ask(SOLVE, [0, 3])

        assert answered.answers[1].seconds >= 0.29
        assert answered.answers[1].seconds > answered.answers[0].seconds

    def test_a_case_that_is_no_json_is_refused(self, lend: Lend) -> None:
        with lend() as sandbox, pytest.raises(ValueError, match="JSON"):
            sandbox.ask(SOLVE, [float("nan")])

    def test_a_program_that_is_none_is_refused(self, lend: Lend) -> None:
        with lend() as sandbox, pytest.raises(ValueError, match="is no program"):
            sandbox.run(Command(words=()))

    def test_a_sandbox_says_what_holds_in_it(self, lend: Lend) -> None:
        with lend() as sandbox:
            assert sandbox.confinement.detail
