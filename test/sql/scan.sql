-- Scan: every item once, in any number of segments; WARNING and NOTICE; scan_policy; no more pages than are wanted.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER scan_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2');
CREATE USER MAPPING FOR CURRENT_USER SERVER scan_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA scan_test;
SET search_path = scan_test;
RESET client_min_messages;

-- What the only foreign scan of a statement has read.
CREATE FUNCTION reads(statement text, OUT rows int, OUT requests int, OUT pages int, OUT items int, OUT scanned int, OUT capacity numeric)
LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
  scan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || statement INTO plan;
  scan = jsonb_path_query_first(plan, 'strict $.** ? (@."Node Type" == "Foreign Scan")');
  SELECT (plan #> '{0,Plan,Actual Rows}')::numeric, scan -> 'Requests', scan -> 'Pages', scan -> 'Items Returned', scan -> 'Items Scanned', scan -> 'Consumed Capacity'
    INTO rows, requests, pages, items, scanned, capacity;
END $$;

CREATE FOREIGN TABLE fdwtest2 (
  id text OPTIONS (partition_key 'true'),
  skey text OPTIONS (sort_key 'true'),
  number numeric,
  active boolean
) SERVER scan_test;

-- in 8 segments, 1, 50, and more than there are items for
SELECT count(*), count(DISTINCT (id, skey)), count(DISTINCT id), sum(number) FROM fdwtest2;
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD parallel_scan_count '1');
SELECT count(*), count(DISTINCT (id, skey)), count(DISTINCT id), sum(number) FROM fdwtest2;
ALTER FOREIGN TABLE fdwtest2 OPTIONS (SET parallel_scan_count '50');
SELECT count(*), count(DISTINCT (id, skey)), count(DISTINCT id), sum(number) FROM fdwtest2;
ALTER FOREIGN TABLE fdwtest2 OPTIONS (DROP parallel_scan_count);
CREATE FOREIGN TABLE hashonly (id text OPTIONS (partition_key 'true'), value int) SERVER scan_test OPTIONS (parallel_scan_count '200');
SELECT count(*), count(DISTINCT id), sum(value) FROM hashonly;
-- with fewer connections than segments
ALTER SERVER scan_test OPTIONS (ADD max_connections '1');
SELECT count(*), count(DISTINCT (id, skey)), count(DISTINCT id), sum(number) FROM fdwtest2;
ALTER SERVER scan_test OPTIONS (DROP max_connections);
-- PostgreSQL's conditions
SELECT count(*) FROM fdwtest2 WHERE number < 100;
SELECT id, skey, number FROM fdwtest2 WHERE number BETWEEN 1500 AND 1502 AND NOT active ORDER BY number;

-- a table without items
CREATE FOREIGN TABLE noitems (id text OPTIONS (partition_key 'true'), x int) SERVER scan_test;
SELECT * FROM noitems;
SELECT count(*), sum(x) FROM noitems;

-- several pages a segment: each is followed to its end
CREATE FOREIGN TABLE pages (p text OPTIONS (partition_key 'true'), s int OPTIONS (sort_key 'true'), filler text) SERVER scan_test
  OPTIONS (scan_policy 'allow', parallel_scan_count '1');
SET client_min_messages = warning;
SELECT count(*), min(s), max(s), count(DISTINCT s), sum(length(filler)), count(*) FILTER (WHERE filler = repeat(chr(97 + s % 26), 50000)) FROM pages;
SELECT rows, requests = pages AS one_request_a_page, pages BETWEEN 3 AND 4 AS pages, items, scanned FROM reads('SELECT * FROM pages');
ALTER FOREIGN TABLE pages OPTIONS (SET parallel_scan_count '8');
SELECT count(*), min(s), max(s), count(DISTINCT s), sum(length(filler)) FROM pages;
SELECT rows, pages BETWEEN 10 AND 11 AS pages, items, scanned FROM reads('SELECT * FROM pages');

-- LIMIT asks for as many items as it needs, one page at a time
ALTER FOREIGN TABLE pages OPTIONS (SET parallel_scan_count '1');
SELECT rows, requests, pages, items FROM reads('SELECT * FROM pages LIMIT 1');
SELECT rows, requests, pages, items FROM reads('SELECT * FROM pages LIMIT 15');
SELECT rows, requests BETWEEN 2 AND 3 AS requests, pages FROM reads('SELECT * FROM pages LIMIT 30');
SELECT rows, requests, pages, items FROM reads('SELECT * FROM pages OFFSET 3 LIMIT 2');
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD scan_policy 'allow');
SELECT rows, requests, pages, items FROM reads('SELECT * FROM fdwtest2 LIMIT 1');
SELECT rows, requests, pages, items <= 100 AS few FROM reads('SELECT EXISTS (SELECT FROM fdwtest2)');
SELECT rows, requests, pages, items FROM reads('SELECT * FROM fdwtest2 LIMIT 0');
-- and for more and more where conditions leave few rows
SELECT rows, requests < 30 AS requests, items < 2004 AS not_all FROM reads('SELECT * FROM fdwtest2 WHERE active LIMIT 2');
SELECT rows, requests < 30 AS requests, items FROM reads('SELECT * FROM fdwtest2 WHERE number = -1 LIMIT 1');
-- not when all rows are needed first
SELECT rows, pages, items FROM reads('SELECT * FROM fdwtest2 ORDER BY number LIMIT 1');
SELECT rows, pages, items FROM reads('SELECT count(*) FROM fdwtest2 LIMIT 1');
SELECT rows, pages, items FROM reads('SELECT DISTINCT active FROM fdwtest2 LIMIT 1');
RESET client_min_messages;
-- the messages come then, too
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD parallel_scan_count '1', DROP scan_policy);
SELECT id IS NOT NULL AS is_there FROM fdwtest2 LIMIT 1;
-- and when a cursor is closed
BEGIN;
DECLARE c CURSOR FOR SELECT number IS NOT NULL AS is_there FROM fdwtest2 WHERE id <> 'special';
FETCH 2 FROM c;
FETCH 1 FROM c;
CLOSE c;
COMMIT;
-- none without reading
SELECT * FROM fdwtest2 LIMIT 0;
SELECT * FROM fdwtest2 WHERE false;
EXPLAIN (COSTS OFF) SELECT id FROM fdwtest2;
-- one pair for each foreign scan, however often it starts again
SELECT a.id, b.number FROM fdwtest2 a JOIN fdwtest2 b ON a.number = b.number + 1 WHERE a.number IN (3, 4) ORDER BY 2;
SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_memoize = off;
SELECT v, (SELECT count(*) FROM fdwtest2 WHERE number < v) FROM (VALUES (1), (2), (3)) AS t (v);
RESET enable_material; RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_memoize;
-- no NOTICE after an error
SELECT 1 / (number - 3) FROM fdwtest2 WHERE number = 3;

-- scan_policy
ALTER FOREIGN TABLE fdwtest2 OPTIONS (ADD scan_policy 'allow');
SELECT count(*) FROM fdwtest2;
ALTER FOREIGN TABLE fdwtest2 OPTIONS (SET scan_policy 'warn');
SELECT count(*) FROM fdwtest2;
ALTER FOREIGN TABLE fdwtest2 OPTIONS (SET scan_policy 'deny');
SELECT count(*) FROM fdwtest2;
SELECT count(*) FROM fdwtest2 WHERE number = 3;
\set VERBOSITY sqlstate
SELECT count(*) FROM fdwtest2;
\set VERBOSITY default
-- a Query is none, and EXPLAIN does not scan
SELECT count(*) FROM fdwtest2 WHERE id = 'device-00';
EXPLAIN (COSTS OFF) SELECT id FROM fdwtest2;
SELECT * FROM fdwtest2 LIMIT 0;
-- the server's policy is the default of its tables
ALTER SERVER scan_test OPTIONS (ADD scan_policy 'deny');
SELECT * FROM noitems;
ALTER FOREIGN TABLE noitems OPTIONS (ADD scan_policy 'allow');
SELECT * FROM noitems;
CREATE FOREIGN TABLE without_key (number int) SERVER scan_test OPTIONS (table_name 'fdwtest2');
SELECT sum(number) FROM without_key;
ALTER SERVER scan_test OPTIONS (SET scan_policy 'allow');
SELECT count(*) FROM without_key;

-- consistent_read costs twice as much
SET client_min_messages = warning;
CREATE FOREIGN TABLE consistent (id text OPTIONS (partition_key 'true'), skey text OPTIONS (sort_key 'true')) SERVER scan_test
  OPTIONS (table_name 'fdwtest2', parallel_scan_count '1', consistent_read 'true');
CREATE FOREIGN TABLE eventual (id text OPTIONS (partition_key 'true'), skey text OPTIONS (sort_key 'true')) SERVER scan_test
  OPTIONS (table_name 'fdwtest2', parallel_scan_count '1');
SELECT c.rows, e.rows, e.capacity > 0 AS costs, c.capacity = 2 * e.capacity AS twice
  FROM reads('SELECT * FROM consistent') c, reads('SELECT * FROM eventual') e;
SELECT c.rows, e.rows, e.capacity > 0 AS costs, c.capacity = 2 * e.capacity AS twice
  FROM reads($$SELECT * FROM consistent WHERE id = 'device-00'$$) c, reads($$SELECT * FROM eventual WHERE id = 'device-00'$$) e;

DROP SCHEMA scan_test CASCADE;
DROP SERVER scan_test CASCADE;
