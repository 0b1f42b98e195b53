"""A server of our own that is made to be killed, and what the kernel says of its processes."""
import os
import signal
import socket
import subprocess
import time

import psycopg2

# A kill ends processes, not the machine: what was written is in the kernel's hands and stays there, so fsync would only
# cost time. Everything else that a crash needs (WAL order, full pages, recovery) is as ever. Small buffers, so that
# pages are written and read back all the while.
SETTINGS = {
    "listen_addresses": "''",
    "fsync": "off",
    "shared_buffers": "'4MB'",
    "restart_after_crash": "on",
    "max_worker_processes": "24",
    "max_connections": "40",
    "max_prepared_transactions": "2",
    "checkpoint_timeout": "'30s'",
    "autovacuum_naptime": "'1s'",
    "log_line_prefix": "'%m [%p] %b %e '",
    "log_checkpoints": "off",
}

# What a client may be told because of what we do: shut down, crashed, starting, cancelled.
EXPECTED = {None, "57P01", "57P02", "57P03", "57014"}


class Lost(Exception):
    """The server does not come back, or something does not end."""


class Server:
    def __init__(self, bindir, folder):
        self.bindir, self.folder = bindir, folder
        self.data = os.path.join(folder, "data")
        self.log_path = os.path.join(folder, "server.log")
        self.process = None
        self.orphans = []

    def create(self, autoresume):
        subprocess.run([os.path.join(self.bindir, "initdb"), "-D", self.data, "-U", "torture", "-A", "trust", "-N",
                        "--no-locale", "-E", "UTF8"], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(self.data, "postgresql.conf"), "a") as conf:
            conf.write("unix_socket_directories = '%s'\n" % self.folder)
            conf.writelines("%s = %s\n" % pair for pair in SETTINGS.items())
            if autoresume == "on":
                conf.write("shared_preload_libraries = 'pg_headway'\nheadway.autoresume = on\n")

    def start(self):
        """Starts it; after a kill as soon as the last of the old processes has noticed and let go. One of them may wait
        for good for a latch of the server's own that another held when both that one and the postmaster were killed:
        whoever is on call would end it by hand."""
        deadline = time.monotonic() + 60
        patience = time.monotonic() + 10
        while time.monotonic() < deadline:
            with open(self.log_path, "a") as log:
                self.process = subprocess.Popen([os.path.join(self.bindir, "postgres"), "-D", self.data],
                                                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                                start_new_session=True)
            while self.process.poll() is None:
                try:
                    self.connect("template1").close()
                    return
                except psycopg2.OperationalError:
                    time.sleep(0.02)
                if time.monotonic() > deadline:
                    break
            if time.monotonic() > patience:
                self.kill_orphans()
            time.sleep(0.05)
        raise Lost("the server does not start")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()

    def kill(self):
        self.orphans = [(pid, self.stat(pid)[19:20]) for pid in self.children()]
        self.process.kill()
        self.process.wait()

    def kill_orphans(self):
        """The start time proves that it is the same process."""
        for pid, started in self.orphans:
            if started and self.stat(pid)[19:20] == started:
                os.kill(pid, signal.SIGKILL)
        self.orphans = []

    def connect(self, database, options=""):
        connection = psycopg2.connect(host=self.folder, user="torture", dbname=database, options=options,
                                      application_name="torture")
        connection.autocommit = True
        return connection

    def connect_patiently(self, database, options=""):
        deadline = time.monotonic() + 60
        while True:
            try:
                return self.connect(database, options)
            except psycopg2.OperationalError:
                if time.monotonic() > deadline:
                    raise Lost("the server does not come back") from None
                time.sleep(0.02)

    def children(self, title=""):
        """The pids of its processes whose title begins so, in the order in which they were started."""
        found = []
        for name in os.listdir("/proc"):
            if name.isdigit() and self.is_child(int(name)) and process_title(name).startswith("postgres: " + title):
                found.append(("".join(self.stat(int(name))[19:20]).zfill(20), int(name)))
        return [pid for _, pid in sorted(found)]

    @staticmethod
    def stat(pid):
        """What the kernel says of a process, behind its name: state, parent and so on, all as text."""
        try:
            with open("/proc/%d/stat" % pid) as stat:
                return stat.read().rpartition(")")[2].split()
        except OSError:
            return []

    def is_child(self, pid):
        """The parent proves that it is ours."""
        return self.stat(pid)[1:2] == [str(self.process.pid)]

    def signal_child(self, pid, number):
        if not self.is_child(pid):
            return False
        try:
            os.kill(pid, number)
            return True
        except ProcessLookupError:
            return False

    def log_size(self):
        return os.path.getsize(self.log_path)

    def log_from(self, offset):
        with open(self.log_path, errors="replace") as log:
            log.seek(offset)
            return log.read().splitlines()


def process_title(pid):
    try:
        with open("/proc/%s/cmdline" % pid, "rb") as file:
            return file.read().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def hang_up(connection):
    """The client is gone without a word."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)
