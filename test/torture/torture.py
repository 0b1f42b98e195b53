#!/usr/bin/python3
"""Kills of workers, callers and the server while a backfill or an upgrade runs among other clients, again and again
until it is through; then every row must have had it exactly once. checks.py says what else must be so.

    torture.py [--bindir DIR] [--folder DIR] [--seconds S] [--kills N] [--seed X] [--kind KIND] [--rounds N]
               [--autoresume on|off]
    torture.py --self-test      breaks what a good round has left, in each way it knows: each must be reported

Ends after S seconds or N kills, whichever comes first. Prints a line for each round, "ok" or "not ok" with the evidence.
The seed decides what is done to whom and after how long; the moments are as the machine makes them.
"""
import argparse
import collections
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import psycopg2

import checks
import clients
import kinds
import server

REVISIONS = [
    "ALTER TABLE t ADD COLUMN extra int; INSERT INTO runs VALUES ('r1', 1)",
    "CREATE INDEX CONCURRENTLY t_v ON t (v); CREATE UNIQUE INDEX CONCURRENTLY t_u ON t (id, tag)",
    "SELECT safe_backfill('t', 'n = n + 1', batch_size => 10, workers => 2); UPDATE runs SET n = n",
    "DROP INDEX CONCURRENTLY t_v; CREATE INDEX CONCURRENTLY IF NOT EXISTS t_n ON t (n)",
    "UPDATE runs SET n = n + 1; ALTER TABLE t DROP COLUMN extra; UPDATE runs SET n = n - 1",
    "SELECT safe_backfill('flags', 'done = true', 'NOT done', strategy => 'ctid', batch_size => 5);"
    "CREATE INDEX CONCURRENTLY flags_done ON flags (done)",
]

Action = collections.namedtuple("Action", "name weight")
ACTIONS = [Action("kill coordinator", 3), Action("kill lane", 5), Action("kill caller", 3), Action("kill postmaster", 2),
           Action("terminate", 4), Action("cancel", 4), Action("pause", 3), Action("safe_backfill_cancel", 2),
           Action("hang up", 1), Action("call again", 2), Action("set", 1)]

# The rows done up to now.
PROGRESS = ("SELECT rows_before + coalesce((SELECT sum(r.rows_done) FROM headway.backfill_range AS r WHERE r.name = 'job'), 0) "
            "FROM headway.backfill WHERE name = 'job'")

# Longest time that anything may take when nobody disturbs it.
PATIENCE = 60


class Call(threading.Thread):
    """The statement, in a session of its own."""

    def __init__(self, host, database, statement, role=None):
        super().__init__(daemon=True)
        self.connection = host.connect_patiently(database, "-c role=" + role if role else "")
        self.pid = self.connection.get_backend_pid()
        self.statement, self.result, self.error, self.state = statement, None, None, None
        self.start()

    def run(self):
        try:
            cursor = self.connection.cursor()
            cursor.execute(self.statement)
            self.result = cursor.fetchone()[0]
        except psycopg2.Error as error:
            self.error, self.state = str(error).strip(), error.pgcode
        except (TypeError, ValueError) as error:  # what psycopg2 makes of a line that was cut
            self.error = str(error)

    def outcome(self):
        return "returned %s" % self.result if self.error is None else "%s %s" % (self.state, self.error)


class Round:
    def __init__(self, torture, number, kind_name):
        self.torture, self.host, self.number, self.kind_name = torture, torture.host, number, kind_name
        self.seed = "%s round %d" % (torture.seed, number)
        self.random = random.Random(self.seed)
        self.upgrade = kind_name == "upgrade"
        self.kind = kinds.BIGINT if self.upgrade else kinds.KINDS[kind_name]
        self.names = {"key": kinds.key_text(self.kind), "n": self.kind.measured, "where": self.kind.where,
                      "counts": "<>"}
        self.database = "round_%d" % number
        self.began, self.events, self.found, self.label = time.monotonic(), [], [], ""
        self.log_from = self.host.log_size()
        self.kills = 0

    def event(self, text):
        self.events.append("%7.3f s  %s" % (time.monotonic() - self.began, text))

    # ---- before ------------------------------------------------------------------------------------------------

    def prepare(self):
        self.query("CREATE DATABASE %s TEMPLATE prepared" % self.database, "template1")
        self.rows = self.random.choice([5000, 10000])
        connection = self.host.connect(self.database)
        cursor = connection.cursor()
        kinds.make_table(cursor, self.kind, self.rows, self.random.choice([100, 70]))
        self.label = "%s, %d rows" % (self.kind_name, self.rows)
        if self.upgrade:
            self.statement = "SELECT migrate_upgrade()"
            cursor.execute("CREATE TABLE runs (revision text, n int); CREATE TABLE flags (id int, done boolean DEFAULT false);"
                           "INSERT INTO flags SELECT i FROM generate_series(1, 5000) AS i")
            for i, script in enumerate(REVISIONS, 1):
                cursor.execute("SELECT migrate_revision(%s, %s, 'Revision', %s, '')",
                               ("r%d" % i, "r%d" % (i - 1) if i > 1 else None, script))
        else:
            self.workers, self.strategy = self.random.choice([1, 2, 3]), self.random.choice(self.kind.strategies)
            self.label += ", %s, workers %d" % (self.strategy, self.workers)
        connection.close()

    def call(self, quiet=False):
        """The statement in a session of its own; the limits are others each time."""
        if self.upgrade:
            return Call(self.host, self.database, self.statement)
        chosen = {
            "relation": "t", "set_clause": self.kind.set, "where_clause": self.kind.where, "name": "job",
            "strategy": self.strategy, "workers": self.workers,
            "batch_size": None if quiet else self.random.choice([5, 20, 100, 100, None]),
            "pause": "0" if quiet else self.random.choice(["0", "0", "1 ms"]),
            "target_batch_time": self.random.choice(["100 ms", "20 ms", "5 ms"]),
            "max_duration": None if quiet else self.random.choice([None, None, None, "150 ms"]),
            "on_error": self.random.choice(["stop", "skip"]),
            "wait": "true" if quiet else self.random.choice(["true", "true", "false"]),
        }
        if self.kind.set is None:
            del chosen["set_clause"]
        arguments = ", ".join("%s => %s" % (name, "'%s'" % value if isinstance(value, str) else value)
                              for name, value in chosen.items() if value is not None)
        function = "safe_backfill" if self.kind.set else "safe_delete"
        return Call(self.host, self.database, "SELECT %s(%s)" % (function, arguments), self.kind.role)

    # ---- while it runs -----------------------------------------------------------------------------------------

    def run(self):
        self.prepare()
        traffic = [clients.Client(self.host, self.database, self.kind, number, self.seed) for number in range(4)]
        for client in traffic:
            client.start()
        try:
            self.until_through()
        finally:
            for client in traffic:
                client.end()
            for client in traffic:
                client.join(PATIENCE)
        for client in traffic:
            self.found += client.violations
            if client.is_alive():
                self.found.append("client %d does not end" % client.number)
        self.label += ", %d transactions, %d deadlocks beside it" % (
            sum(c.transactions for c in traffic), sum(c.deadlocks for c in traffic))
        self.check()
        if self.kind.where and not self.found:
            self.check_that_none_is_left()

    def until_through(self):
        """Calls it until it says that it is through; disturbs some of the calls."""
        disturbances = 0 if self.torture.quiet else self.random.randrange(3, 12)
        undisturbed_since = time.monotonic()
        while not self.found:
            call = self.call()
            while disturbances > 0 and self.goes_on(call) and not self.torture.spent():
                self.random_moment(call)
                disturbances -= self.disturb(call)
                undisturbed_since = time.monotonic()
            deadline = time.monotonic() + PATIENCE
            while self.goes_on(call):
                if time.monotonic() > deadline:
                    self.found.append("the call does not end: %s" % self.activity())
                    return
                call.join(0.02)
            self.event("the call %s" % call.outcome().replace("\n", " | "))
            call.connection.close()
            if self.torture.unexpected(call):
                self.found.append("the call fails: %s" % call.outcome())
            elif self.is_through():
                return
            elif time.monotonic() > undisturbed_since + PATIENCE:
                self.found.append("it does not come to an end, undisturbed for %d s" % PATIENCE)
            else:
                time.sleep(0.01 if call.error is None else 0)

    def goes_on(self, call):
        """Whether the call has not returned, or what it has left in the background (or dying) is still there."""
        return call.is_alive() or bool(self.host.children("pg_headway worker"))

    def random_moment(self, call):
        """Often while something begins, else anywhere in the first half second; the run may be over by then."""
        until = time.monotonic() + self.random.choice([0.005, 0.03, 0.3, 0.3, 0.3, 0.6]) * self.random.random()
        while time.monotonic() < until and self.goes_on(call):
            time.sleep(0.002)

    def disturb(self, call):
        name = self.random.choices([a.name for a in ACTIONS], [a.weight for a in ACTIONS])[0]
        if not self.goes_on(call):
            return False
        what, _, whom = name.partition(" ")
        victims = [whom] if what == "kill" else ["coordinator", "lane", "caller"]
        done = getattr(self, "do_" + what)(call, self.random.choice(victims))
        if done:
            self.event(done)
            self.torture.counts[done.partition(":")[0]] += 1
            self.kills += what == "kill"
        return bool(done)

    def signal(self, call, number, role):
        """The worker that was started first is the coordinator (of an upgrade: the one that runs it)."""
        workers = self.host.children("pg_headway worker")
        if role == "caller":
            pids = [call.pid] if call.is_alive() else []
        else:
            pids = workers[:1] if role == "coordinator" else workers[1:]
        pid = self.random.choice(pids) if pids else None
        return pid if pid and self.host.signal_child(pid, number) else None

    def do_kill(self, call, role):
        if role == "postmaster":
            pid = self.host.process.pid
            self.host.kill()
            self.host.start()
        else:
            pid = self.signal(call, signal.SIGKILL, role)
        return pid and "kill %s: %d" % (role, pid)

    def do_terminate(self, call, role):
        pid = self.signal(call, signal.SIGTERM, role)
        return pid and "terminate %s: %d" % (role, pid)

    def do_cancel(self, call, role):
        pid = self.signal(call, signal.SIGINT, role)
        return pid and "cancel %s: %d" % (role, pid)

    def do_hang(self, call, _role):
        if not call.is_alive():
            return None
        server.hang_up(call.connection)
        return "client gone: %d" % call.pid

    def do_call(self, _call, _role):
        """Somebody else starts the same: it must not do anything twice. It may start a job over that is done and has a
        condition; then it counts again."""
        if self.kind.where:
            self.names["counts"] = ">"
        other = self.call()
        other.join(self.random.random() * 0.2)
        if other.is_alive():
            self.host.signal_child(other.pid, signal.SIGINT)
        other.join(PATIENCE)
        other.connection.close()
        if self.torture.unexpected(other):
            self.found.append("the second call fails: %s" % other.outcome())
        return "called twice: %d %s" % (other.pid, other.outcome())

    def do_pause(self, _call, _role):
        if not self.tell("pause"):
            return None
        before = self.torture.kills()
        for _ in range(20):
            rows = self.query(PROGRESS)
            time.sleep(0.2)
            if rows == self.query(PROGRESS):
                break
        else:
            self.found.append("it is paused, and goes on all the same")
        time.sleep(self.random.random() * 0.3)
        return "paused and resumed: after %d kills, %s rows, %s" % (before, rows, self.tell("resume"))

    def do_set(self, _call, _role):
        limits = "batch_size => %d, pause => '%d ms'" % (self.random.choice([0, 1, 50]), self.random.choice([0, 0, 2]))
        return self.tell("set", limits) and "safe_backfill_set: " + limits

    def do_safe_backfill_cancel(self, _call, _role):
        return self.tell("cancel") and "safe_backfill_cancel: "

    def tell(self, verb, *more):
        if self.upgrade:
            return None
        try:
            return self.query("SELECT safe_backfill_%s(%s)" % (verb, ", ".join(("'job'",) + more)))
        except psycopg2.ProgrammingError:  # the job is not there yet
            return None

    def check_that_none_is_left(self):
        self.names["counts"] = ">"
        call = self.call(quiet=True)
        call.join(PATIENCE)
        call.connection.close()
        if call.is_alive() or call.error:
            self.found.append("the last call does not end well: %s" % call.outcome())
        connection = self.host.connect_patiently(self.database)
        self.found += checks.violations(connection.cursor(), checks.LEFT, self.names)
        connection.close()

    def is_through(self):
        if self.upgrade:
            return self.query("SELECT revision FROM headway.version") == "r%d" % len(REVISIONS)
        state = self.query("SELECT state FROM headway.backfill WHERE name = 'job'")
        if state and state != "done":
            self.tell("resume")  # a crash may have come between pause and resume
        return state == "done"

    def query(self, sql, database=None):
        """The first value of the result, if any, whatever happens to the server meanwhile."""
        for _ in range(100):
            connection = self.host.connect_patiently(database or self.database)
            try:
                cursor = connection.cursor()
                cursor.execute(sql)
                row = cursor.fetchone() if cursor.description else None
                return row and row[0]
            except psycopg2.OperationalError as error:
                if error.pgcode not in server.EXPECTED:
                    raise
                time.sleep(0.02)
            finally:
                connection.close()
        raise server.Lost("no answer to: " + sql)

    def activity(self):
        connection = self.host.connect_patiently(self.database)
        cursor = connection.cursor()
        cursor.execute("SELECT pid, backend_type, state, wait_event_type, wait_event, xact_start, query "
                       "FROM pg_stat_activity WHERE datname = current_database()")
        return "\n".join(str(row) for row in cursor.fetchall())

    # ---- after -------------------------------------------------------------------------------------------------

    def check(self):
        connection = self.host.connect_patiently(self.database)
        cursor = connection.cursor()
        self.wait_for_workers(cursor)
        self.found += checks.violations(cursor, checks.for_round(self.kind_name), self.names)
        if self.upgrade:
            self.check_indexes(cursor)
        self.found += self.bad_log_lines()
        connection.close()

    def wait_for_workers(self, cursor):
        """Those whose caller is gone are ending; ten seconds, then they are a violation."""
        for _ in range(200):
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'pg_headway%' AND datname IS NOT NULL")
            if cursor.fetchone()[0] == 0:
                return
            time.sleep(0.05)

    def check_indexes(self, cursor):
        """That each index has all rows, by PostgreSQL's own check where it is installed."""
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'")
        if cursor.fetchone()[0] == 0:
            return
        cursor.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
        try:
            cursor.execute("SELECT bt_index_check(indexrelid, true) FROM pg_index WHERE indrelid IN ('t'::regclass, 'flags'::regclass)")
        except psycopg2.Error as error:
            self.found.append("amcheck: %s" % str(error).strip())

    def bad_log_lines(self):
        """Crashes that are not our kills, and errors that only a defect raises."""
        bad = []
        for line in self.host.log_from(self.log_from):
            if "could not send data to client" in line:  # it was being ended, by two signals at once
                continue
            if ("PANIC" in line or "TRAP:" in line or " XX" in line or "terminated by signal" in line and
                    "signal 9:" not in line):
                bad.append("in the log: " + line)
        return bad[:10]

    def drop(self):
        self.query("DROP DATABASE %s WITH (FORCE)" % self.database, "template1")

    def evidence(self):
        lines = ["  " + text for text in self.found]
        lines += ["  seed %s; what happened:" % self.torture.seed] + ["    " + text for text in self.events]
        connection = self.host.connect_patiently(self.database)
        cursor = connection.cursor()
        for table in ("backfill", "backfill_range", "backfill_skipped", "version", "unfinished"):
            cursor.execute("SELECT to_regclass(%s)", ("headway." + table,))
            if cursor.fetchone()[0]:
                cursor.execute("SELECT row_to_json(r)::text FROM headway.%s AS r" % table)
                lines += ["    headway.%s: %s" % (table, row[0]) for row in cursor.fetchall()[:20]]
        connection.close()
        return lines + ["  the end of the server's log:"] + ["    " + line for line in self.host.log_from(self.log_from)[-60:]]


class Torture:
    def __init__(self, options, host):
        self.options, self.host, self.seed = options, host, options.seed
        self.began = time.monotonic()
        self.counts = collections.Counter()
        self.quiet = options.self_test
        self.rounds = self.failed = 0

    def prepare(self):
        connection = self.host.connect("template1")
        cursor = connection.cursor()
        cursor.execute("CREATE DATABASE prepared")
        connection.close()
        connection = self.host.connect("prepared")
        cursor = connection.cursor()
        cursor.execute("CREATE EXTENSION pg_headway")
        cursor.execute("CREATE ROLE filler; GRANT USAGE ON SCHEMA headway TO filler;"
                       "GRANT ALL ON ALL TABLES IN SCHEMA headway TO filler;"
                       "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public, headway TO filler")
        connection.close()

    def unexpected(self, call):
        return call.error is not None and call.state not in server.EXPECTED

    def kills(self):
        return sum(count for name, count in self.counts.items() if name.startswith("kill "))

    def spent(self):
        return (time.monotonic() - self.began > self.options.seconds
                or self.options.kills is not None and self.kills() >= self.options.kills)

    def kinds_in_turn(self):
        """Each kind once before one comes again, in an order of the seed's."""
        source = random.Random("%s kinds" % self.seed)
        while True:
            names = [self.options.kind] if self.options.kind else list(kinds.KINDS) + ["upgrade"]
            source.shuffle(names)
            yield from names

    def run(self):
        for name in self.kinds_in_turn():
            if self.spent() or self.options.rounds and self.rounds >= self.options.rounds:
                break
            self.rounds += 1
            self.run_round(Round(self, self.rounds, name))
            if self.failed:
                break
        print("survived %d kills in %d rounds: %s; seed %s" % (
            self.kills(), self.rounds - self.failed,
            ", ".join("%s %d" % pair for pair in sorted(self.counts.items())), self.seed), flush=True)

    def run_round(self, this):
        try:
            this.run()
        except (psycopg2.Error, server.Lost) as error:
            this.found.append("%s: %s" % (type(error).__name__, str(error).strip()))
        took = time.monotonic() - this.began
        print("%s %d - %s, %d kills, %.1f s" % ("not ok" if this.found else "ok", this.number, this.label, this.kills, took))
        if this.found:
            self.failed += 1
            print("\n".join(this.evidence()))
        sys.stdout.flush()
        this.drop()

    def self_test(self):
        """A good round of each sort; then each sabotage of it, undone again, must be reported."""
        number = 0
        for name in ("bigint", "keyless", "audited", "delete", "upgrade"):
            this = Round(self, number + 1, name)
            this.run()
            number = self.report(number, not this.found, name + ": nothing is reported of a good round", this.found)
            connection = self.host.connect(this.database)
            connection.autocommit = False
            cursor = connection.cursor()
            names = dict(this.names, set_again="n = n + 1" if this.kind.measured == "n" else "done = false",
                         set_back="n = 0" if this.kind.measured == "n" else "done = false")
            for what, sql in checks.sabotage_for(name):
                found = self.sabotage(cursor, sql.format(**names), this)
                connection.rollback()
                number = self.report(number, found, "%s: %s is reported: %s" % (name, what, (found or ["-"])[0][:60].splitlines()[0]), [])
            connection.close()
            this.drop()

    @staticmethod
    def sabotage(cursor, sql, this):
        try:
            cursor.execute(sql)
        except psycopg2.IntegrityError as error:  # the audit of the table itself
            return [str(error).strip()]
        return checks.violations(cursor, checks.for_round(this.kind_name), this.names)

    def report(self, number, good, text, found):
        print("%s %d - %s" % ("ok" if good else "not ok", number + 1, text), *found, sep="\n  ", flush=True)
        self.failed += not good
        return number + 1


def main(torture_class=Torture):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bindir", default=None, help="of the server; default: that of pg_config")
    parser.add_argument("--folder", default=None, help="for its files; the name must be short")
    parser.add_argument("--seconds", type=float, default=45, help="begin no round and disturb no more after this time")
    parser.add_argument("--kills", type=int, default=None, help="nor after so many kills")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--kind", choices=list(kinds.KINDS) + ["upgrade"])
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--autoresume", choices=["on", "off"], help="headway.autoresume; default: by the seed")
    parser.add_argument("--self-test", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(10 ** 6)
    if options.bindir is None:
        options.bindir = subprocess.run(["pg_config", "--bindir"], check=True, capture_output=True, text=True).stdout.strip()
    if options.autoresume is None:
        options.autoresume = "on" if options.seed % 2 else "off"
    print("seed %d, autoresume %s" % (options.seed, options.autoresume), flush=True)
    with tempfile.TemporaryDirectory(prefix="torture.", dir=options.folder) as folder:
        host = server.Server(options.bindir, folder)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        try:
            host.create(options.autoresume)
            host.start()
            torture = torture_class(options, host)
            torture.prepare()
            if options.self_test:
                torture.self_test()
            else:
                torture.run()
        finally:
            host.stop()
    return 1 if torture.failed or not (options.self_test or torture.rounds) else 0


if __name__ == "__main__":
    sys.exit(main())
