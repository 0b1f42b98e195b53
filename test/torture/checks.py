"""What must be so when a round is through. Each check is a query for what is wrong; a row that it returns is evidence.

The oracle is what the clients noted in the transactions that did it (table log), and the rows of the beginning (table
initial). {key} and {n} stand for the kind's own.
"""
import kinds

# A row of t with its key as text, and what became of keys. {counts} is what the job's count must not be, compared.
ROWS = "(SELECT t.ctid, t.xmin, {key} AS key, {n} AS n, v FROM t) AS r"
DELETED = "(SELECT key, measured FROM log WHERE what = 'delete') AS d"

# Of all jobs.
JOB = {
    "what a client has written is lost":
        "SELECT r.*, noted FROM " + ROWS + " JOIN (SELECT key, count(*) FILTER (WHERE what = 'touch') AS noted FROM log "
        "GROUP BY key HAVING count(*) FILTER (WHERE what = 'delete') = 0) AS l USING (key) WHERE v <> noted",
    "the job is not done":
        "SELECT * FROM headway.backfill WHERE state <> 'done' OR finished_at IS NULL OR request <> 'run'",
    "there is no job":
        "SELECT 'no row in headway.backfill' WHERE NOT EXISTS (SELECT FROM headway.backfill WHERE relation = 'public.t')",
    "a range is left": "SELECT * FROM headway.backfill_range",
    "a row has failed": "SELECT * FROM headway.backfill_skipped",
}

BACKFILL = {
    "a row of the beginning has not had it, or has had it twice":
        "SELECT r.* FROM " + ROWS + " JOIN initial USING (key) WHERE n <> 1",
    "a row that came meanwhile has had it twice":
        "SELECT r.* FROM " + ROWS + " WHERE n NOT IN (0, 1)",
    "a row had had it twice when a client deleted it":
        "SELECT * FROM " + DELETED + " WHERE measured NOT IN (0, 1)",
    "a row is gone that nobody has deleted, or is there twice, or again":
        "SELECT key, coalesce(due, 0) AS due, coalesce(there, 0) AS there FROM "
        "(SELECT key, sum(n) AS due FROM (SELECT key, 1 AS n FROM initial UNION ALL SELECT key, CASE what "
        "WHEN 'insert' THEN 1 WHEN 'delete' THEN -1 ELSE 0 END FROM log) AS changes GROUP BY key) AS due "
        "FULL JOIN (SELECT key, count(*) AS there FROM " + ROWS + " GROUP BY key) AS there USING (key) "
        "WHERE coalesce(due, 0) <> coalesce(there, 0)",
    "the job has not counted what it has done":
        "SELECT j.name, j.rows_done, done FROM headway.backfill AS j, (SELECT coalesce((SELECT sum({n}) FROM t), 0) "
        "+ coalesce((SELECT sum(measured) FROM log WHERE what = 'delete'), 0) AS done) AS c "
        "WHERE relation = 'public.t' AND rows_done {counts} done",
}

# The keys that are due but for the job, with what was known of them: doomed at the beginning, saved later.
DUE = ("(SELECT key, sum(n) AS due, max(doomed) AS doomed, max(saved) AS saved FROM "
       "(SELECT key, 1 AS n, measured AS doomed, 0 AS saved FROM initial UNION ALL SELECT key, "
       "CASE what WHEN 'insert' THEN 1 WHEN 'delete' THEN -1 ELSE 0 END, CASE what WHEN 'insert' THEN measured ELSE 0 END, "
       "(what = 'save')::int FROM log) AS changes GROUP BY key) AS d")
DELETE = {
    "a row is gone that was to stay":
        "SELECT d.* FROM " + DUE + " WHERE due = 1 AND (doomed = 0 OR saved = 1) "
        "AND NOT EXISTS (SELECT FROM t WHERE {key} = d.key)",
    "a row is there that is not due, or is there twice":
        "SELECT d.*, there FROM " + DUE + " FULL JOIN (SELECT key, count(*) AS there FROM " + ROWS + " GROUP BY key) AS r "
        "USING (key) WHERE coalesce(there, 0) > coalesce(due, 0) OR due NOT IN (0, 1)",
    "a row of the beginning has not been deleted":
        "SELECT d.* FROM " + DUE + " JOIN initial AS i USING (key) WHERE i.measured = 1 AND saved = 0 "
        "AND EXISTS (SELECT FROM t WHERE {key} = d.key)",
    "the job has not counted what it has done":
        "SELECT name, rows_done, due, there FROM headway.backfill, (SELECT sum(due) AS due FROM " + DUE + ") AS d, "
        "(SELECT count(*) AS there FROM t) AS c WHERE rows_done {counts} due - there",
}

# After a last call that nobody has disturbed, without any traffic.
LEFT = {"a row still matches": "SELECT ctid, xmin, * FROM t WHERE {where}"}

# Only where the kind has them.
AUDITED = {
    "the trigger has seen something else":
        "SELECT count(*), (SELECT rows_done FROM headway.backfill) FROM audit "
        "HAVING count(*) <> (SELECT rows_done FROM headway.backfill)",
    "a generated column is wrong": "SELECT * FROM t WHERE twice <> n * 2",
}

UPGRADE = {
    "the version is not the last revision":
        "SELECT string_agg(revision, ', ') FROM headway.version HAVING string_agg(revision, ', ') IS DISTINCT FROM 'r6'",
    "an index is not valid, is missing, or is left over":
        "SELECT i.relname, x.indisvalid, x.indisready FROM pg_index AS x JOIN pg_class AS i ON i.oid = indexrelid "
        "FULL JOIN unnest(ARRAY['t_pkey', 't_tag', 't_u', 't_n', 'flags_done']::name[]) AS wanted (name) ON wanted.name = i.relname "
        "WHERE (x.indrelid IN ('t'::regclass, 'flags'::regclass) OR x.indrelid IS NULL) "
        "AND NOT coalesce(x.indisvalid AND x.indisready AND wanted.name = i.relname, false)",
    "a transactional revision has been run twice, or not":
        "SELECT * FROM runs WHERE n <> 1",
    "the history is wrong":
        "SELECT revision, result, count(*) FROM headway.history WHERE result IN ('done', 'running') "
        "GROUP BY 1, 2 HAVING count(*) <> 1 OR result = 'running'",
    "the history has not all":
        "SELECT r FROM unnest(ARRAY['r1', 'r2', 'r3', 'r4', 'r5', 'r6']) AS r WHERE NOT EXISTS "
        "(SELECT FROM headway.history WHERE revision = r AND result = 'done')",
    "a revision is unfinished": "SELECT * FROM headway.unfinished",
    "a flag is not set": "SELECT * FROM flags WHERE NOT done",
}

ALWAYS = {
    "a worker is left": "SELECT pid, backend_type, state, query FROM pg_stat_activity WHERE backend_type = 'pg_headway'",
    "a lock is left": "SELECT * FROM pg_locks WHERE locktype = 'advisory'",
    "a transaction is left": "SELECT pid, backend_type, state, xact_start, query FROM pg_stat_activity "
                             "WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid() "
                             "AND backend_type NOT LIKE 'autovacuum%'",
}

# What --self-test does to a round that went well: each must be reported.
SABOTAGE = [
    ("one row once more, or undone", "UPDATE t SET {set_again} WHERE ctid = (SELECT min(ctid) FROM t WHERE {n} = 1 "
                                     "AND {key} IN (SELECT key FROM initial))"),
    ("one row not done", "UPDATE t SET {set_back} WHERE ctid = (SELECT min(t.ctid) FROM t JOIN initial ON initial.key = {key})"),
    ("a row lost", "DELETE FROM t WHERE {key} = (SELECT min({key}) FROM t)"),
    ("a row more", "INSERT INTO log SELECT 'delete', min({key}), 1 FROM t"),
    ("a write lost", "UPDATE t SET v = v - 1 WHERE {key} = (SELECT min({key}) FROM t WHERE v > 0 AND {key} NOT IN "
                     "(SELECT key FROM log WHERE what <> 'touch'))"),
    ("the count wrong", "UPDATE headway.backfill SET rows_done = rows_done + 1000000"),
    ("the job stuck", "UPDATE headway.backfill SET state = 'running'"),
    ("a range left", "INSERT INTO headway.backfill_range (name, number, relation, strategy, low, bound, position, units) "
                     "SELECT name, 1, relation, 'key', '{{}}', '{{}}', '{{}}', 1 FROM headway.backfill"),
    ("a lock left", "SELECT pg_advisory_xact_lock(1)"),
]
SABOTAGE_OF_DELETES = [
    ("a row that stays deleted", "DELETE FROM t WHERE ctid = (SELECT min(ctid) FROM t WHERE NOT doomed)"),
    ("a row not deleted", "INSERT INTO t (id, doomed) SELECT min(key)::bigint, true FROM initial WHERE measured = 1 "
                          "AND NOT EXISTS (SELECT FROM t WHERE id = key::bigint)"),
    ("a row again", "INSERT INTO t (id) SELECT min(key)::bigint FROM initial WHERE measured = 1 "
                    "AND NOT EXISTS (SELECT FROM t WHERE id = key::bigint)"),
    ("a write lost", "UPDATE t SET v = v - 1 WHERE id = (SELECT min(id) FROM t WHERE v > 0)"),
    ("the count wrong", "UPDATE headway.backfill SET rows_done = rows_done + 1000000"),
]
SABOTAGE_OF_UPGRADES = [
    ("an index invalid", "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_n'::regclass"),
    ("an index missing", "DROP INDEX t_u"),
    ("an index left over", "CREATE INDEX t_n_ccnew ON t (v)"),
    ("a revision run twice", "UPDATE runs SET n = 2"),
    ("the version behind", "UPDATE headway.version SET revision = 'r5'"),
    ("the history running", "UPDATE headway.step SET result = 'running' WHERE revision = 'r4'"),
]


def sabotage_for(kind_name):
    if kind_name in kinds.DELETES:
        return SABOTAGE_OF_DELETES
    return SABOTAGE + (SABOTAGE_OF_UPGRADES if kind_name == "upgrade" else [])


def for_round(kind_name):
    found = dict(ALWAYS, **JOB, **(DELETE if kind_name in kinds.DELETES else BACKFILL))
    if kind_name == "audited":
        found.update(AUDITED)
    if kind_name == "upgrade":
        found.update(UPGRADE)
    return found


def violations(cursor, queries, names):
    """The checks that found something, each with the first rows of it."""
    found = []
    for what, query in queries.items():
        cursor.execute(query.format(**names))
        rows = cursor.fetchall()
        if rows:
            found.append("%s: %d, as %s" % (what, len(rows), "; ".join(str(row) for row in rows[:5])))
    return found
