"""A machine with a real systemd: a container whose root is an ext4 file system of its own, with a
network of its own in which there is nobody but itself."""

import fcntl
import glob
import os
import signal
import struct
import subprocess

from .commands import ENVIRONMENT, Failed, attempt, run, wait_until

# linux/fs.h: shuts the file system down at once; with 2, what was not synchronised is lost.
FS_IOC_SHUTDOWN, WITHOUT_FLUSH = 0x8004587D, 2
# What systemd-nspawn ends with when the container asks for a reboot.
WANTS_REBOOT = 133


class Machine:
    """A context: whatever happens inside, it is gone afterwards."""

    def __init__(self, name, image, folder, pristine=None):
        self.name = f"flt-{os.getpid() % 100_000}-{name}"[:15]
        self.image = image
        self.folder = f"{folder}/{name}"
        self.root = f"{self.folder}/root"
        self.console = f"{self.folder}/console"
        # A folder that is as it was installed at each boot, as on devices with a read-only root.
        self.pristine = pristine
        self.process = None

    def __enter__(self):
        os.makedirs(self.root)
        run("ip", "netns", "add", self.name)
        try:
            run("ip", "-n", self.name, "link", "set", "lo", "up")
            for group in self._groups():
                os.makedirs(group, exist_ok=True)
            self.image.mount(self.root)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._kill()
        attempt("umount", "-l", self.root)
        attempt("ip", "netns", "del", self.name)
        for group in self._groups():
            attempt("find", group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";")
        for rest in glob.glob(f"/run/systemd/nspawn/propagate/{self.name}"):
            attempt("rmdir", rest)

    # ---- Power ----

    def boot(self, seconds=60):
        """Starts it, and returns when all that it starts by itself is started."""
        log = open(self.console, "ab")
        words = [
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "-D", self.root,
            "-M", self.name, f"--network-namespace-path=/run/netns/{self.name}", "--console=pipe",
            *([f"--overlay=+{self.pristine}::{self.pristine}"] if self.pristine else []),
            "--boot", "systemd.show_status=0"]
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=ENVIRONMENT | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            preexec_fn=self._enter_groups)
        log.close()

        def is_up():
            if self.process.poll() is not None:
                raise Failed(f"it does not boot: {self._last_words()}")
            state = self.attempt("systemctl", "is-system-running").stdout.strip()
            return state in ("running", "degraded")

        wait_until("the machine is up", is_up, seconds)

    def reboot(self):
        """An orderly one."""
        self.attempt("systemctl", "reboot")
        self.await_reboot()

    def power_off(self):
        self.attempt("systemctl", "poweroff")
        self._await_end(60)

    def await_reboot(self, seconds=60):
        """Waits until the machine itself wants to be booted anew, and does it."""
        status = self._await_end(seconds)
        if status != WANTS_REBOOT:
            raise Failed(f"it ended with {status} and not for a reboot: {self._last_words()}")
        self.boot()

    def crash(self):
        """Everything on it dies in one instant; what was written stays written."""
        self._kill()

    def cut_power(self):
        """The same, and what was not synchronised is gone too."""
        descriptor = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.ioctl(descriptor, FS_IOC_SHUTDOWN, struct.pack("I", WITHOUT_FLUSH))
        finally:
            os.close(descriptor)
        self._kill()
        wait_until(
            "the dead file system is free", lambda: not attempt("umount", self.root).returncode, 20)
        # While anybody still holds it, a new mount would be the dead one.
        wait_until("nobody holds the dead file system", lambda: not self.image.is_in_use(), 20)
        self.image.mount(self.root)

    def revive(self):
        """Up again, from whatever a failure left."""
        if self._leader():
            return
        if not os.path.ismount(self.root):
            self.image.mount(self.root)
        self.boot()

    def _await_end(self, seconds):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"it is still up after {seconds} s") from None

    def _kill(self):
        if self.process is None or self.process.poll() is not None:
            return
        leader = self._leader()
        os.kill(leader or self.process.pid, signal.SIGKILL)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)

    # ---- Inside ----

    def attempt(self, *words, timeout=60, stdin=None):
        leader = self._leader()
        if leader is None:
            return subprocess.CompletedProcess(words, 1, "", "the machine is not up")
        return attempt("nsenter", "-t", str(leader), "-a", *words, timeout=timeout, stdin=stdin)

    def run(self, *words, timeout=60, stdin=None):
        outcome = self.attempt(*words, timeout=timeout, stdin=stdin)
        if outcome.returncode != 0:
            said = " / ".join((outcome.stderr or outcome.stdout).strip().splitlines()[-4:])
            raise Failed(f"`{' '.join(words)}` ended with {outcome.returncode}: {said}")
        return outcome.stdout

    def show(self, unit, what):
        return self.run("systemctl", "show", "--value", "-p", what, unit).strip()

    def journal(self, unit, boot="0"):
        return self.attempt("journalctl", "--no-pager", "-o", "cat", "-b", boot, "-u", unit).stdout

    def path(self, path):
        """Where a path of the machine stands on this one. While it is up that is what it sees
        itself, its memory below /run included."""
        leader = self._leader()
        return f"/proc/{leader}/root{path}" if leader else self.root + path

    def exists(self, path):
        return os.path.lexists(self.path(path))

    def read(self, path):
        with open(self.path(path)) as file:
            return file.read()

    def write(self, path, text, mode=0o644):
        place = self.path(path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "w") as file:
            file.write(text)
        os.chmod(place, mode)

    # ---- From outside ----

    def _leader(self):
        """The machine's own process 1, as this machine numbers it."""
        if self.process is None or self.process.poll() is not None:
            return None
        pid = self.process.pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children") as file:
                children = file.read().split()
        except OSError:
            return None
        return int(children[0]) if children else None

    def _groups(self):
        """Its own control group in every hierarchy that systemd-nspawn looks at; without, two
        machines would share one."""
        found = []
        with open("/proc/self/mounts") as mounts:
            for line in mounts:
                place, kind, options = line.split()[1:4]
                if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options):
                    found.append(f"{place}/{self.name}")
        return found

    def _enter_groups(self):
        for group in self._groups():
            with open(f"{group}/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))

    def _last_words(self):
        with open(self.console, errors="replace") as file:
            return " / ".join(file.read().splitlines()[-3:])
