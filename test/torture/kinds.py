"""The kinds of tables that are tortured: how they are made, how their rows are found, how new ones are called."""
import collections

# The table t has the key's columns and these. v belongs to the clients, n (or done) to the backfill. The index on tag
# makes some of the updates of the clients HOT and others not; pad makes rows move to other pages.
COMMON = "v int NOT NULL DEFAULT 0, tag int DEFAULT 0, pad text DEFAULT repeat('p', 40)"
COUNTER = COMMON + ", n int NOT NULL DEFAULT 0"
FLAG = COMMON + ", done boolean NOT NULL DEFAULT false"
DOOM = COMMON + ", doomed boolean NOT NULL DEFAULT false"

# create: SQL; key: its columns; initial: their values for i = 1 .. rows; fresh: a key nobody has had, from a random
# source, the client's number and a counter; set, where: what is backfilled; no set: what is deleted; measured: 1 when a
# row has had it, or is to be deleted; strategies: of which one is chosen; role: who calls it; begin: SQL after the load.
Kind = collections.namedtuple("Kind", "create key initial fresh set where measured strategies role begin")


def number(random, client, counter):
    """Between the keys that are there, and behind them."""
    return (random.randrange(12000) * 100 + 1 + client * 20 + counter % 20,)


def random_uuid(random, client, counter):
    return ("%032x" % random.getrandbits(128),)


TENANTS = ["", "a", "\u00c4", "o'b", 'z{,}"\\', "NULL"]


def pair(random, client, counter):
    return (random.choice(TENANTS), "new %d %d" % (client, counter))


def new_number(random, client, counter):
    return (10 ** 9 + client * 10 ** 7 + counter,)


def spread_number(random, client, counter):
    """Between the keys that are there, and never the same again."""
    return (random.randrange(12000) * 10 ** 8 + client * 10 ** 7 + counter,)


BIGINT = Kind("CREATE TABLE t (id bigint PRIMARY KEY, %s)" % COUNTER, ["id"], "i * 100", number, "n = n + 1", None, "n",
              ["auto", "key"], None, "")

KINDS = {
    "bigint": BIGINT,
    "uuid": BIGINT._replace(create="CREATE TABLE t (id uuid PRIMARY KEY, %s)" % COUNTER,
                            initial="pg_catalog.md5(i::text)::uuid", fresh=random_uuid),
    "text": BIGINT._replace(
        create="CREATE TABLE t (%s, tenant text, label text, PRIMARY KEY (tenant, label))" % COUNTER,
        key=["tenant", "label"],
        initial="""(ARRAY['', 'a', U&'\\00C4', 'o''b', 'z{,}"\\', 'NULL'])[1 + mod(i, 6)], 'x \\ "' || i""",
        fresh=pair),
    "partitioned": BIGINT._replace(create="""
        CREATE TABLE t (id bigint PRIMARY KEY, %s) PARTITION BY RANGE (id);
        CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (MINVALUE) TO (100000);
        CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (100000) TO (200000) PARTITION BY HASH (id);
        CREATE TABLE t_2_0 PARTITION OF t_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE t_2_1 PARTITION OF t_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE t_3 PARTITION OF t FOR VALUES FROM (200000) TO (200001);
        CREATE TABLE t_4 PARTITION OF t FOR VALUES FROM (200001) TO (MAXVALUE)""" % COUNTER),
    # The caller may touch its partitions only through it.
    "through": BIGINT._replace(role="filler", begin="GRANT SELECT, UPDATE ON t TO filler", create="""
        CREATE TABLE t (id bigint PRIMARY KEY, %s) PARTITION BY HASH (id);
        CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE t_1 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 1)""" % COUNTER),
    # Its trigger fails at once when a row is incremented twice.
    "audited": BIGINT._replace(create="""
        CREATE TABLE t (id bigint PRIMARY KEY, %s, twice int GENERATED ALWAYS AS (n * 2) STORED);
        CREATE TABLE audit (id bigint PRIMARY KEY);
        CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql
          AS 'BEGIN INSERT INTO public.audit VALUES (NEW.id); RETURN NULL; END';
        CREATE TRIGGER audit AFTER UPDATE OF n ON t FOR EACH ROW EXECUTE FUNCTION audit()""" % COUNTER),
    "keyless": Kind("CREATE TABLE t (id bigint, %s); CREATE INDEX ON t (id)" % FLAG, ["id"], "i * 100", new_number,
                    "done = true", "NOT done", "done::int", ["auto", "ctid"], None, ""),
    "flag": Kind("CREATE TABLE t (id bigint PRIMARY KEY, %s)" % FLAG, ["id"], "i * 100", number, "done = true",
                 "NOT done", "done::int", ["auto", "key", "ctid"], None, ""),
    "delete": Kind("CREATE TABLE t (id bigint PRIMARY KEY, %s)" % DOOM, ["id"], "i * 100000000::bigint", spread_number,
                   None, "doomed", "doomed::int", ["auto", "key", "ctid"], None, "UPDATE t SET doomed = true WHERE "
                   "mod(id / 100000000, 3) > 0"),
}
DELETES = ("delete",)


def key_text(kind):
    return " || '|' || ".join(column + "::text" for column in kind.key)


def drag(cursor, kind):
    """Slows the backfill down, and hardly anything else, so that there is time to kill it."""
    cursor.execute("""
        CREATE FUNCTION drag() RETURNS trigger LANGUAGE plpgsql
          AS 'BEGIN PERFORM pg_catalog.pg_sleep(0.001); RETURN %s; END';
        CREATE TRIGGER drag BEFORE %s ON t FOR EACH ROW WHEN (pg_catalog.random() < 0.15)
          EXECUTE FUNCTION drag()""" % (("NEW", "UPDATE OF " + kind.set.split()[0]) if kind.set else ("OLD", "DELETE")))


def make_table(cursor, kind, rows, fillfactor):
    cursor.execute(kind.create)
    cursor.execute("CREATE INDEX t_tag ON t (tag)")
    cursor.execute("""SELECT oid::regclass::text FROM pg_class
        WHERE relkind = 'r' AND relname ~ '^t(_|$)' AND relnamespace = 'public'::regnamespace""")
    for (table,) in cursor.fetchall():
        cursor.execute("ALTER TABLE %s SET (fillfactor = %d)" % (table, fillfactor))
    cursor.execute("INSERT INTO t (%s) SELECT %s FROM generate_series(1, %d) AS i"
                   % (", ".join(kind.key), kind.initial, rows))
    if kind.begin:
        cursor.execute(kind.begin)
    drag(cursor, kind)
    cursor.execute("CREATE TABLE initial AS SELECT %s AS key, %s AS measured FROM t" % (key_text(kind), kind.measured))
    # What the clients have done, in the transactions that did it. No index: it must not order anything.
    cursor.execute("CREATE TABLE log (what text, key text, measured int)")
    cursor.execute("ANALYZE")
