"""Poisoning what the next candidate finds, and trees that harm who takes them back."""

from sandboxes.attacks.base import Attack, Check, Tried, claims


def _comes_back(*allowed: str) -> Check:
    """Nothing comes back but these files."""

    def check(tried: Tried) -> str:
        if claim := claims(tried):
            return claim
        found = set(tried.exported.files) if tried.exported else set[str]()
        more = sorted(found - {"main.py", *allowed})
        return f"came back: {', '.join(more)[:100]}" if more else ""

    return check


def _small(tried: Tried) -> str:
    size = sum(map(len, tried.exported.files.values())) if tried.exported else 0
    return "" if size < _MOST_BYTES else f"{size} bytes came back"


_MOST_BYTES = 20 << 20


def _hostile(name: str, what: str, code: str, *allowed: str) -> Attack:
    check = _comes_back(*allowed)
    main = {"main.py": f"import os\n{code}"}
    return Attack(name=name, family="export", what=what, files=main, export=True, check=check)


ATTACKS = (
    Attack(
        name="poisoned-files",
        family="poisoning",
        what="files for the next candidate, wherever they can be written",
        files={
            "main.py": "import os\nfor folder in ('/work', '/tmp', '/dev/shm', '/var/tmp', '/run'):\n"
            "    try:\n        os.makedirs(f'{folder}/a/.hidden', exist_ok=True)\n"
            "        open(f'{folder}/a/.hidden/goexplore-left', 'w').write('x')\n"
            "        open(f'{folder}/goexplore-left', 'w').write('x')\n"
            "        os.chmod(f'{folder}/a', 0)\n"
            "    except OSError:\n        pass\n"
        },
        then={
            "main.py": "import os\nfor top in ('/work', '/tmp', '/dev/shm', '/var/tmp', '/run'):\n"
            "    for folder, folders, files in os.walk(top):\n"
            "        if 'goexplore-left' in files or 'a' in folders:\n"
            "            print('BROKEN: left in', folder)\n"
        },
    ),
    Attack(
        name="poisoned-interpreter",
        family="poisoning",
        what="the standard library, changed on disk and in memory",
        files={
            "main.py": "import builtins, json, os, sys, sysconfig, site\n"
            "json.loads = lambda *a: 'poisoned'\nbuiltins.poisoned = True\n"
            "for folder in [*sys.path, *site.getsitepackages(), sysconfig.get_path('stdlib')]:\n"
            "    for name in ('sitecustomize.py', 'usercustomize.py', 'poison.pth', 'json.py'):\n"
            "        try:\n            open(os.path.join(folder, name), 'a').write('')\n"
            "            if folder not in ('', '/work', os.getcwd()):\n"
            "                print('BROKEN: wrote', folder, name)\n"
            "        except OSError:\n            pass\n"
        },
        then={
            "main.py": "import builtins, json\n"
            "if hasattr(builtins, 'poisoned') or json.loads('1') != 1: print('BROKEN: poisoned')\n"
        },
    ),
    Attack(
        name="memory-of-the-last",
        family="poisoning",
        what="what the candidate before had, in the memory of the interpreter",
        files={"main.py": "token = 'GOEXPLORE' + '-SECRET-OF-THE-FIRST'\nprint(token)\n"},
        then={
            # Backwards, so that it does not find what it looks for in itself.
            "main.py": "import re\nwanted = b'TSRIF-EHT-FO-TERCES'\n"
            "maps = open('/proc/self/maps').read()\nmemory = open('/proc/self/mem', 'rb', 0)\n"
            "for line in maps.splitlines():\n"
            "    got = re.match(r'([0-9a-f]+)-([0-9a-f]+) rw', line)\n"
            "    if not got: continue\n"
            "    try:\n        memory.seek(int(got[1], 16))\n"
            "        data = memory.read(int(got[2], 16) - int(got[1], 16))\n"
            "    except (OSError, ValueError):\n        continue\n"
            "    if wanted in data[::-1]: print('BROKEN: the program of the last candidate')\n"
        },
    ),
    Attack(
        name="system-v",
        family="poisoning",
        what="shared memory and queues that outlive their process",
        files={
            "main.py": "import ctypes\nlibc = ctypes.CDLL(None)\n"
            "if libc.shmget(4242, 1 << 20, 0o1666) >= 0: print('BROKEN: shared memory')\n"
            "if libc.msgget(4242, 0o1666) >= 0: print('BROKEN: a queue')\n"
            "if libc.semget(4242, 1, 0o1666) >= 0: print('BROKEN: a semaphore')\n"
        },
        then={
            "main.py": "for kind in ('shm', 'msg', 'sem'):\n    try:\n"
            "        if len(open('/proc/sysvipc/' + kind).readlines()) > 1:\n"
            "            print('BROKEN: left', kind)\n    except OSError:\n        pass\n"
        },
    ),
    Attack(
        name="message-queues",
        family="poisoning",
        what="queues of messages, by call and by file",
        files={
            "main.py": "import ctypes\ntry:\n    librt = ctypes.CDLL('librt.so.1')\n"
            "    if librt.mq_open(b'/goexplore', 0o102, 0o666, None) >= 0: print('BROKEN: a queue')\n"
            "except OSError:\n    pass\n"
            "try:\n    open('/dev/mqueue/goexplore', 'w').close(); print('BROKEN: a queue file')\n"
            "except OSError:\n    pass\n"
        },
    ),
    Attack(
        name="tree-of-links",
        family="poisoning",
        what="links where the host will write next",
        files={
            "main.py": "import os\nfor name in ('main.py', 'data', 'x'):\n"
            "    try:\n        os.unlink(name)\n    except OSError:\n        pass\n"
            "    os.symlink('/etc/passwd', name)\n"
        },
        then={"main.py": "print('well')\n"},
        check=lambda tried: "" if tried.after and tried.after.stdout == b"well\n" else "misled",
    ),
    _hostile("links", "links to files of the host", "os.symlink('/etc/passwd', 'link')\n"),
    _hostile(
        "linked-folder",
        "a folder that is a link out of the tree",
        "os.symlink('/etc', 'folder')\n",
    ),
    _hostile(
        "hard-links", "two names of one file", "os.link('main.py', 'other')\nos.mkfifo('p')\n"
    ),
    _hostile(
        "pipes",
        "a pipe that never ends, and a socket",
        "os.mkfifo('pipe')\nimport socket\ns = socket.socket(socket.AF_UNIX); s.bind('door')\n",
    ),
    _hostile(
        "odd-names",
        "names that terminals obey, and names from other systems",
        "for name in ('\\x1b[2J', 'a\\nb', 'back\\\\slash', ' padded ', '\\u202egnp.exe'):\n"
        "    open(name, 'w').close()\nopen(b'\\xff\\xfe', 'w').close()\n",
    ),
    _hostile(
        "git-repository",
        "a repository that names programs for git to run",
        "os.makedirs('.git/objects'); os.makedirs('.git/refs')\n"
        "open('.git/HEAD', 'w').write('ref: refs/heads/main')\n"
        "open('.git/config', 'w').write('[core]\\nfsmonitor = touch /tmp/goexplore-owned')\n",
    ),
    _hostile(
        "bare-repository",
        "the same without the usual name",
        "os.makedirs('objects/x'); os.makedirs('refs/x')\n"
        "open('HEAD', 'w').write('ref: refs/heads/main')\n"
        "open('config', 'w').write('[core]\\nfsmonitor = touch /tmp/goexplore-owned')\n"
        "open('objects/x/y', 'w').close()\nos.unlink('main.py')\n",
    ),
    Attack(
        name="sparse-file",
        family="export",
        what="a terabyte of nothing",
        files={
            "main.py": "try:\n    open('f', 'wb').truncate(1 << 40)\nexcept OSError:\n"
            "    open('f', 'wb').truncate(15 << 20)\n"
        },
        export=True,
        check=_small,
    ),
    Attack(
        name="too-many-files",
        family="export",
        what="more files than anyone wants back",
        files={
            "main.py": "try:\n    for n in range(5000): open(f'f{n}', 'w').close()\n"
            "except OSError:\n    pass\n"
        },
        export=True,
        check=lambda tried: (
            f"{len(tried.exported.files)} files came back"
            if tried.exported and len(tried.exported.files) > _MOST_FILES
            else ""
        ),
    ),
)

_MOST_FILES = 2000
