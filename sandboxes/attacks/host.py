"""Reaching the network, the host and rights beyond one's own."""

from sandboxes.attacks.base import Attack

_TRY = """
def attempt(what, action):
    try:
        got = action()
    except BaseException:
        return
    if got is not False:
        print('BROKEN:', what, flush=True)
"""

_CALL = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
def call(what, number, *arguments):
    if libc.syscall(number, *arguments) >= 0:
        print('BROKEN:', what, flush=True)
"""

_WATCHERS = """
import os
def watchers():
    for pid in {1, os.getppid(), *(int(p) for p in os.listdir('/proc') if p.isdigit())}:
        try:
            ours = 'sandboxes' in open(f'/proc/{pid}/cmdline').read()
        except OSError:
            ours = pid == 1
        if ours and pid != os.getpid():
            yield pid
"""


def _main(code: str, *, calls: bool = False) -> dict[str, str]:
    return {"main.py": (_CALL if calls else _TRY) + code}


ATTACKS = (
    Attack(
        name="internet",
        family="network",
        what="a packet to the world (a documentation address)",
        files=_main(
            "import socket\n"
            "def send():\n"
            "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "    s.connect(('192.0.2.1', 9))\n"
            "attempt('a route to the world', send)\n"
        ),
    ),
    Attack(
        name="interfaces",
        family="network",
        what="a network interface beside loopback",
        files=_main(
            "import socket\n"
            "others = [n for _, n in socket.if_nameindex() if n not in ('lo',)]\n"
            "if others: print('BROKEN: interfaces', others)\n"
        ),
        # Tunnels that a kernel puts into every namespace lead nowhere and are down.
    ),
    Attack(
        name="loopback-of-the-host",
        family="network",
        what="a server on the host's loopback",
        files=_main(
            "import os, socket\n"
            "def connect():\n"
            "    socket.create_connection(('127.0.0.1', int(os.environ['PORT'])), 1)\n"
            "attempt('a server on the host', connect)\n"
        ),
    ),
    Attack(
        name="metadata",
        family="network",
        what="the address at which clouds tell secrets",
        files=_main(
            "import socket\n"
            "def connect():\n"
            "    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "    s.connect(('169.254.169.254', 80))\n"
            "attempt('a route to 169.254.169.254', connect)\n"
        ),
    ),
    Attack(
        name="raw-sockets",
        family="network",
        what="packets as they are",
        files=_main(
            "import socket\n"
            "for family, kind, protocol in ((2, 3, 1), (2, 3, 255), (10, 3, 58), (17, 3, 768),\n"
            "                               (17, 2, 768), (2, 2, 1)):\n"
            "    attempt(f'socket {family} {kind} {protocol}',\n"
            "            lambda: socket.socket(family, kind, protocol))\n"
        ),
    ),
    Attack(
        name="unusual-sockets",
        family="network",
        what="families of sockets that no namespace holds: vsock, netlink, crypto, Bluetooth",
        files=_main(
            "import socket\n"
            "for family in (3, 4, 5, 9, 15, 16, 21, 29, 30, 31, 38, 40, 43, 44):\n"
            "    for kind in (1, 2, 3, 5):\n"
            "        attempt(f'a socket of family {family}',\n"
            "                lambda: socket.socket(family, kind, 0))\n"
        ),
    ),
    Attack(
        name="host-files",
        family="host",
        what="a file of the host's that everybody may read",
        files=_main(
            "import os\n"
            "attempt('the secret of a file', lambda: open(os.environ['SECRET_FILE']).read())\n"
        ),
    ),
    Attack(
        name="host-files-by-proc",
        family="host",
        what="the root of another process, by /proc",
        files=_main(
            "import os\n"
            "for pid in [p for p in os.listdir('/proc') if p.isdigit() and int(p) != os.getpid()]:\n"
            "    for part in ('root/etc/shadow', 'root/etc/hostname', 'cwd/x', 'environ', 'fd/0',\n"
            "                 'mem', 'maps'):\n"
            "        attempt(f'/proc/{pid}/{part}',\n"
            "                lambda: open(f'/proc/{pid}/{part}', 'rb').read(1))\n"
        ),
    ),
    Attack(
        name="environment",
        family="host",
        what="variables of the host's process",
        files=_main(
            "import os\n"
            "known = {'PATH', 'LANG', 'HOME', 'TMPDIR', 'PORT', 'MARK', 'SECRET_FILE', 'VICTIM',\n"
            "         'LC_CTYPE', 'PWD', 'SHLVL', '_'}\n"
            "more = sorted(set(os.environ) - known)\n"
            "if more: print('BROKEN: variables', more)\n"
        ),
    ),
    Attack(
        name="engine-socket",
        family="host",
        what="the socket of the container engine",
        files=_main(
            "import os, socket\n"
            "for path in ('/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock',\n"
            "             '/run/podman/podman.sock'):\n"
            "    attempt(path, lambda: socket.socket(1).connect(path))\n"
        ),
    ),
    Attack(
        name="keys",
        family="host",
        what="keys in the usual places",
        files=_main(
            "import glob, os\n"
            "for name in ('/root/.ssh/*', '/home/*/.ssh/*', '/root/.aws/*', '/home/*/.netrc',\n"
            "             '/root/.config/*', '/etc/shadow', '/run/secrets/*', '/root/*'):\n"
            "    for path in glob.glob(name):\n"
            "        attempt(path, lambda: open(path, 'rb').read(1))\n"
        ),
    ),
    Attack(
        name="kill-others",
        family="host",
        what="a process of the host's, killed",
        files=_main(
            "import os\nattempt('a process of the host', lambda: os.kill(int(os.environ['VICTIM']), 0) if int(os.environ['VICTIM']) != os.getpid() and b'python3' in open(f\"/proc/{os.environ['VICTIM']}/cmdline\", 'rb').read() and os.environ['MARK'].encode() in open(f\"/proc/{os.environ['VICTIM']}/cmdline\", 'rb').read() else False)\n"
        ),
    ),
    Attack(
        name="processes-of-the-host",
        family="host",
        what="a look at the host's processes",
        files=_main(
            "import os\n"
            "for pid in [p for p in os.listdir('/proc') if p.isdigit()]:\n"
            "    try:\n        words = open(f'/proc/{pid}/cmdline', 'rb').read()\n"
            "    except OSError:\n        continue\n"
            "    if b'goexplore-victim' in words: print('BROKEN: the host\\'s process', pid)\n"
        ),
    ),
    Attack(
        name="device-nodes",
        family="privilege",
        what="a device node of one's own, and those that are there",
        files=_main(
            "import os, stat\n"
            "attempt('a device node', lambda: os.mknod('disk', 0o600 | stat.S_IFBLK, os.makedev(8, 0)))\n"
            "for name in os.listdir('/dev'):\n"
            "    path = '/dev/' + name\n"
            "    try:\n        mode = os.stat(path).st_mode\n    except OSError:\n        continue\n"
            "    if stat.S_ISBLK(mode) or name in ('mem', 'kmem', 'kmsg', 'kvm', 'fuse', 'vsock'):\n"
            "        attempt(path, lambda: os.close(os.open(path, os.O_RDONLY)))\n"
        ),
    ),
    Attack(
        name="become-root",
        family="privilege",
        what="another user, by call and by a setuid copy",
        files=_main(
            "import os, shutil, subprocess\n"
            "attempt('uid 0', lambda: os.setuid(0) if os.getuid() else False)\n"
            "attempt('uid 0 of three', lambda: os.setresuid(0, 0, 0) if os.getuid() else False)\n"
            "attempt('group 0', lambda: os.setgid(0) if os.getgid() else False)\n"
            "for program in ('su', 'sudo', 'mount', 'passwd', 'pkexec', 'newuidmap'):\n"
            "    path = shutil.which(program)\n"
            "    if path and os.stat(path).st_mode & 0o4000:\n"
            "        done = subprocess.run(['python3', '-c', 'import os; print(os.geteuid())'])\n"
            "if os.geteuid() == 0: print('BROKEN: it is root')\n"
        ),
    ),
    Attack(
        name="setuid-copy",
        family="privilege",
        what="rights by a setuid file of one's own",
        files=_main(
            "import os, shutil, subprocess\n"
            "shutil.copy('/bin/bash', 'shell'); os.chmod('shell', 0o6755)\n"
            "got = subprocess.run(['./shell', '-p', '-c', 'id -u'], capture_output=True, text=True)\n"
            "if got.stdout.strip() == '0': print('BROKEN: root by setuid')\n"
        ),
    ),
    Attack(
        name="capabilities",
        family="privilege",
        what="a capability, or the way to new ones",
        files=_main(
            "status = dict(l.split(':', 1) for l in open('/proc/self/status') if ':' in l)\n"
            "for name in ('CapEff', 'CapPrm', 'CapInh', 'CapAmb'):\n"
            "    if int(status[name], 16): print('BROKEN:', name, status[name].strip())\n"
            "if status['NoNewPrivs'].strip() != '1': print('BROKEN: new privileges')\n"
        ),
    ),
    Attack(
        name="namespaces",
        family="privilege",
        what="namespaces of one's own, where one is root",
        files=_main(
            "for flag in (0x10000000, 0x20000, 0x40000000, 0x20000000, 0x2000000, 0x8000000):\n"
            "    if libc.unshare(flag) == 0: print(f'BROKEN: unshare {flag:x}')\n"
            "import platform\n"
            "clone = {'x86_64': 56, 'aarch64': 220}[platform.machine()]\n"
            "pid = libc.syscall(clone, 0x10000000 | 17, 0, 0, 0, 0)\n"
            "if pid == 0: os._exit(0)\n"
            "if pid > 0: print('BROKEN: clone into a namespace')\n",
            calls=True,
        ),
    ),
    Attack(
        name="mounts",
        family="privilege",
        what="a mount, old way and new",
        files=_main(
            "for kind in (b'tmpfs', b'proc', b'sysfs', b'cgroup2', b'overlay'):\n"
            "    if libc.mount(b'none', b'/work', kind, 0, None) == 0:\n"
            "        print('BROKEN: mount', kind)\n"
            "call('fsopen', 430, b'tmpfs', 0)\n"
            "call('open_tree', 428, -100, b'/', 1)\n"
            "if libc.umount2(b'/proc', 2) == 0: print('BROKEN: umount')\n"
            "if libc.chroot(b'/work') == 0: print('BROKEN: chroot')\n",
            calls=True,
        ),
    ),
    Attack(
        name="ptrace",
        family="privilege",
        what="the memory of another process, traced or read",
        files=_main(
            _WATCHERS + "import time\n"
            "pid = os.fork()\n"
            "if pid == 0: time.sleep(2); os._exit(0)\n"
            "others = {pid, *watchers()}\n"
            "for other in others:\n"
            "    if libc.ptrace(16, other, 0, 0) == 0: print('BROKEN: traced', other)\n"
            "buffer = ctypes.create_string_buffer(8)\n"
            "class Part(ctypes.Structure):\n"
            "    _fields_ = [('base', ctypes.c_void_p), ('length', ctypes.c_size_t)]\n"
            "mine = Part(ctypes.cast(buffer, ctypes.c_void_p), 8)\n"
            "for other in others:\n"
            "    if libc.process_vm_readv(other, ctypes.byref(mine), 1, ctypes.byref(mine), 1, 0) > 0:\n"
            "        print('BROKEN: read the memory of', other)\n",
            calls=True,
        ),
    ),
    Attack(
        name="kernel-surface",
        family="privilege",
        what="parts of the kernel that candidates have no use for",
        files=_main(
            "import platform\n"
            "call('io_uring', 425, 8, ctypes.create_string_buffer(512))\n"
            "x86 = platform.machine() == 'x86_64'\n"
            "call('userfaultfd', 323 if x86 else 282, 0x801)\n"
            "call('bpf', 321 if x86 else 280, 0, ctypes.create_string_buffer(128), 128)\n"
            "call('perf', 298 if x86 else 241, ctypes.create_string_buffer(128), 0, -1, -1, 0)\n"
            "call('add_key', 248 if x86 else 217, b'user', b'x', b'y', 1, -3)\n"
            "call('keyctl', 250 if x86 else 219, 0, -3, 1)\n",
            calls=True,
        ),
    ),
    Attack(
        name="proc-writes",
        family="privilege",
        what="settings of the kernel under /proc and /sys",
        files=_main(
            "import os\n"
            "for path in ('/proc/sys/kernel/core_pattern', '/proc/sys/kernel/hostname',\n"
            "             '/proc/sys/vm/drop_caches', '/proc/sys/net/ipv4/ip_forward',\n"
            "             '/proc/sysrq-trigger', '/proc/1/oom_score_adj', '/proc/1/comm',\n"
            "             '/sys/kernel/uevent_helper', '/sys/power/state'):\n"
            "    attempt(path, lambda: os.close(os.open(path, os.O_WRONLY)))\n"
        ),
    ),
    Attack(
        name="cgroups",
        family="privilege",
        what="the control group, left or changed",
        files=_main(
            "import os\n"
            "for base, folders, files in os.walk('/sys/fs/cgroup'):\n"
            "    for name in files:\n"
            "        if name in ('cgroup.procs', 'tasks', 'memory.max', 'pids.max',\n"
            "                    'memory.limit_in_bytes', 'release_agent', 'devices.allow'):\n"
            "            path = os.path.join(base, name)\n"
            "            attempt(path, lambda: os.close(os.open(path, os.O_WRONLY)))\n"
        ),
    ),
    Attack(
        name="clock",
        family="privilege",
        what="the clock, set",
        files=_main(
            "import time\n"
            "attempt('the clock', lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()))\n"
        ),
    ),
    Attack(
        name="terminal",
        family="privilege",
        what="keystrokes into a terminal",
        files=_main(
            "import fcntl, os\n"
            "for path in ('/dev/tty', '/dev/console', '/dev/pts/0'):\n"
            "    attempt(path, lambda: fcntl.ioctl(os.open(path, os.O_RDWR), 0x5412, b'x'))\n"
        ),
    ),
    Attack(
        name="supervisor-killed",
        family="privilege",
        what="whoever watches over it, killed or stopped",
        files=_main(
            _WATCHERS + "import signal\n"
            "for pid in watchers():\n"
            "    attempt(f'signal to {pid}', lambda: os.kill(pid, signal.SIGSTOP))\n"
        ),
    ),
    Attack(
        name="supervisor-line",
        family="privilege",
        what="the line between the supervisor and the host",
        files=_main(
            "import os\n"
            "for fd in range(3, 64):\n"
            "    try:\n        os.fstat(fd)\n    except OSError:\n        continue\n"
            "    print('BROKEN: descriptor', fd, os.readlink(f'/proc/self/fd/{fd}'))\n"
        ),
    ),
)
