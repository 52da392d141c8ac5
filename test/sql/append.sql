-- Several foreign tables below one Append: they are read at the same time, and with LIMIT one after the other.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER append_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE SERVER append_test2 FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow', max_connections '2');
CREATE USER MAPPING FOR CURRENT_USER SERVER append_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE USER MAPPING FOR CURRENT_USER SERVER append_test2 OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA append_test;
SET search_path = append_test;

-- What each foreign scan of a statement has read, and how many rows the statement has.
CREATE FUNCTION reads(statement text, OUT rows int, OUT scans text) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || statement INTO plan;
  rows = (plan #> '{0,Plan,Actual Rows}')::numeric;
  SELECT string_agg(format('%s%s: %s of %s', CASE WHEN (scan -> 'Async Capable')::bool THEN 'async ' END, scan ->> 'Alias', scan -> 'Requests', scan ->> 'DynamoDB Operation'), ', ')
    INTO scans FROM jsonb_path_query(plan, 'strict $.** ? (@."Node Type" == "Foreign Scan")') scan;
END $$;

CREATE FOREIGN TABLE fdwtest2 (id text OPTIONS (partition_key 'true') COLLATE "C", skey text OPTIONS (sort_key 'true') COLLATE "C", number numeric) SERVER append_test;
CREATE FOREIGN TABLE strkeys (p text OPTIONS (partition_key 'true') COLLATE "C", s text OPTIONS (sort_key 'true') COLLATE "C") SERVER append_test2;
CREATE FOREIGN TABLE numkeys (p numeric OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true')) SERVER append_test;
CREATE FOREIGN TABLE noitems (id text OPTIONS (partition_key 'true') COLLATE "C") SERVER append_test OPTIONS (parallel_scan_count '1');

-- UNION ALL, on two servers
EXPLAIN (COSTS OFF) SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM noitems) x;
SELECT * FROM reads('SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM noitems');
SET enable_async_append = off;
SELECT * FROM reads('SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM noitems');
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM noitems) x;
RESET enable_async_append;

-- many scans of one table; other plans in between; expressions; conditions that PostgreSQL checks
SELECT count(*), count(DISTINCT id) FROM (
  SELECT id FROM fdwtest2 UNION ALL SELECT id FROM fdwtest2 UNION ALL SELECT 'here' UNION ALL SELECT id FROM fdwtest2
  UNION ALL SELECT generate_series(1, 10)::text UNION ALL SELECT id FROM fdwtest2 UNION ALL SELECT upper(id) FROM fdwtest2) x;
SELECT * FROM (SELECT p FROM strkeys WHERE p < 'plainer' AND s < '2' UNION ALL SELECT s::text FROM numkeys WHERE p = 2.5 AND s % 2 = 0) x ORDER BY 1;
SELECT count(*) FROM (SELECT 1 FROM fdwtest2 UNION ALL SELECT 2 FROM strkeys UNION ALL SELECT 3 FROM numkeys) x;
SELECT n, string_agg(id, ',' ORDER BY id) FROM (SELECT 1 AS n, id FROM fdwtest2 WHERE id = 'special' AND skey = 'nested' UNION ALL SELECT 2, p FROM strkeys WHERE p = 'nobody' UNION ALL SELECT 3, p FROM strkeys WHERE p = '') x GROUP BY n;

-- not where rows are merged in order
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT skey FROM fdwtest2 WHERE id = 'device-26' UNION ALL SELECT s FROM strkeys WHERE p = 'plain') x ORDER BY 1 LIMIT 3;

-- LIMIT: the second is asked when the first was not enough
SELECT * FROM reads('SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM noitems LIMIT 1');
SELECT * FROM reads('SELECT id FROM noitems UNION ALL SELECT id FROM fdwtest2 LIMIT 1');
SELECT * FROM reads('SELECT 1 WHERE EXISTS (SELECT FROM fdwtest2 UNION ALL SELECT FROM strkeys)');
SELECT count(*) FROM (SELECT id FROM noitems UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM fdwtest2 LIMIT 1000) x;
SELECT count(*) FROM (SELECT id FROM noitems UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM fdwtest2 LIMIT 100000) x;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM fdwtest2 WHERE number < 0 UNION ALL SELECT p FROM strkeys WHERE s = 'nothing' UNION ALL SELECT s::text FROM numkeys WHERE p = 2.5;
FETCH 1 FROM c;
SELECT count(*) FROM fdwtest2;
FETCH 3 FROM c;
MOVE ALL FROM c;
DECLARE s SCROLL CURSOR FOR SELECT p FROM strkeys UNION ALL SELECT id FROM noitems;
MOVE FORWARD ALL FROM s;
MOVE BACKWARD ALL FROM s;
FETCH 0 FROM s;
COMMIT;

-- partitions
CREATE TABLE parted (p text COLLATE "C", s text COLLATE "C") PARTITION BY LIST (p);
CREATE FOREIGN TABLE part_plain (p text OPTIONS (partition_key 'true') COLLATE "C", s text OPTIONS (sort_key 'true') COLLATE "C") SERVER append_test OPTIONS (table_name 'strkeys');
CREATE FOREIGN TABLE part_japan (p text OPTIONS (partition_key 'true') COLLATE "C", s text OPTIONS (sort_key 'true') COLLATE "C") SERVER append_test2 OPTIONS (table_name 'strkeys');
ALTER TABLE parted ATTACH PARTITION part_plain FOR VALUES IN ('plain');
ALTER TABLE parted ATTACH PARTITION part_japan FOR VALUES IN ('日本');
CREATE TABLE part_other PARTITION OF parted DEFAULT;
INSERT INTO part_other VALUES ('local', '1'), ('local', '2');
EXPLAIN (COSTS OFF) SELECT * FROM parted WHERE p IN ('plain', '日本', 'local');
EXPLAIN (COSTS OFF) SELECT * FROM parted WHERE p = 'plain';
SELECT p, count(*) FROM parted WHERE p IN ('plain', '日本', 'local') GROUP BY p ORDER BY p;

-- rescans: with other parameters, with partitions that come and go, while requests are under way
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;
EXPLAIN (COSTS OFF) SELECT k, s FROM (VALUES ('plain'), ('日本'), ('nobody'), ('plain'), ('local')) keys (k), LATERAL (SELECT s FROM parted WHERE p = k OFFSET 0) x;
SELECT k, count(s) FROM (VALUES ('plain'), ('日本'), ('nobody'), ('plain'), ('local')) keys (k) LEFT JOIN parted ON p = k GROUP BY k ORDER BY k;
SELECT k, (SELECT count(*) FROM (SELECT skey FROM fdwtest2 WHERE id = k UNION ALL SELECT s FROM strkeys WHERE p = k) x) FROM (VALUES ('plain'), ('device-26'), ('nobody')) keys (k);
SELECT n, (SELECT count(*) FROM (SELECT id FROM fdwtest2 WHERE number > n UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM fdwtest2 LIMIT 3 + n) x) FROM generate_series(1, 4) n;
SELECT count(*) FROM generate_series(1, 3) n, (SELECT p FROM strkeys UNION ALL SELECT s::text FROM numkeys) x;
SELECT n, x.* FROM generate_series(1, 3) n, LATERAL (SELECT count(*) OVER () > 0 AS found FROM (SELECT p FROM strkeys WHERE n > 1 UNION ALL SELECT id FROM noitems UNION ALL SELECT id FROM fdwtest2 WHERE id > n::text) y LIMIT 1) x;

-- options
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD async_capable 'false');
SELECT * FROM reads('SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM noitems');
ALTER SERVER append_test OPTIONS (ADD async_capable 'false');
ALTER FOREIGN TABLE fdwtest2 OPTIONS (SET async_capable 'true');
SELECT * FROM reads('SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM noitems');
ALTER SERVER append_test OPTIONS (DROP async_capable);

-- read_capacity_limit: the whole takes no less time than the slower of both
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD read_capacity_limit '100');
SELECT count(*) FROM (SELECT id FROM fdwtest2 UNION ALL SELECT p FROM strkeys UNION ALL SELECT id FROM fdwtest2 UNION ALL SELECT id FROM fdwtest2) x;
SELECT clock_timestamp() - statement_timestamp() < interval '10 s' AS in_time;

SET client_min_messages = error;
DROP SCHEMA append_test CASCADE;
DROP SERVER append_test CASCADE;
DROP SERVER append_test2 CASCADE;
