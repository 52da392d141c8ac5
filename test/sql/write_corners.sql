-- Writing at its corners: rows that a command meets twice, triggers, COPY and cursors, partitions, streamed writes that
-- fail, several users, index keys in documents, limits that several statements reach together.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER write_corners FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER write_corners OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA write_corners;
SET search_path = write_corners;
\pset null '(null)'

CREATE FOREIGN TABLE t (
  id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  v int,
  w int,
  twice int GENERATED ALWAYS AS (v * 2) STORED,
  document jsonb OPTIONS (ddb_document 'true')
) SERVER write_corners OPTIONS (table_name 'writes2');
CREATE FOREIGN TABLE streamed (id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, v int)
  SERVER write_corners OPTIONS (table_name 'writes2', stream_writes 'true');
CREATE FOREIGN TABLE lax (id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, v int, w int)
  SERVER write_corners OPTIONS (table_name 'writes2', on_type_mismatch 'null');
CREATE FOREIGN TABLE indexed (p text OPTIONS (partition_key 'true') COLLATE "C", s numeric OPTIONS (sort_key 'true'), document jsonb OPTIONS (ddb_document 'true'))
  SERVER write_corners OPTIONS (table_name 'writes');
TRUNCATE t;

-- a row that is joined several times counts once, also where nothing changes; what changes nothing hides nothing
INSERT INTO t (id, v) VALUES ('a', 1) RETURNING *;
UPDATE t SET v = 1 FROM generate_series(1, 3) WHERE id = 'a';
BEGIN;
UPDATE t SET v = 1 WHERE id = 'a';
SELECT v, twice FROM t WHERE id = 'a';
UPDATE t SET v = 5 WHERE id = 'a' RETURNING v, twice;
SELECT count(*) FROM t WHERE v = 5 AND twice = 10;
COMMIT;

-- COPY is a command like others: a cursor that is older does not see its rows
BEGIN;
INSERT INTO t (id, v) VALUES ('before', 1);
DECLARE older CURSOR FOR SELECT id FROM t WHERE id <> 'a';
COPY t (id, v) FROM stdin;
copied	2
\.
FETCH ALL FROM older;
SELECT id, v, twice FROM t WHERE id <> 'a' ORDER BY id;
ROLLBACK;

-- WHERE CURRENT OF
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM t;
FETCH c;
UPDATE t SET v = 1 WHERE CURRENT OF c;
ROLLBACK;

-- a trigger writes what it changes: an attribute that the column cannot show stays, unless the trigger sets it
INSERT INTO t (id, document) VALUES ('m', '{"v": "text", "w": 1, "x": 2}');
CREATE FUNCTION set_nothing() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.v := NEW.v; RETURN NEW; END$$;
CREATE FUNCTION set_v() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.v := 7; RETURN NEW; END$$;
CREATE TRIGGER before_update BEFORE UPDATE ON lax FOR EACH ROW EXECUTE FUNCTION set_nothing();
UPDATE lax SET w = 2 WHERE id = 'm' RETURNING *;
SELECT document FROM t WHERE id = 'm';
DROP TRIGGER before_update ON lax;
CREATE TRIGGER before_update BEFORE UPDATE ON lax FOR EACH ROW EXECUTE FUNCTION set_v();
UPDATE lax SET w = 3 WHERE id = 'm' RETURNING *;
SELECT document FROM t WHERE id = 'm';

-- a function that changes the row that calls it
CREATE FUNCTION bump(k text) RETURNS int LANGUAGE plpgsql AS $$BEGIN UPDATE write_corners.t SET w = coalesce(w, 0) + 1 WHERE id = k; RETURN 1; END$$;
UPDATE t SET v = bump('a') WHERE id = 'a';
UPDATE t SET v = bump('m') WHERE id = 'a';
SELECT bump('a') + bump('a');
SELECT id, w FROM t ORDER BY id;

-- keys that change places
INSERT INTO t (id, v) VALUES ('one', 1), ('two', 2);
BEGIN;
UPDATE t SET id = 'three' WHERE id = 'one';
UPDATE t SET id = 'one' WHERE id = 'two';
UPDATE t SET id = 'two' WHERE id = 'three';
SELECT id, v FROM t WHERE id IN ('one', 'two', 'three') ORDER BY id;
COMMIT;
SELECT id, v FROM t WHERE id IN ('one', 'two', 'three') ORDER BY id;

-- TRUNCATE among other writes
BEGIN;
INSERT INTO t (id, v) VALUES ('p', 1);
DELETE FROM t WHERE id = 'a';
TRUNCATE t;
SELECT count(*) FROM t;
INSERT INTO t (id, v) VALUES ('a', 100), ('p', 2);
SAVEPOINT s;
TRUNCATE t;
INSERT INTO t (id) VALUES ('q');
ROLLBACK TO s;
DELETE FROM t WHERE id = 'a';
SELECT id, v FROM t;
COMMIT;
SELECT id, v FROM t;

-- changes that only together are more than a request takes: an error at the statement that goes too far
BEGIN;
UPDATE t SET document = (SELECT jsonb_object_agg('attribute_' || i, i) FROM generate_series(1, 200) AS i) WHERE id = 'p';
\set VERBOSITY sqlstate
UPDATE t SET document = document || (SELECT jsonb_object_agg('attribute_' || i, i) FROM generate_series(201, 400) AS i) WHERE id = 'p';
\set VERBOSITY default
ROLLBACK;

-- keys of indexes in documents
INSERT INTO indexed VALUES ('i', 1, '{"g": 1}');
INSERT INTO indexed VALUES ('i', 1, '{"g": ""}');
INSERT INTO indexed VALUES ('i', 1, '{"g": "x", "h": null}');
INSERT INTO indexed VALUES ('i', 1, '{"g": "x", "h": 1}');
UPDATE indexed SET document = '{"g": ["x"]}' WHERE p = 'i';
UPDATE indexed SET document = '{"h": 2}' WHERE p = 'i' RETURNING document;
DELETE FROM indexed WHERE p = 'i';

-- two users of one table
CREATE ROLE write_corners_other;
CREATE USER MAPPING FOR write_corners_other SERVER write_corners OPTIONS (access_key_id 'test', secret_access_key 'test');
GRANT USAGE ON SCHEMA write_corners TO write_corners_other;
GRANT ALL ON t TO write_corners_other;
CREATE FUNCTION update_as_other(k text, n int) RETURNS void LANGUAGE sql SECURITY DEFINER AS 'UPDATE write_corners.t SET v = n WHERE id = k';
ALTER FUNCTION update_as_other OWNER TO write_corners_other;
INSERT INTO t (id) VALUES ('r');
BEGIN;
UPDATE t SET v = 3 WHERE id = 'p';
SELECT update_as_other('r', 4);
SELECT id, v FROM t ORDER BY id;
SAVEPOINT s;
SELECT update_as_other('p', 5);
ROLLBACK TO s;
UPDATE t SET v = 6 WHERE id = 'r';
ROLLBACK TO s;
TRUNCATE t;
ROLLBACK TO s;
COMMIT;
SELECT id, v FROM t ORDER BY id;

-- partitions
CREATE TABLE parent (id text COLLATE "C", v int) PARTITION BY RANGE (id);
CREATE TABLE here PARTITION OF parent FOR VALUES FROM ('a') TO ('d');
CREATE FOREIGN TABLE there (id text OPTIONS (partition_key 'true') COLLATE "C", v int) SERVER write_corners OPTIONS (table_name 'writes2');
ALTER TABLE parent ATTACH PARTITION there FOR VALUES FROM ('d') TO ('z');
TRUNCATE parent;
INSERT INTO parent VALUES ('b', 1), ('f', 2), ('g', 3) RETURNING *, tableoid::regclass;
UPDATE parent SET v = v + 1;
UPDATE parent SET id = 'h' WHERE id = 'b' RETURNING *;
COPY parent FROM stdin;
c	5
k	6
\.
DELETE FROM parent WHERE v > 4;
INSERT INTO parent VALUES ('k', 1), ('k', 2) ON CONFLICT DO NOTHING;
SELECT tableoid::regclass, * FROM parent ORDER BY id;
TRUNCATE parent;

-- stream_writes: rows on their way are there, and what the statement sends it does not read
INSERT INTO streamed SELECT 'd' || i % 7, i FROM generate_series(1, 500) AS i ON CONFLICT DO NOTHING;
INSERT INTO streamed SELECT id || 'x', v FROM streamed;
SELECT count(*) FROM streamed;
-- a write that failed is not forgotten, whatever catches the error
BEGIN;
INSERT INTO streamed SELECT 'u' || i, i FROM generate_series(1, 40) AS i;
SAVEPOINT s;
-- The error may come with this statement or with the next one.
\set SHOW_CONTEXT never
DO $$ BEGIN
  INSERT INTO streamed VALUES ('d1', 1);
  PERFORM count(*) FROM streamed;
END $$;
\set SHOW_CONTEXT errors
ROLLBACK TO s;
SELECT count(*) FROM streamed;
COMMIT;
SELECT count(*) FROM streamed;

TRUNCATE t;
DROP SCHEMA write_corners CASCADE;
DROP SERVER write_corners CASCADE;
DROP ROLE write_corners_other;
