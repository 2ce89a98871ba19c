"""Using up what the machine has, and outliving the lease."""

from sandboxes.attacks.base import Attack, Tried, claims, ends_by
from sandboxes.base import Command, Death
from sandboxes.limits import Limits

_SHORT = Limits(seconds=1.0)
_DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3):
            os.close(fd)
        os.execvp("python3", ["python3", "-c", "import time; time.sleep(60)", os.environ["MARK"]])
    os._exit(0)
time.sleep(0.3)
"""


def _processes_stay_few(tried: Tried) -> str:
    if claim := claims(tried):
        return claim
    return "" if tried.completed.stdout_bytes < _A_FEW_LINES else "thousands of processes"


ATTACKS = (
    Attack(
        name="fork-bomb",
        family="exhaustion",
        what="processes without end",
        files={
            "main.py": "import os\nmade = 0\n"
            "try:\n    while made < 2000:\n        if os.fork() == 0:\n"
            "            import time; time.sleep(2); os._exit(0)\n        made += 1\n"
            "except OSError:\n    pass\n"
            "print('BROKEN: 2000 processes' if made >= 2000 else 'held')\n"
        },
    ),
    Attack(
        name="fork-bomb-shell",
        family="exhaustion",
        what="processes that make processes",
        files={"bomb.sh": "f() { f | f & }; f; sleep 30\n"},
        program=Command(words=("bash", "bomb.sh")),
        limits=_SHORT,
        check=_processes_stay_few,
    ),
    Attack(
        name="threads",
        family="exhaustion",
        what="threads without end",
        files={
            "main.py": "import threading, time\nmade = 0\n"
            "threading.stack_size(65536)\n"
            "try:\n    while made < 2000:\n"
            "        threading.Thread(target=time.sleep, args=(2,), daemon=True).start()\n"
            "        made += 1\n"
            "except RuntimeError:\n    pass\n"
            "print('BROKEN: 2000 threads' if made >= 2000 else 'held', flush=True)\n"
            "import os; os._exit(0)\n"
        },
    ),
    Attack(
        name="memory",
        family="exhaustion",
        what="memory of one process",
        files={
            "main.py": "kept = []\nfor _ in range(64):\n    kept.append(b'x' * (16 << 20))\n"
            "print('BROKEN: 1 GiB of memory')\n"
        },
    ),
    Attack(
        name="memory-of-many",
        family="exhaustion",
        what="memory of many processes, each within bounds",
        files={
            "main.py": "import os, time\n"
            "for _ in range(10):\n    if os.fork() == 0:\n"
            "        kept = b'x' * (60 << 20); time.sleep(1)\n"
            "        print('BROKEN: 600 MiB in ten processes', flush=True); os._exit(0)\n"
            "time.sleep(1.5)\n"
        },
        check=lambda tried: (
            claims(tried) if tried.completed.stdout.count(b"BROKEN") >= _MOST_OF_TEN else ""
        ),
    ),
    Attack(
        name="memory-of-files",
        family="exhaustion",
        what="memory that belongs to no process: files that have no name",
        files={
            "main.py": "import os\n"
            "fds = [os.memfd_create(str(n)) for n in range(40)]\n"
            "for fd in fds:\n    os.write(fd, b'x' * (16 << 20))\n"
            "print('BROKEN: 640 MiB in memory files')\n"
        },
    ),
    Attack(
        name="disk",
        family="exhaustion",
        what="the disk, in many files",
        files={
            "main.py": "try:\n    for n in range(40):\n"
            "        open(f'f{n}', 'wb').write(b'x' * (4 << 20))\n"
            "    print('BROKEN: 160 MiB of files')\nexcept OSError:\n    pass\n"
        },
    ),
    Attack(
        name="disk-one-file",
        family="exhaustion",
        what="the disk, in one file",
        files={
            "main.py": "try:\n    with open('f', 'wb') as file:\n        for n in range(40):\n"
            "            file.write(b'x' * (4 << 20))\n"
            "    print('BROKEN: a file of 160 MiB')\nexcept OSError:\n    pass\n"
        },
    ),
    Attack(
        name="disk-elsewhere",
        family="exhaustion",
        what="the disk, outside of the work folder",
        files={
            "main.py": "import os\nfor folder in ('/', '/var/tmp', '/usr', '/opt', '/dev', '/run',"
            " '/etc', '/dev/mqueue', '/sys', '/opt/goexplore'):\n"
            "    try:\n        path = os.path.join(folder, 'goexplore-attack')\n"
            "        open(path, 'wb').write(b'x'); os.unlink(path)\n"
            "        print('BROKEN: wrote in', folder)\n    except OSError:\n        pass\n"
        },
    ),
    Attack(
        name="inodes",
        family="exhaustion",
        what="files without content",
        files={
            "main.py": "try:\n    for n in range(20000):\n        open(f'f{n}', 'w').close()\n"
            "    print('BROKEN: 20,000 files')\nexcept OSError:\n    pass\n"
        },
    ),
    Attack(
        name="output",
        family="exhaustion",
        what="output without end",
        files={"main.py": "import os\nwhile True:\n    os.write(1, b'x' * 65536)\n"},
        check=ends_by(Death.OUTPUT),
    ),
    Attack(
        name="output-errors",
        family="exhaustion",
        what="output of errors without end, and no line break",
        files={"main.py": "import os\nwhile True:\n    os.write(2, b'x' * 65536)\n"},
        check=ends_by(Death.OUTPUT),
    ),
    Attack(
        name="descriptors",
        family="exhaustion",
        what="open files without end",
        files={
            "main.py": "import os\nfds = []\ntry:\n    while len(fds) < 5000:\n"
            "        fds.append(os.open('/dev/null', os.O_RDONLY))\n"
            "    print('BROKEN: 5,000 open files')\nexcept OSError:\n    pass\n"
        },
    ),
    Attack(
        name="time",
        family="exhaustion",
        what="time without end",
        files={"main.py": "while True:\n    pass\n"},
        limits=_SHORT,
        check=ends_by(Death.TIME),
    ),
    Attack(
        name="time-deaf",
        family="exhaustion",
        what="time without end, with every signal ignored",
        files={
            "main.py": "import signal\nfor n in range(1, 65):\n"
            "    try:\n        signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError):\n"
            "        pass\nwhile True:\n    pass\n"
        },
        limits=_SHORT,
        check=ends_by(Death.TIME),
    ),
    Attack(
        name="time-stopped",
        family="exhaustion",
        what="a process that stops itself and never ends",
        files={"main.py": "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n"},
        limits=_SHORT,
        check=ends_by(Death.TIME),
    ),
    Attack(
        name="limits-raised",
        family="exhaustion",
        what="limits of its own, raised",
        files={
            "main.py": "import resource\n"
            "for name in ('NPROC', 'NOFILE', 'FSIZE', 'CORE'):\n"
            "    number = getattr(resource, 'RLIMIT_' + name)\n"
            "    try:\n        resource.setrlimit(number, (1 << 30, 1 << 30))\n"
            "        print('BROKEN: raised', name)\n    except (ValueError, OSError):\n        pass\n"
        },
    ),
    Attack(
        name="deep-folders",
        family="exhaustion",
        what="folders too deep to be removed",
        files={
            "main.py": "import os\ntry:\n    for n in range(400):\n"
            "        os.mkdir('d' * 200); os.chdir('d' * 200)\n"
            "    os.chmod('.', 0)\nexcept OSError:\n    pass\n"
        },
        then={"main.py": "import os\nif os.listdir('.') != ['main.py']: print('BROKEN: left')\n"},
    ),
    Attack(
        name="daemon",
        family="lingering",
        what="a process that outlives the command, in a session of its own",
        files={"main.py": _DAEMON},
    ),
    Attack(
        name="daemon-of-daemons",
        family="lingering",
        what="a chain of processes, each the parent of the next, never still",
        files={
            "main.py": "import ctypes, os, time\n"
            "ctypes.CDLL(None).prctl(15, b'lingerer', 0, 0, 0)\n"
            "if os.fork() == 0:\n    os.setsid()\n    end = time.time() + 20\n"
            "    while time.time() < end:\n        if os.fork():\n            os._exit(0)\n"
            "time.sleep(0.3)\n"
        },
        then={
            "main.py": "import os\nleft = []\n"
            "for p in [p for p in os.listdir('/proc') if p.isdigit()]:\n    try:\n"
            "        if open(f'/proc/{p}/comm').read() == 'lingerer\\n': left.append(p)\n"
            "    except OSError:\n        pass\n"
            "if left: print('BROKEN: processes', left)\n"
        },
    ),
    Attack(
        name="silent-orphan",
        family="lingering",
        what="a child that keeps the output open after its parent has ended",
        files={"main.py": "import os, time\nif os.fork() == 0:\n    time.sleep(30)\n"},
        limits=Limits(seconds=5.0),
        check=lambda tried: "" if tried.completed.seconds < _AT_ONCE else "it was waited for",
    ),
    Attack(
        name="port-left",
        family="lingering",
        what="a listening port for the next candidate",
        files={
            "main.py": "import os, socket, time\nif os.fork() == 0:\n    os.setsid()\n"
            "    s = socket.socket(); s.bind(('127.0.0.1', 45454)); s.listen()\n"
            "    time.sleep(60)\ntime.sleep(0.3)\n"
        },
        then={
            "main.py": "import socket\ns = socket.socket()\n"
            "if s.connect_ex(('127.0.0.1', 45454)) == 0: print('BROKEN: somebody listens')\n"
        },
    ),
)

_AT_ONCE = 3.0
_A_FEW_LINES = 5000
_MOST_OF_TEN = 5
