"""The traffic: clients that insert, delete and update while the backfill runs, and note in the same transaction what
they have done. Whether a COMMIT whose answer never came was one is known from that note."""
import random
import threading
import time

import psycopg2

import kinds
import server

# A client that waits this long has been stalled by the backfill.
LONGEST_WAIT = "20s"


class Client(threading.Thread):
    def __init__(self, host, database, kind, number, seed):
        super().__init__(daemon=True)
        self.host, self.database, self.kind, self.number = host, database, kind, number
        self.where = " AND ".join(column + " = %s" for column in kind.key)
        self.random = random.Random("%s client %d" % (seed, number))
        self.ended = threading.Event()
        self.violations, self.transactions, self.deadlocks, self.counter = [], 0, 0, 0
        self.keys, self.connection = [], None

    def end(self):
        self.ended.set()

    def run(self):
        while not self.ended.is_set():
            try:
                if self.connection is None:
                    self.begin()
                self.step()
                self.transactions += 1
            except psycopg2.errors.DeadlockDetected:
                self.deadlocks += 1
                self.connection.rollback()
            except psycopg2.Error as error:
                self.hear(error)
        if self.connection is not None:
            self.connection.close()

    def hear(self, error):
        if error.pgcode == "57014" or error.pgcode not in server.EXPECTED:
            self.violations.append("client %d: %s %s" % (self.number, error.pgcode, str(error).strip()))
        if self.connection is not None:
            self.connection.close()
            self.connection = None
        self.ended.wait(0.03)

    def begin(self):
        self.connection = self.host.connect(self.database, "-c statement_timeout=" + LONGEST_WAIT)
        self.cursor = self.connection.cursor()
        if not self.keys:
            self.cursor.execute("SELECT %s FROM t" % ", ".join(self.kind.key))
            self.keys = self.cursor.fetchall()

    def step(self):
        choice = self.random.random()
        if choice < 0.2:
            self.insert()
        elif choice < 0.35:
            self.note("delete", "DELETE FROM t WHERE " + self.where, self.some_key())
        elif choice < 0.85:
            self.touch(self.some_key())
        else:
            self.hold()
        self.ended.wait(self.random.random() * 0.008)

    def some_key(self):
        return self.random.choice(self.keys)

    def note(self, what, statement, parameters):
        self.cursor.execute(
            "WITH done AS (" + statement + " RETURNING " + kinds.key_text(self.kind) + ", " + self.kind.measured
            + ") INSERT INTO log SELECT '" + what + "', * FROM done", parameters)

    def insert(self):
        self.counter += 1
        key = self.kind.fresh(self.random, self.number, self.counter)
        columns, values = self.kind.key, key
        if not self.kind.set:
            columns, values = columns + ["doomed"], key + (self.random.random() < 0.3,)
        self.note("insert", "INSERT INTO t (" + ", ".join(columns) + ") VALUES ("
                  + ", ".join(["%s"] * len(values)) + ") ON CONFLICT DO NOTHING", values)
        self.keys.append(key)

    def touch(self, key):
        if not self.kind.set and self.random.random() < 0.3:
            # What is saved must stay, even if the job has had it in hand already.
            self.note("save", "UPDATE t SET doomed = false WHERE " + self.where, key)
        elif self.random.random() < 0.5:
            self.note("touch", "UPDATE t SET v = v + 1 WHERE " + self.where, key)
        else:
            self.note("touch", "UPDATE t SET v = v + 1, tag = %s, pad = repeat('p', %s) WHERE " + self.where,
                      (self.random.randrange(1000), self.random.choice([0, 40, 400])) + key)

    def hold(self):
        """Two rows for a moment, in any order, so that there are waits and deadlocks; some of it is undone."""
        self.cursor.execute("BEGIN")
        self.touch(self.some_key())
        time.sleep(self.random.random() * 0.03)
        self.touch(self.some_key())
        self.cursor.execute(self.random.choice(["COMMIT", "COMMIT", "ROLLBACK"]))
