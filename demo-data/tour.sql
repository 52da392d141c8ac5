-- The tour of the README: DynamoDB tables in PostgreSQL, and questions they were not designed for.
-- Run by ./demo, which sets DYNAMODB_ENDPOINT. With an AWS account the server needs no endpoint.

\set ON_ERROR_STOP on
\set ECHO queries
\pset pager off
\getenv endpoint DYNAMODB_ENDPOINT

\echo
\echo '==== 1. A server, credentials, and every table of the account in a schema'
\echo
CREATE EXTENSION dynamodb_fdw;
CREATE SERVER dynamodb FOREIGN DATA WRAPPER dynamodb_fdw
  OPTIONS (endpoint :'endpoint', aws_region 'us-west-2');
CREATE USER MAPPING FOR CURRENT_USER SERVER dynamodb
  OPTIONS (access_key_id 'demo', secret_access_key 'demo');
CREATE SCHEMA ddb;
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER dynamodb INTO ddb OPTIONS (aws_region 'us-west-2');
\d ddb.*

\echo
\echo '==== 2. An item whose key nobody logged: all that is known is the ticket number. DynamoDB reads all, and returns one'
\echo
SELECT id, skey, jsonb_pretty(document->'details') AS details
FROM ddb.fdwtest2
WHERE document->'details'->>'ticket' = 'T-1234';

\echo
\echo '==== 3. How the data is distributed: the largest partitions of a table'
\echo
SELECT country, count(*) AS cities, sum(population) AS people,
       pg_size_pretty(sum(length(document::text))) AS size
FROM ddb.cities
GROUP BY country
ORDER BY cities DESC
LIMIT 5;

\echo
\echo '==== 4. Nested documents: countries with the most neighbours, and what is spoken there'
\echo
SELECT document->'name'->>'common' AS country,
       jsonb_array_length(document->'borders') AS neighbours,
       (SELECT string_agg(value, ', ') FROM jsonb_each_text(document->'languages')) AS languages
FROM ddb.countries
WHERE document ? 'borders'
ORDER BY neighbours DESC, country
LIMIT 5;

\echo
\echo '==== 5. A spreadsheet joined with the tables: countries are looked up by key, cities in the order of an index'
\echo
SELECT office.code, countries.document->'name'->>'common' AS country, cities.document->>'name' AS largest_city,
       cities.population, office.staff
FROM (VALUES ('NO', 'NOR', 12), ('KE', 'KEN', 30), ('JP', 'JPN', 7)) AS office (code, cca3, staff)
JOIN ddb.countries ON countries.cca3 = office.cca3
JOIN LATERAL (SELECT * FROM ddb.cities WHERE cities.country = office.code ORDER BY population DESC LIMIT 1) AS cities ON true
ORDER BY office.staff DESC;

\echo
\echo '==== 6. What a question costs: with a key it is a Query, here of an index ...'
\echo
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT document->>'name', population FROM ddb.cities WHERE country = 'JP' AND population > 1000000;

\echo
\echo '==== ... and without one a Scan: the filter saves bytes, not capacity units'
\echo
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT country, population FROM ddb.cities WHERE document->>'name' = 'Kyoto';

\echo
\echo '==== 7. Tables declared by hand, as for the Multicorn extension of the same name'
\echo
CREATE SERVER multicorn_dynamo FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint');
CREATE USER MAPPING FOR CURRENT_USER SERVER multicorn_dynamo
  OPTIONS (access_key_id 'demo', secret_access_key 'demo');
CREATE FOREIGN TABLE fdwtest2 (
  oid TEXT,
  partition_key TEXT OPTIONS (mapped_attr 'id', partition_key 'true'),
  sort_key TEXT OPTIONS (mapped_attr 'skey', sort_key 'true'),
  lsi_sort_key TEXT OPTIONS (mapped_attr 'skey2', lsi_name 'lsi1'),
  gsi_partition_key TEXT OPTIONS (mapped_attr 'pkey2', gsi_partition_key_gsi_name 'gsi1'),
  gsi_sort_key TEXT OPTIONS (mapped_attr 'skey2', gsi_sort_key_gsi_name 'gsi1'),
  document JSON OPTIONS (ddb_document 'true')
) SERVER multicorn_dynamo OPTIONS (aws_region 'us-west-2', table_name 'fdwtest2');

SELECT partition_key, sort_key, document->'details'->>'ticket' AS ticket, document->>'price' AS price
FROM fdwtest2
WHERE partition_key = 'device-42' AND sort_key BETWEEN 'event-003' AND 'event-006';

SELECT count(*) FROM fdwtest2;

CREATE SCHEMA ddb_usw2;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (fdwtest3) FROM SERVER multicorn_dynamo INTO ddb_usw2
  OPTIONS (aws_region 'us-west-2');
SELECT "TenantId", count(*) AS people, round(avg((document->>'Salary')::numeric)) AS salary
FROM ddb_usw2.fdwtest3
WHERE "Department" = 'Engineering' AND "LastName" IS NOT NULL  -- so all that are asked for are in the index DepartmentGsi1
GROUP BY "TenantId"
ORDER BY "TenantId";

\echo
\echo '==== 8. Correcting items: what a transaction writes is sent when it commits, all or nothing; until then only it sees it'
\echo
BEGIN;
UPDATE ddb.fdwtest2 SET document = jsonb_set(document, '{details,owner,level}', '5')
WHERE document->'details'->>'ticket' = 'T-1234'
RETURNING id, skey, document->'details'->'owner' AS owner;
INSERT INTO ddb.fdwtest2 (id, skey, document) VALUES ('device-40', 'event-999', '{"note": "corrected T-1234"}');
SAVEPOINT wrong;
DELETE FROM ddb.fdwtest2 WHERE id = 'device-40' AND skey < 'event-010';
ROLLBACK TO wrong;
SELECT skey, document->>'note' AS note, document->'details'->'owner'->>'level' AS level
FROM ddb.fdwtest2 WHERE id = 'device-40' AND skey IN ('event-009', 'event-014', 'event-999') ORDER BY skey;
COMMIT;
