-- INSERT, UPDATE, DELETE, TRUNCATE and COPY FROM as a user of PostgreSQL writes them, and what the items are afterwards.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER writes_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER writes_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA writes_test;
SET search_path = writes_test;
\pset null '(null)'

CREATE FOREIGN TABLE orders (
  p text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  s numeric OPTIONS (sort_key 'true') NOT NULL,
  a int,
  b text,
  city text OPTIONS (mapped_path 'address.city')
) SERVER writes_test OPTIONS (table_name 'writes');
-- what is in the DynamoDB tables
CREATE FOREIGN TABLE order_items (p text OPTIONS (partition_key 'true') COLLATE "C", s numeric OPTIONS (sort_key 'true'), item jsonb OPTIONS (ddb_document 'true', document_format 'dynamodb'))
  SERVER writes_test OPTIONS (table_name 'writes', commit_mode 'batch');
CREATE FOREIGN TABLE things (id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, v int, document jsonb OPTIONS (ddb_document 'true'))
  SERVER writes_test OPTIONS (table_name 'writes2');

-- INSERT: one row, many, from a query, RETURNING
INSERT INTO orders VALUES ('a', 1, 10, 'ten', 'Oslo');
INSERT INTO orders (p, s, a) VALUES ('a', 2, 20), ('a', 3, NULL) RETURNING *;
INSERT INTO orders (p, s, a) SELECT 'b', i, i * i FROM generate_series(1, 4) AS i RETURNING s, a, a + 1 AS more, tableoid::regclass;
INSERT INTO orders (p, s, a) SELECT 'c', s, a FROM orders WHERE p = 'b' AND s > 2;
SELECT item FROM order_items ORDER BY p, s;
-- a key that exists
INSERT INTO orders VALUES ('a', 1), ('new', 1);
INSERT INTO orders VALUES ('new', 1), ('new', 1.0);
SELECT count(*) FROM orders WHERE p = 'new';
INSERT INTO orders (p, s, a) VALUES ('a', 1, 0), ('new', 1, 1), ('new', 1, 2), ('new', 2, 3) ON CONFLICT DO NOTHING RETURNING p, s, a;
INSERT INTO orders (p, s) VALUES ('a', 1) ON CONFLICT DO NOTHING;
INSERT INTO orders (p, s) VALUES ('a', 1) ON CONFLICT (p, s) DO NOTHING;
INSERT INTO orders (p, s) VALUES ('a', 1) ON CONFLICT (p, s) DO UPDATE SET a = 1;
SELECT p, s, a, b FROM orders WHERE p IN ('a', 'new') ORDER BY p, s;
-- insert_mode put replaces the item
ALTER FOREIGN TABLE orders OPTIONS (ADD insert_mode 'put');
INSERT INTO orders (p, s, b) VALUES ('a', 1, 'put'), ('new', 2, 'put');
INSERT INTO orders (p, s, b) VALUES ('new', 1, 'first'), ('new', 1, 'last');
INSERT INTO orders (p, s, b) VALUES ('a', 1, 'no'), ('new', 3, 'yes') ON CONFLICT DO NOTHING RETURNING *;
ALTER FOREIGN TABLE orders OPTIONS (DROP insert_mode);
SELECT item FROM order_items WHERE p IN ('a', 'new') ORDER BY p, s;
-- keys
\set VERBOSITY sqlstate
INSERT INTO orders (p, s) VALUES (NULL, 1);
\set VERBOSITY default
INSERT INTO orders (p) VALUES ('x');
INSERT INTO orders (p, s) VALUES ('', 1);
INSERT INTO orders (p, s) VALUES ('x', 'NaN');
INSERT INTO orders (p, s, b) VALUES ('x', 1, repeat('x', 410000));
UPDATE orders SET p = NULL WHERE p = 'a';
UPDATE orders SET s = 'NaN' WHERE p = 'a' AND s = 1;
UPDATE orders SET b = repeat('x', 410000) WHERE p = 'a' AND s = 1;
SELECT count(*) FROM orders;

-- UPDATE: only what is named is sent
\! "$DYNAMODB_CALL" PutItem '{"TableName": "writes", "Item": {"p": {"S": "u"}, "s": {"N": "1"}, "a": {"N": "1"}, "set": {"SS": ["y", "x"]}, "bytes": {"B": "AQID"}, "digits": {"N": "12345678901234567890123456789012345678"}, "address": {"M": {"zip": {"N": "1.50"}, "codes": {"NS": ["3", "1"]}}}, "null": {"NULL": true}}}'
UPDATE orders SET a = a + 1, city = 'Bergen' WHERE p = 'u' AND s = 1 RETURNING a, city;
\! "$DYNAMODB_CALL" GetItem '{"TableName": "writes", "Key": {"p": {"S": "u"}, "s": {"N": "1"}}}'
UPDATE orders SET a = NULL, b = 'b', city = NULL WHERE p = 'u' RETURNING *;
\! "$DYNAMODB_CALL" GetItem '{"TableName": "writes", "Key": {"p": {"S": "u"}, "s": {"N": "1"}}}'
-- counts are true
UPDATE orders SET a = 1 WHERE p = 'nobody';
UPDATE orders SET a = a WHERE p = 'a';
UPDATE orders SET a = 7 WHERE p = 'b' AND a > 4;
DELETE FROM orders WHERE p = 'nobody' AND s = 1;
-- with FROM, subqueries and the table itself
UPDATE orders SET a = x.a FROM (VALUES ('b', 1, 100), ('b', 99, 0)) AS x (p, s, a) WHERE orders.p = x.p AND orders.s = x.s RETURNING orders.*;
UPDATE orders SET a = other.a * 10 FROM orders AS other WHERE orders.p = 'b' AND other.p = 'b' AND orders.s = other.s + 1 AND orders.s <= 3;
UPDATE orders SET a = (SELECT max(a) FROM orders AS other WHERE other.p = orders.p) WHERE p = 'b' AND s = 4;
SELECT s, a FROM orders WHERE p = 'b' ORDER BY s;
-- a row that is joined several times is changed once
UPDATE orders SET a = 5 FROM generate_series(1, 3) WHERE p = 'b' AND s = 1;
WITH first AS (UPDATE orders SET a = 6 WHERE p = 'b' AND s = 1 RETURNING a),
     second AS (DELETE FROM orders WHERE p = 'b' AND s = 1 RETURNING a)
SELECT * FROM first FULL JOIN second ON true;
SELECT a FROM orders WHERE p = 'b' AND s = 1;
-- another key: the item moves, with all that it has
UPDATE orders SET p = 'moved', a = 11 WHERE p = 'u' RETURNING *;
SELECT item FROM order_items WHERE p IN ('u', 'moved');
UPDATE orders SET s = s + 100 WHERE p = 'b';
UPDATE orders SET p = 'a', s = 1 WHERE p = 'moved';
UPDATE orders SET s = 1.0 WHERE p = 'moved';
SELECT p, s, a FROM orders ORDER BY p, s;
-- WITH
WITH gone AS (DELETE FROM orders WHERE p = 'moved' RETURNING *) INSERT INTO orders SELECT 'back', s, a, b, city FROM gone RETURNING *;
WITH made AS (INSERT INTO orders (p, s) VALUES ('made', 1) RETURNING p, s) SELECT made.*, (SELECT count(*) FROM orders WHERE p = 'made') AS seen FROM made;

-- DELETE
DELETE FROM orders WHERE p = 'a' AND s = 1 RETURNING *;
DELETE FROM orders USING (VALUES ('new', 1)) AS x (p, s) WHERE orders.p = x.p AND orders.s = x.s RETURNING orders.b;
DELETE FROM orders WHERE p = 'b' AND s > 102;
EXPLAIN (COSTS OFF) DELETE FROM orders WHERE p = 'b' AND s = 101;
EXPLAIN (COSTS OFF) UPDATE orders SET a = 1, city = 'x' WHERE p = 'b' AND s = 101 AND b IS NULL;
DELETE FROM orders;
SELECT count(*) FROM orders;

-- COPY and TRUNCATE
COPY orders (p, s, a, city) FROM stdin;
copied	1	1	Oslo
copied	2	\N	\N
\.
COPY orders (p, s) FROM stdin;
copied	3
copied	1
\.
\set SHOW_CONTEXT never
COPY orders (p, s) FROM stdin;
copied	3
	1
\.
\set SHOW_CONTEXT errors
COPY (SELECT * FROM orders ORDER BY s) TO stdout;
ALTER FOREIGN TABLE orders OPTIONS (ADD insert_mode 'put', ADD commit_mode 'batch', ADD batch_size '7');
INSERT INTO orders (p, s, a) SELECT 'many', i, i FROM generate_series(1, 300) AS i;
SELECT count(*), sum(a) FROM orders WHERE p = 'many';
ALTER FOREIGN TABLE orders OPTIONS (ADD stream_writes 'true');
INSERT INTO orders (p, s, a) SELECT 'streamed', i % 50, i FROM generate_series(1, 200) AS i;
SELECT count(*), min(a), max(a) FROM orders WHERE p = 'streamed';
-- what was sent stays, and a failure fails the transaction, even if it is caught
BEGIN;
INSERT INTO orders (p, s) VALUES ('stays', 1);
SELECT p, s FROM orders WHERE p = 'stays';
UPDATE orders SET a = 1 WHERE p = 'stays';
ROLLBACK;
SELECT p, s, a FROM orders WHERE p = 'stays';
ALTER FOREIGN TABLE orders OPTIONS (SET insert_mode 'insert');
INSERT INTO orders (p, s) VALUES ('stays', 2), ('stays', 1);
SELECT p, s FROM orders WHERE p = 'stays' ORDER BY s;
BEGIN;
INSERT INTO orders (p, s) VALUES ('stays', 3);
DO $$
BEGIN
  INSERT INTO orders (p, s) VALUES ('stays', 1);
  PERFORM FROM orders;
EXCEPTION WHEN unique_violation THEN
  RAISE WARNING 'caught';
END $$;
COMMIT;
INSERT INTO orders (p, s) VALUES ('stays', 1), ('stays', 4) ON CONFLICT DO NOTHING RETURNING s;
BEGIN;
DELETE FROM orders WHERE p = 'stays' AND s = 1;
INSERT INTO orders (p, s, a) VALUES ('stays', 1, 10);
COMMIT;
SELECT p, s, a FROM orders WHERE p = 'stays' ORDER BY s;
ALTER FOREIGN TABLE orders OPTIONS (DROP stream_writes, DROP insert_mode, DROP batch_size);
TRUNCATE orders;
SELECT count(*) FROM orders;
BEGIN;
INSERT INTO orders (p, s) VALUES ('t', 1);
TRUNCATE orders;
INSERT INTO orders (p, s) VALUES ('t', 1), ('t', 2);
SELECT p, s FROM orders ORDER BY s;
COMMIT;
BEGIN;
TRUNCATE orders, things;
SELECT count(*) FROM orders;
INSERT INTO orders (p, s) VALUES ('t', 3);
SELECT p, s FROM orders;
ROLLBACK;
SELECT p, s FROM orders ORDER BY s;
DELETE FROM orders;
ALTER FOREIGN TABLE orders OPTIONS (DROP commit_mode);

-- triggers
CREATE FUNCTION say() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE INFO '% % %', TG_WHEN, TG_OP, TG_LEVEL;
  IF TG_LEVEL = 'STATEMENT' THEN RETURN NULL; END IF;
  IF TG_OP <> 'INSERT' THEN RAISE INFO 'old %', old; END IF;
  IF TG_WHEN = 'BEFORE' AND TG_OP <> 'DELETE' THEN new.a := new.a * 2; new.b := 'trigger'; END IF;
  IF TG_OP = 'DELETE' THEN RETURN old; END IF;
  RAISE INFO 'new %', new;
  RETURN new;
END $$;
CREATE TRIGGER before_row BEFORE INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION say();
CREATE TRIGGER after_row AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION say();
CREATE TRIGGER before_statement BEFORE INSERT OR UPDATE OR DELETE ON orders FOR EACH STATEMENT EXECUTE FUNCTION say();
CREATE TRIGGER after_statement AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH STATEMENT EXECUTE FUNCTION say();
\set VERBOSITY terse
SET client_min_messages = info;
INSERT INTO orders (p, s, a) VALUES ('t', 1, 1), ('t', 2, 2);
UPDATE orders SET a = 5 WHERE p = 't' AND s = 1 RETURNING *;
DELETE FROM orders WHERE p = 't' AND s = 1;
COPY orders (p, s, a) FROM stdin;
t	3	3
\.
SELECT p, s, a, b FROM orders ORDER BY p, s;
SET client_min_messages = warning;
\set VERBOSITY default
DROP TRIGGER before_row ON orders;
DROP TRIGGER after_row ON orders;
DROP TRIGGER before_statement ON orders;
DROP TRIGGER after_statement ON orders;
-- a trigger makes UPDATE write what it changes, not what else the row shows
CREATE FOREIGN TABLE shown (p text OPTIONS (partition_key 'true'), s int OPTIONS (sort_key 'true'), a int OPTIONS (on_type_mismatch 'null'), f float4, n text, at timestamptz(0), b text, tags text[])
  SERVER writes_test OPTIONS (table_name 'writes');
CREATE FUNCTION set_b() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.b := 'set'; RETURN new; END $$;
CREATE TRIGGER set_b BEFORE UPDATE ON shown FOR EACH ROW EXECUTE FUNCTION set_b();
\! "$DYNAMODB_CALL" PutItem '{"TableName": "writes", "Item": {"p": {"S": "shown"}, "s": {"N": "1"}, "a": {"S": "no number"}, "f": {"N": "0.12345678901234567890"}, "n": {"NULL": true}, "at": {"S": "2026-01-02 03:04:05.6+01"}, "tags": {"SS": ["x", "y"]}}}'
UPDATE shown SET tags = '{x}' WHERE p = 'shown' RETURNING p, a, f, n, b, tags;
\! "$DYNAMODB_CALL" GetItem '{"TableName": "writes", "Key": {"p": {"S": "shown"}, "s": {"N": "1"}}}'
CREATE FUNCTION move() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.p := 'moved'; RETURN new; END $$;
CREATE TRIGGER then_move BEFORE UPDATE ON shown FOR EACH ROW EXECUTE FUNCTION move();
UPDATE shown SET tags = '{z}' WHERE p = 'shown';
SELECT item FROM order_items WHERE p IN ('shown', 'moved');
DELETE FROM shown WHERE p = 'moved';

CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER skip BEFORE INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION skip();
INSERT INTO orders (p, s) VALUES ('t', 9);
UPDATE orders SET a = 0 WHERE p = 't';
DELETE FROM orders WHERE p = 't';
DROP TRIGGER skip ON orders;
-- one that writes to the row that is being written
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE orders SET a = 0 WHERE p = old.p AND s = old.s; RETURN new; END $$;
CREATE TRIGGER again BEFORE UPDATE ON orders FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION again();
UPDATE orders SET b = 'x' WHERE p = 't' AND s = 2;
DROP TRIGGER again ON orders;
CREATE FUNCTION count_up() RETURNS int LANGUAGE plpgsql VOLATILE AS $$
DECLARE n int;
BEGIN
  UPDATE orders SET a = a + 1 WHERE p = 't' AND s = 3 RETURNING a INTO n;
  RETURN n;
END $$;
SELECT count_up(), count_up() FROM generate_series(1, 2);
INSERT INTO orders (p, s, a) SELECT 'f', i, count_up() FROM generate_series(1, 3) AS i RETURNING s, a;
DELETE FROM orders;

-- defaults, serial, generated and dropped columns, domains, checks
CREATE DOMAIN required AS text NOT NULL;
CREATE FOREIGN TABLE kinds (id text OPTIONS (partition_key 'true') NOT NULL, dropped int, a int DEFAULT 7, twice int GENERATED ALWAYS AS (a * 2) STORED, n serial, r required, v int CHECK (v > 0))
  SERVER writes_test OPTIONS (table_name 'writes2');
ALTER FOREIGN TABLE kinds DROP COLUMN dropped;
INSERT INTO kinds (id, r) VALUES ('1', 'x') RETURNING *;
INSERT INTO kinds (id, a, r) VALUES ('2', DEFAULT, 'y'), ('3', 3, 'z') RETURNING *;
INSERT INTO kinds (id) VALUES ('4');
UPDATE kinds SET r = NULL WHERE id = '1';
UPDATE kinds SET a = 10, n = DEFAULT WHERE id = '1' RETURNING *;
UPDATE kinds SET v = 1 WHERE id = '2';
UPDATE kinds SET a = a + 1 WHERE id = '2';
DELETE FROM kinds WHERE id = '3' RETURNING twice;
SELECT * FROM kinds ORDER BY id;
SELECT kinds FROM kinds WHERE id = '1';
DELETE FROM kinds WHERE id = '1' RETURNING kinds;
DELETE FROM kinds;

-- views
CREATE VIEW small AS SELECT id, v FROM things WHERE v < 50 WITH CHECK OPTION;
INSERT INTO small VALUES ('1', 10) RETURNING *;
INSERT INTO small VALUES ('2', 60);
UPDATE small SET v = 60 WHERE id = '1';
UPDATE small SET v = 20 WHERE id = '1' RETURNING *;
INSERT INTO things (id, v) VALUES ('3', 90);
DELETE FROM small RETURNING *;
CREATE VIEW ids AS SELECT id AS name FROM things;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN INSERT INTO writes_test.things (id, v) VALUES (new.name, 1); RETURN new; END IF;
  DELETE FROM writes_test.things WHERE id = old.name;
  RETURN old;
END $$;
CREATE TRIGGER instead INSTEAD OF INSERT OR DELETE ON ids FOR EACH ROW EXECUTE FUNCTION instead();
INSERT INTO ids VALUES ('4') RETURNING *;
DELETE FROM ids WHERE name = '3';
SELECT * FROM things;

-- MERGE: PostgreSQL takes the table as the source only
CREATE TABLE local_things (id text PRIMARY KEY, v int);
MERGE INTO things USING local_things AS l ON things.id = l.id WHEN MATCHED THEN DELETE;
MERGE INTO local_things AS l USING things ON things.id = l.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (things.id, things.v);
SELECT * FROM local_things;

-- updatable and truncatable
ALTER FOREIGN TABLE things OPTIONS (ADD updatable 'false', ADD truncatable 'false');
INSERT INTO things (id) VALUES ('5');
UPDATE things SET v = 1;
DELETE FROM things;
COPY things (id) FROM stdin;
5
\.
TRUNCATE things;
SELECT is_insertable_into FROM information_schema.tables WHERE table_schema = 'writes_test' AND table_name = 'things';
ALTER FOREIGN TABLE things OPTIONS (DROP updatable, DROP truncatable);
ALTER SERVER writes_test OPTIONS (ADD updatable 'false');
DELETE FROM things;
ALTER SERVER writes_test OPTIONS (DROP updatable);
DELETE FROM things;

-- partitions and inheritance
CREATE TABLE parted (k text, v int) PARTITION BY LIST (k);
CREATE TABLE parted_here PARTITION OF parted FOR VALUES IN ('here');
CREATE FOREIGN TABLE parted_there (k text OPTIONS (partition_key 'true', mapped_attr 'id') COLLATE "default", v int) SERVER writes_test OPTIONS (table_name 'writes2');
ALTER TABLE parted ATTACH PARTITION parted_there FOR VALUES IN ('there', 'far');
INSERT INTO parted VALUES ('here', 1), ('there', 2), ('far', 3) RETURNING tableoid::regclass, *;
WITH changed AS (UPDATE parted SET v = v + 10 RETURNING tableoid::regclass, *) SELECT * FROM changed ORDER BY k;
COPY parted FROM stdin;
here	20
there	21
\.
DELETE FROM parted WHERE k = 'there' RETURNING *;
COPY parted FROM stdin;
here	20
there	21
\.
SELECT tableoid::regclass, * FROM parted ORDER BY k, v;
-- a row moves to a foreign partition, not from one
UPDATE parted SET k = 'moved' WHERE k = 'here';
DELETE FROM parted WHERE k = 'far';
UPDATE parted SET k = 'far' WHERE k = 'here' AND v = 11 RETURNING tableoid::regclass, *;
WITH gone AS (DELETE FROM parted RETURNING *) SELECT * FROM gone ORDER BY k;
INSERT INTO parted VALUES ('there', 1);
TRUNCATE parted;
SELECT * FROM parted;
CREATE TABLE parent (id text, v int);
CREATE FOREIGN TABLE child (extra text, id text OPTIONS (partition_key 'true'), v int) SERVER writes_test OPTIONS (table_name 'writes2');
ALTER FOREIGN TABLE child INHERIT parent;
INSERT INTO parent VALUES ('parent', 1);
INSERT INTO child VALUES ('more', 'child', 1);
WITH changed AS (UPDATE parent SET v = v + 1 RETURNING tableoid::regclass, *) SELECT * FROM changed ORDER BY id;
UPDATE parent SET v = parent.v + x.v FROM (VALUES ('child', 5)) AS x (id, v) WHERE parent.id = x.id RETURNING parent.*;
SELECT * FROM child ORDER BY id;
DELETE FROM parent WHERE v = 7 RETURNING tableoid::regclass, *;
DELETE FROM parent;

-- prepared statements with generic plans
SET plan_cache_mode = force_generic_plan;
PREPARE put (text, numeric, int) AS INSERT INTO orders (p, s, a) VALUES ($1, $2, $3);
PREPARE change (text, numeric, int) AS UPDATE orders SET a = a + $3 WHERE p = $1 AND s = $2 RETURNING a;
PREPARE raise_above (text, int) AS UPDATE orders SET a = a + 1 WHERE p = $1 AND a > $2;
PREPARE drop_it (text, numeric) AS DELETE FROM orders WHERE p = $1 AND s = $2 RETURNING p, s, a;
EXECUTE put ('a', 1, 1);
EXECUTE put ('a', 2, 2);
EXECUTE put ('a', 1, 1);
EXECUTE change ('a', 1, 10);
EXECUTE change ('a', 9, 10);
EXECUTE raise_above ('a', 5);
EXECUTE drop_it ('a', 1);
EXECUTE drop_it ('a', 1);
EXECUTE drop_it ('a', 2);
DEALLOCATE ALL;
RESET plan_cache_mode;

SELECT count(*) FROM orders;
SELECT count(*) FROM things;
DROP SCHEMA writes_test CASCADE;
DROP SERVER writes_test CASCADE;
