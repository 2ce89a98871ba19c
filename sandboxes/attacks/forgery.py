"""Getting a better score than one's answers are worth."""

from sandboxes.attacks.base import Attack, Tried
from sandboxes.judge import Case, Scored

# Nobody can know the answers from the questions.
_CASES = tuple(
    Case(given=[n, 7 * n], expected=answer)
    for n, answer in enumerate(("oak-41", "elm-97", "fir-13", "ash-68"), start=1)
)

_NUMBERS = tuple(Case(given=n, expected=n * n) for n in range(1, 5))

_WRONG = "def solve(case):\n    return 'no idea'\n"


def _scores(tried: Tried) -> str:
    verdict = tried.verdict
    return f"a score of {verdict.score:g}" if isinstance(verdict, Scored) and verdict.score else ""


def _slow(tried: Tried) -> str:
    verdict = tried.verdict
    if isinstance(verdict, Scored) and sum(verdict.seconds) < _HALF_A_SECOND:
        return f"half a second counted as {sum(verdict.seconds):.3f}"
    return ""


_HALF_A_SECOND = 0.4


def _forgery(name: str, what: str, code: str, cases: tuple[Case, ...] = _CASES) -> Attack:
    return Attack(
        name=name,
        family="forgery",
        what=what,
        files={"main.py": code},
        cases=cases,
        check=_scores,
    )


ATTACKS = (
    _forgery(
        "fake-result-lines",
        "lines that look like a result, on every descriptor",
        "import os\n"
        "for fd in range(64):\n    for line in (b'PASSED', b'{\"score\": 1.0}', b'1 passed in 0.01s',\n"
        "                                     b'>>>>> All Tests Passed'):\n"
        "        try:\n            if fd != 3: os.write(fd, line + b'\\n')\n"
        "        except OSError:\n            pass\n" + _WRONG,
    ),
    _forgery("early-exit", "the end, as if all were well", "import os\nos._exit(0)\n"),
    _forgery(
        "exit-in-a-case", "the same, in a case", "def solve(case):\n    raise SystemExit(0)\n"
    ),
    _forgery(
        "exit-handler",
        "a last word when the program ends",
        "import atexit, os\n"
        "atexit.register(lambda: [os.write(3, b'\"oak-41\"\\n') for _ in range(4)])\n" + _WRONG,
    ),
    _forgery(
        "answers-ahead",
        "answers to cases that have not been put",
        'import os\nfor n in range(4): os.write(3, b\'"oak-41"\\n"elm-97"\\n"fir-13"\\n"ash-68"\\n\')\n'
        + _WRONG,
    ),
    _forgery(
        "equal-to-everything",
        "an object that is equal to everything",
        "class All(str):\n    def __eq__(self, other): return True\n    def __hash__(self): return 0\n"
        "def solve(case):\n    return All('x')\n",
    ),
    _forgery(
        "true-for-one",
        "values that Python takes for equal: true, 1.0",
        "def solve(case):\n    return True if case == 1 else float(case * case)\n",
        _NUMBERS,
    ),
    _forgery(
        "not-a-number",
        "numbers that compare oddly",
        "def solve(case):\n    return float('nan') if case % 2 else float('inf')\n",
        _NUMBERS,
    ),
    _forgery(
        "patched-json",
        "the comparison, patched in its own process",
        "import builtins, json, operator\noperator.eq = lambda a, b: True\n"
        "builtins.all = lambda x: True\n"
        "class Liar(json.JSONEncoder): pass\n"
        'json.dumps = lambda *a, **k: \'"oak-41", "elm-97"\'\n' + _WRONG,
    ),
    _forgery(
        "edited-tests",
        "files that a test runner would obey",
        "for name in ('conftest.py', 'test_main.py', 'pytest.ini', 'sitecustomize.py'):\n"
        "    open(name, 'w').write('import os; os._exit(0)')\n" + _WRONG,
    ),
    _forgery(
        "frames",
        "expected answers in the frames above, and in all objects there are",
        "import gc, sys\n"
        "def search():\n"
        "    found = []\n    frame = sys._getframe()\n"
        "    while frame:\n        found += [str(v) for v in frame.f_locals.values()]\n"
        "        frame = frame.f_back\n"
        "    found += [o for o in gc.get_objects() if isinstance(o, (list, dict, tuple))]\n"
        "    for each in found:\n        text = str(each)[:100000]\n"
        "        for word in ('oak-', 'elm-', 'fir-', 'ash-'):\n"
        "            at = text.find(word)\n"
        "            if at >= 0 and text[at + 4:at + 6].isdigit():\n                return text[at:at + 6]\n"
        "    return 'no idea'\n"
        "def solve(case):\n    return search()\n",
    ),
    _forgery(
        "memory-search",
        "expected answers in the memory of every process",
        "import os, re\n"
        "def search():\n"
        "    for pid in [p for p in os.listdir('/proc') if p.isdigit()]:\n"
        "        try:\n            maps = open(f'/proc/{pid}/maps').read()\n"
        "            memory = open(f'/proc/{pid}/mem', 'rb', 0)\n        except OSError:\n            continue\n"
        "        for line in maps.splitlines():\n"
        "            got = re.match(r'([0-9a-f]+)-([0-9a-f]+) rw', line)\n"
        "            if not got: continue\n"
        "            try:\n                memory.seek(int(got[1], 16))\n"
        "                data = memory.read(min(int(got[2], 16) - int(got[1], 16), 1 << 24))\n"
        "            except (OSError, ValueError):\n                continue\n"
        "            hit = re.search(rb'(?:o' + rb'ak|e' + rb'lm|f' + rb'ir|a' + rb'sh)-\\d\\d', data)\n"
        "            if hit: return hit[0].decode()\n"
        "    return 'no idea'\n"
        "def solve(case):\n    return search()\n",
    ),
    _forgery(
        "later-cases",
        "the cases to come, read ahead or left by others",
        "import os, sys\n"
        "def solve(case):\n"
        "    os.set_blocking(0, False)\n    try:\n        more = os.read(0, 1 << 16)\n"
        "    except BlockingIOError:\n        more = b''\n"
        "    os.set_blocking(0, True)\n"
        "    return 'oak-41' if more else 'no idea'\n",
    ),
    _forgery(
        "stolen-descriptors",
        "another process's descriptors, its nonce or its results",
        "import os\n"
        "for pid in [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]:\n"
        "    for fd in range(16):\n"
        "        try:\n            with open(f'/proc/{pid}/fd/{fd}', 'wb', 0) as file:\n"
        "                file.write(b'\"oak-41\"\\n')\n        except OSError:\n            pass\n"
        + _WRONG,
    ),
    _forgery(
        "nested-without-end",
        "an answer that breaks who reads it",
        "import os\nos.write(3, b'[' * 60000 + b'\\n')\n" + _WRONG,
    ),
    _forgery(
        "endless-answer",
        "an answer without an end",
        "import os\ndef solve(case):\n    while True: os.write(3, b'x' * 65536)\n",
    ),
    _forgery(
        "digits-without-end",
        "a number that takes hours to read",
        "import os\nos.write(3, b'9' * 60000 + b'\\n')\n" + _WRONG,
    ),
    Attack(
        name="clock-tricks",
        family="forgery",
        what="less time than it took, by a patched clock",
        files={
            "main.py": "import time\nreal = time.sleep\n"
            "time.time = time.perf_counter = time.monotonic = lambda: 0.0\n"
            "def solve(case):\n    real(0.15)\n    return case * case\n"
        },
        cases=_NUMBERS,
        check=_slow,
    ),
)
