-- Scans that PostgreSQL's parallel workers share.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER parallel_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER parallel_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA parallel_test;
SET search_path = parallel_test;
CREATE FOREIGN TABLE cities (country text OPTIONS (partition_key 'true') COLLATE "C", "cityId" numeric OPTIONS (sort_key 'true'), document jsonb OPTIONS (ddb_document 'true')) SERVER parallel_test;
CREATE FOREIGN TABLE one_segment (country text OPTIONS (partition_key 'true') COLLATE "C", "cityId" numeric OPTIONS (sort_key 'true')) SERVER parallel_test OPTIONS (table_name 'cities', parallel_scan_count '1');
CREATE FOREIGN TABLE things (id text OPTIONS (partition_key 'true') COLLATE "C", a numeric) SERVER parallel_test OPTIONS (table_name 'writes2', commit_mode 'batch');
CREATE TABLE local_cities AS SELECT * FROM cities;
ANALYZE local_cities;
-- Only where it pays: these tables are small, and rows cost more to hand over than to decode.
EXPLAIN (COSTS OFF) SELECT sum("cityId") FROM cities;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
EXPLAIN (COSTS OFF) SELECT * FROM cities;
EXPLAIN (COSTS OFF) SELECT sum("cityId") FROM cities;
SET max_parallel_workers_per_gather = 3;
-- What all of them have read
CREATE FUNCTION reads(statement text) RETURNS TABLE (workers text, scans text) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
BEGIN
  EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || statement INTO plan;
  RETURN QUERY SELECT (SELECT string_agg(gather ->> 'Workers Launched', ' ') FROM jsonb_path_query(plan, 'strict $.** ? (exists (@."Workers Launched"))') gather),
    (SELECT string_agg(format('%s: %s requests, %s items, %s units', scan ->> 'DynamoDB Table', scan -> 'Requests', scan -> 'Items Scanned', scan -> 'Consumed Capacity'), '; ')
     FROM jsonb_path_query(plan, 'strict $.** ? (@."Node Type" == "Foreign Scan")') scan);
END $$;
SELECT * FROM reads('SELECT sum("cityId") FROM cities');
SELECT count(*), sum("cityId"), sum(length(document::text)) FROM cities;
SELECT count(*), sum("cityId"), sum(length(document::text)) FROM local_cities;
SELECT country, count(*) FROM cities WHERE document->>'name' LIKE 'San %' AND "cityId" % 2 = 0 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3;
SELECT country, count(*) FROM local_cities WHERE document->>'name' LIKE 'San %' AND "cityId" % 2 = 0 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 3;
-- Parameters, joins, rescans, several scans
PREPARE above(numeric) AS SELECT count(*), min("cityId") FROM cities WHERE "cityId" > $1 AND length(country) = 2;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE above(1000000);
EXECUTE above(1000000);
EXECUTE above(12000000);
SELECT count(*), min("cityId") FROM local_cities WHERE "cityId" > 12000000 AND length(country) = 2;
SELECT count(*) FROM cities a JOIN local_cities b USING (country, "cityId") WHERE b."cityId" < 500000;
SELECT count(*) FROM local_cities WHERE "cityId" < 500000;
SELECT n, (SELECT count(*) FROM cities WHERE "cityId" < n * 300000 AND length(country) = 2) FROM generate_series(1, 3) AS n;
SELECT n, (SELECT count(*) FROM local_cities WHERE "cityId" < n * 300000 AND length(country) = 2) FROM generate_series(1, 3) AS n;
SELECT count(*), count(DISTINCT country) FROM (SELECT country FROM cities WHERE length(country) = 2 UNION ALL SELECT country FROM cities WHERE length(country) = 2) x;
-- Without the leader, without workers
SET parallel_leader_participation = off;
SELECT * FROM reads('SELECT sum("cityId") FROM cities');
EXECUTE above(12000000);
SET max_parallel_workers = 0;
SELECT * FROM reads('SELECT sum("cityId") FROM cities');
RESET max_parallel_workers;
-- What the transaction has written only its own process sees: it reads alone, also where the plan is older.
PREPARE all_things AS SELECT count(*), sum(a) FROM things WHERE a >= 0;
EXPLAIN (COSTS OFF) EXECUTE all_things;
BEGIN;
INSERT INTO things SELECT 'parallel' || i, i FROM generate_series(1, 10) AS i;
EXECUTE all_things;
SELECT * FROM reads('EXECUTE all_things');
UPDATE things SET a = a + 100 WHERE id = 'parallel1';
EXECUTE all_things;
EXPLAIN (COSTS OFF) SELECT count(*), sum(a) FROM things WHERE a >= 0;
ROLLBACK;
EXECUTE all_things;
RESET parallel_leader_participation;
-- Errors, a policy, a cursor that is closed early
ALTER FOREIGN TABLE cities ALTER document TYPE jsonb, ADD COLUMN wrong integer OPTIONS (mapped_attr 'name');
\set VERBOSITY sqlstate
SELECT sum(wrong) FROM cities;
\set VERBOSITY default
ALTER FOREIGN TABLE cities DROP COLUMN wrong;
ALTER FOREIGN TABLE cities OPTIONS (ADD scan_policy 'deny');
SELECT sum("cityId") FROM cities;
ALTER FOREIGN TABLE cities OPTIONS (DROP scan_policy);
SET parallel_tuple_cost = 0;
BEGIN;
DECLARE c CURSOR FOR SELECT "cityId" FROM cities WHERE length(country) = 2;
FETCH 0 FROM c;
MOVE 10 IN c;
CLOSE c;
COMMIT;
SELECT count(*) FROM (SELECT 1 FROM cities WHERE length(country) = 2 OFFSET 100 LIMIT 10) x;
-- Not with one segment. (With a capacity limit: see test/t/097_activity.pl)
EXPLAIN (COSTS OFF) SELECT sum("cityId") FROM one_segment;
EXPLAIN (COSTS OFF) UPDATE things SET a = 1 WHERE a > 5;
DROP SCHEMA parallel_test CASCADE;
DROP SERVER parallel_test CASCADE;
