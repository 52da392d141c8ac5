-- A transaction sees its own writes by every way there is to read: Scan, Query, GetItem, BatchGetItem, indexes, ordered, limited, counted, joined, by cursors.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER overlay_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow', commit_mode 'batch');
CREATE USER MAPPING FOR CURRENT_USER SERVER overlay_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA overlay_test;
SET search_path = overlay_test;
\pset null '(null)'
CREATE FOREIGN TABLE w (
  p text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL,
  s numeric OPTIONS (sort_key 'true') NOT NULL,
  l text OPTIONS (lsi_name 'by_l') COLLATE "C",
  g text OPTIONS (gsi_partition_key_gsi_name 'by_g') COLLATE "C",
  h numeric OPTIONS (gsi_sort_key_gsi_name 'by_g'),
  a int,
  city text OPTIONS (mapped_path 'address.city'),
  document jsonb OPTIONS (ddb_document 'true')
) SERVER overlay_test OPTIONS (table_name 'writes');
-- The operation and index by which a query reads, then its rows.
CREATE FUNCTION by(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
    IF line ~ 'DynamoDB (Operation|Index):|Direction|Sort|Limit:|Nested|Hash' THEN RETURN NEXT '# ' || btrim(replace(line, ' (COUNT)', '')); END IF;
  END LOOP;
  FOR line IN EXECUTE 'SELECT row_to_json(r)::text FROM (' || query || ') AS r' LOOP RETURN NEXT line; END LOOP;
END $$;
\t on

INSERT INTO w (p, s, l, g, h, a) SELECT 'a', i, 'l' || i, 'g', i, i FROM generate_series(1, 5) AS i;
INSERT INTO w (p, s, l, g, h, a) SELECT 'b', i, 'l' || 9 - i, 'g', i * 10, i FROM generate_series(1, 4) AS i;
INSERT INTO w (p, s, a) VALUES ('c', 1, 1);

BEGIN;
UPDATE w SET h = 35, a = 100 WHERE p = 'a' AND s = 1;
UPDATE w SET g = 'other' WHERE p = 'a' AND s = 2;
UPDATE w SET l = NULL WHERE p = 'a' AND s = 3;
UPDATE w SET s = 2.5 WHERE p = 'a' AND s = 5;
UPDATE w SET l = 'l9', g = 'g', h = 1 WHERE p = 'c';
DELETE FROM w WHERE p = 'b' AND s = 1;
INSERT INTO w (p, s, l, g, h, a, city) VALUES ('a', 10, 'l0', 'g', 15, 10, 'Oslo'), ('n', 1, NULL, 'g', NULL, 1, NULL);

-- Scan
SELECT by('SELECT p, s, l, g, h, a, city FROM w ORDER BY p, s');
SELECT by('SELECT p, s FROM w WHERE a > 5 ORDER BY p, s');
SELECT by('SELECT count(*) FROM w');
SELECT by('SELECT count(*) FROM w WHERE a = 1');
SELECT by('SELECT p, s, document FROM w WHERE city = ''Oslo''');
SELECT by('SELECT p, s FROM w WHERE document ->> ''g'' = ''other''');
SELECT by('SELECT count(*) FROM (SELECT 1 FROM w LIMIT 100) AS few');
-- GetItem
SELECT by('SELECT p, s, h, a FROM w WHERE p = ''a'' AND s = 1');
SELECT by('SELECT p, s FROM w WHERE p = ''b'' AND s = 1');
SELECT by('SELECT p, s, city FROM w WHERE p = ''a'' AND s = 10');
SELECT by('SELECT p, s, a FROM w WHERE p = ''a'' AND s = 2.50');
SELECT by('SELECT p, s, a FROM w WHERE p = ''a'' AND s = 5');
SELECT by('SELECT p, s, a FROM w WHERE p = ''a'' AND s = 1 AND a = 1');
-- BatchGetItem
SELECT by('SELECT p, s, a FROM w WHERE (p, s) IN ((''a'', 1), (''b'', 1), (''a'', 10), (''a'', 5), (''a'', 2.5), (''a'', 10.0), (''b'', 2)) ORDER BY p, s');
SELECT by('SELECT p, s, a FROM w WHERE p = ''a'' AND s IN (1, 2.5, 5) ORDER BY s');
-- Query, ordered, limited
SELECT by('SELECT p, s, a FROM w WHERE p = ''a'' ORDER BY s');
SELECT by('SELECT s FROM w WHERE p = ''a'' ORDER BY s DESC');
SELECT by('SELECT s FROM w WHERE p = ''a'' AND s > 2 ORDER BY s LIMIT 2');
SELECT by('SELECT s FROM w WHERE p = ''a'' AND s BETWEEN 2 AND 4 ORDER BY s DESC LIMIT 2 OFFSET 1');
SELECT by('SELECT s FROM w WHERE p = ''b'' ORDER BY s LIMIT 1');
SELECT by('SELECT min(s), max(s) FROM w WHERE p = ''a''');
SELECT by('SELECT count(*) FROM w WHERE p = ''a''');
SELECT by('SELECT p, count(*), sum(a) FROM w WHERE p IN (''a'', ''b'', ''n'') GROUP BY p ORDER BY p');
SELECT by('SELECT 1 FROM w WHERE p = ''nobody''');
-- the local index
SELECT by('SELECT s, l FROM w WHERE p = ''a'' AND l IS NOT NULL ORDER BY l');
SELECT by('SELECT s, l FROM w WHERE p = ''a'' AND l > ''l1'' ORDER BY l DESC');
SELECT by('SELECT s, l FROM w WHERE p = ''c'' AND l = ''l9''');
SELECT by('SELECT s, l FROM w WHERE p = ''a'' AND l = ''l3''');
SELECT by('SELECT count(*) FROM w WHERE p = ''a'' AND l >= ''l0''');
-- the global index
SELECT by('SELECT p, s, h FROM w WHERE g = ''g'' AND h IS NOT NULL ORDER BY h, p');
SELECT by('SELECT p, s, h FROM w WHERE g = ''g'' AND h > 0 ORDER BY h DESC LIMIT 3');
SELECT by('SELECT p, s, h FROM w WHERE g = ''g'' AND h BETWEEN 10 AND 36 ORDER BY h');
SELECT by('SELECT p, s, h FROM w WHERE g = ''other'' AND h > 0');
SELECT by('SELECT p, s, h FROM w WHERE g = ''g'' AND h = 2');
SELECT by('SELECT max(h) FROM w WHERE g = ''g''');
-- joins
SELECT by('SELECT x.p, x.s, w.a FROM (VALUES (''a'', 1::numeric), (''a'', 5), (''a'', 10), (''b'', 1)) AS x (p, s) JOIN w ON w.p = x.p AND w.s = x.s ORDER BY x.p, x.s');
SELECT by('SELECT one.s, two.p FROM w AS one JOIN w AS two ON two.p = one.l WHERE one.p = ''a''');
SELECT by('SELECT one.s, two.s AS other FROM w AS one JOIN w AS two ON two.p = one.p AND two.s > one.s WHERE one.p = ''b'' ORDER BY 1, 2');
SELECT by('SELECT p FROM (VALUES (''a''), (''n''), (''x'')) AS x (p) WHERE EXISTS (SELECT 1 FROM w WHERE w.p = x.p) ORDER BY p');
-- changes of what was changed
UPDATE w SET a = a + 1, city = 'Bergen' WHERE city = 'Oslo';
UPDATE w SET h = h + 1 WHERE g = 'g' AND h > 30;
DELETE FROM w WHERE p = 'c' AND l = 'l9';
SELECT by('SELECT p, s, h, a, city FROM w WHERE g = ''g'' AND h > 12 ORDER BY h');

-- a cursor sees what was there when it was opened
DECLARE opened CURSOR FOR SELECT s, a FROM w WHERE p = 'a' ORDER BY s;
FETCH 2 FROM opened;
UPDATE w SET a = -1 WHERE p = 'a' AND s = 3;
DELETE FROM w WHERE p = 'a' AND s > 3;
INSERT INTO w (p, s) VALUES ('a', 99);
FETCH ALL FROM opened;
CLOSE opened;
DECLARE scanned CURSOR FOR SELECT count(*) FROM w;
DELETE FROM w WHERE p = 'b';
FETCH scanned;
CLOSE scanned;
SELECT p, s, a FROM w ORDER BY p, s;
-- a function sees what the query has written so far, as far as PostgreSQL has handed it over
ALTER FOREIGN TABLE w OPTIONS (ADD batch_size '1');
CREATE FUNCTION seen() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN (SELECT count(*) FROM w WHERE p = 'f'); END $$;
INSERT INTO w (p, s, a) SELECT 'f', i, seen() FROM generate_series(1, 3) AS i;
SELECT s, a FROM w WHERE p = 'f' ORDER BY s;
ALTER FOREIGN TABLE w OPTIONS (DROP batch_size);
-- a statement does not see what it writes itself
INSERT INTO w (p, s) SELECT 'f', s + 10 FROM w WHERE p = 'f';
UPDATE w SET s = s + 100 WHERE p = 'f' AND s > 2;
SELECT s FROM w WHERE p = 'f' ORDER BY s;
ROLLBACK;
SELECT by('SELECT p, s, l, g, h, a, city FROM w ORDER BY p, s');

-- generic plans
SET plan_cache_mode = force_generic_plan;
PREPARE one (text, numeric) AS SELECT a FROM w WHERE p = $1 AND s = $2;
PREPARE above (text, numeric) AS SELECT s, a FROM w WHERE p = $1 AND s > $2 ORDER BY s;
BEGIN;
UPDATE w SET a = 50 WHERE p = 'a' AND s = 4;
INSERT INTO w (p, s, a) VALUES ('a', 4.5, 45);
EXECUTE one ('a', 4);
EXECUTE one ('a', 4.5);
EXECUTE above ('a', 3);
ROLLBACK;
EXECUTE above ('a', 3);
DEALLOCATE ALL;
RESET plan_cache_mode;

-- after COMMIT it is DynamoDB's
BEGIN;
UPDATE w SET g = 'x', h = 1 WHERE p = 'a' AND s <= 2;
UPDATE w SET p = 'moved' WHERE p = 'b' AND s = 1;
COMMIT;
SELECT by('SELECT p, s, g, h, l FROM w WHERE p = ''moved'' OR g = ''x'' ORDER BY p, s');

DELETE FROM w;
DROP SCHEMA overlay_test CASCADE;
DROP SERVER overlay_test CASCADE;
