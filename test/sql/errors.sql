-- What goes wrong between PostgreSQL and DynamoDB: each gives one clear error with its SQLSTATE, and the next statement is unharmed.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER errors_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER errors_test OPTIONS (access_key_id 'AKIDEXAMPLE', secret_access_key 'verysecret', session_token 'verysecrettoken');
CREATE SCHEMA errors_test;
SET search_path = errors_test;

-- SQLSTATE, message, detail and hint of a statement's error, without what varies.
CREATE FUNCTION try(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  message text;
  detail text;
  hint text;
  rows bigint;
BEGIN
  EXECUTE 'SELECT count(*) FROM (' || statement || ') x' INTO rows;
  RETURN NEXT rows || ' rows';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
  detail = regexp_replace(detail, '(, )?request id [^ ,.]+', '');
  detail = regexp_replace(detail, 'libcurl: .*?( Tried \d+ times\.)?$', 'libcurl: ...\1');
  detail = regexp_replace(detail, '"[^"]*/(\.aws/[^"]*)"', '".../\1"', 'g');
  detail = regexp_replace(detail, 'EC2 instance \([^)]*\)', 'EC2 instance (...)');
  message = regexp_replace(message, '"[^"]*/(\.aws/[^"]*)"', '".../\1"', 'g');
  message = regexp_replace(message, '(127\.0\.0\.1|localhost)(:| port )\d+', '\1\2N');
  RETURN NEXT SQLSTATE || ' ' || message;
  IF detail <> '' THEN RETURN NEXT '  DETAIL: ' || detail; END IF;
  IF hint <> '' THEN RETURN NEXT '  HINT: ' || hint; END IF;
END $$;
\pset format unaligned
\pset tuples_only on

CREATE FOREIGN TABLE fine (id text OPTIONS (partition_key 'true'), value int) SERVER errors_test OPTIONS (table_name 'hashonly');

-- no such table: Scan, Query, look-ups, with and without a key that tells what to ask for
CREATE FOREIGN TABLE missing (id text OPTIONS (partition_key 'true'), s text OPTIONS (sort_key 'true')) SERVER errors_test OPTIONS (table_name 'no-such-table');
SELECT try('SELECT * FROM missing');
SELECT try($$SELECT * FROM missing WHERE id = 'a'$$);
SELECT try($$SELECT * FROM missing WHERE id = 'a' AND s = 'b'$$);
SELECT try($$SELECT * FROM missing WHERE id IN ('a', 'b') AND s IN ('a', 'b')$$);
SELECT try('SELECT * FROM fine');
-- EXPLAIN works without it
EXPLAIN (COSTS OFF) SELECT * FROM missing WHERE id = 'a';
-- names are case-sensitive
CREATE FOREIGN TABLE "HashOnly" (id text OPTIONS (partition_key 'true')) SERVER errors_test;
SELECT try('SELECT * FROM "HashOnly"');
-- and it is found as soon as it is there
ALTER FOREIGN TABLE missing OPTIONS (SET table_name 'fdwtest2');
ALTER FOREIGN TABLE missing ALTER COLUMN s OPTIONS (ADD mapped_attr 'skey');
SELECT try($$SELECT * FROM missing WHERE id = 'device-00'$$);

-- keys that are declared, but are not the table's
CREATE FOREIGN TABLE other_key (value int OPTIONS (partition_key 'true'), id text) SERVER errors_test OPTIONS (table_name 'hashonly');
SELECT try('SELECT * FROM other_key WHERE value = 1');
SELECT try('SELECT * FROM other_key');
CREATE FOREIGN TABLE sort_key_too (id text OPTIONS (partition_key 'true'), value int OPTIONS (sort_key 'true')) SERVER errors_test OPTIONS (table_name 'hashonly');
SELECT try('SELECT * FROM sort_key_too');
CREATE FOREIGN TABLE other_sort_key (id text OPTIONS (partition_key 'true'), number numeric OPTIONS (sort_key 'true')) SERVER errors_test OPTIONS (table_name 'fdwtest2');
SELECT try($$SELECT * FROM other_sort_key WHERE id = 'device-00'$$);
CREATE FOREIGN TABLE swapped (skey text OPTIONS (partition_key 'true'), id text OPTIONS (sort_key 'true')) SERVER errors_test OPTIONS (table_name 'fdwtest2');
SELECT try('SELECT * FROM swapped');
CREATE FOREIGN TABLE other_type (p text OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true')) SERVER errors_test OPTIONS (table_name 'numkeys');
SELECT try($$SELECT * FROM other_type WHERE p = '1'$$);
CREATE FOREIGN TABLE other_type_too (p numeric OPTIONS (partition_key 'true'), s date OPTIONS (sort_key 'true')) SERVER errors_test OPTIONS (table_name 'numkeys');
SELECT try('SELECT * FROM other_type_too WHERE p = 1');
-- indexes that are not there, or are another kind, or have another key
CREATE FOREIGN TABLE no_index (id text OPTIONS (partition_key 'true'), skey2 text OPTIONS (lsi_name 'no-such-index')) SERVER errors_test OPTIONS (table_name 'fdwtest2');
SELECT try('SELECT * FROM no_index');
CREATE FOREIGN TABLE other_kind (id text OPTIONS (partition_key 'true'), pkey2 text OPTIONS (gsi_partition_key_gsi_name 'lsi1')) SERVER errors_test OPTIONS (table_name 'fdwtest2');
SELECT try('SELECT * FROM other_kind');
CREATE FOREIGN TABLE other_index_key (id text OPTIONS (partition_key 'true'), number numeric OPTIONS (gsi_partition_key_gsi_name 'gsi1')) SERVER errors_test OPTIONS (table_name 'fdwtest2');
SELECT try($$SELECT * FROM other_index_key WHERE number = 1$$);
-- an attribute that no item has is NULL everywhere: a table has no list of its attributes
CREATE FOREIGN TABLE no_attribute (id text OPTIONS (partition_key 'true'), nothing int) SERVER errors_test OPTIONS (table_name 'hashonly');
SELECT count(*), count(nothing) FROM no_attribute;

-- an endpoint where nobody listens
CREATE SERVER errors_refused FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint 'http://127.0.0.1:1', aws_region 'us-west-2', max_attempts '2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER errors_refused OPTIONS (access_key_id 'AKIDEXAMPLE', secret_access_key 'verysecret');
CREATE FOREIGN TABLE refused (id text OPTIONS (partition_key 'true')) SERVER errors_refused;
SELECT try('SELECT * FROM refused');
SELECT try($$SELECT * FROM refused WHERE id = 'a'$$);
-- a key that no item can have asks nobody
SELECT try($$SELECT * FROM refused WHERE id = ''$$);
EXPLAIN (COSTS OFF) SELECT * FROM refused WHERE id = 'a';
-- one that does not speak TLS
SELECT replace(:'endpoint', 'http:', 'https:') AS tls_endpoint \gset
ALTER SERVER errors_refused OPTIONS (SET endpoint :'tls_endpoint');
SELECT try($$SELECT * FROM refused WHERE id = 'a'$$);
ALTER SERVER errors_refused OPTIONS (SET endpoint 'http://127.0.0.1:1');

-- neither endpoint nor region
CREATE SERVER errors_no_region FOREIGN DATA WRAPPER dynamodb_fdw;
CREATE USER MAPPING FOR CURRENT_USER SERVER errors_no_region OPTIONS (access_key_id 'AKIDEXAMPLE', secret_access_key 'verysecret');
CREATE FOREIGN TABLE no_region (id text OPTIONS (partition_key 'true')) SERVER errors_no_region;
SELECT try('SELECT * FROM no_region');
SELECT try($$SELECT * FROM no_region WHERE id = 'a'$$);

-- no credentials: the server process has none, and would lend them to superusers only
CREATE SERVER errors_no_keys FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE FOREIGN TABLE no_keys (id text OPTIONS (partition_key 'true')) SERVER errors_no_keys OPTIONS (table_name 'hashonly');
SELECT try('SELECT * FROM no_keys');
CREATE USER MAPPING FOR CURRENT_USER SERVER errors_no_keys;
SELECT try('SELECT * FROM no_keys');
ALTER USER MAPPING FOR CURRENT_USER SERVER errors_no_keys OPTIONS (ADD profile 'no-such-profile');
SELECT try('SELECT * FROM no_keys');
ALTER USER MAPPING FOR CURRENT_USER SERVER errors_no_keys OPTIONS (DROP profile, ADD role_arn 'arn:aws:iam::123456789012:role/reader');
SELECT try('SELECT * FROM no_keys');
CREATE ROLE errors_user;
GRANT USAGE ON SCHEMA errors_test TO errors_user;
GRANT USAGE ON FOREIGN SERVER errors_no_keys TO errors_user;
GRANT SELECT ON no_keys, fine TO errors_user;
SET ROLE errors_user;
SELECT try('SELECT * FROM no_keys');
SELECT try('SELECT * FROM fine');
-- another's mapping is not its own; PUBLIC's and its own are
RESET ROLE;
CREATE USER MAPPING FOR PUBLIC SERVER errors_test OPTIONS (access_key_id 'AKIDPUBLIC', secret_access_key 'verysecret');
CREATE USER MAPPING FOR errors_user SERVER errors_no_keys OPTIONS (access_key_id 'AKIDUSER', secret_access_key 'verysecret');
SET ROLE errors_user;
SELECT try('SELECT * FROM fine');
SELECT try('SELECT * FROM no_keys');
RESET ROLE;
DROP USER MAPPING FOR errors_user SERVER errors_no_keys;
-- a view reads with its owner's rights and credentials; the server's own may be lent
DROP USER MAPPING FOR PUBLIC SERVER errors_test;
CREATE VIEW fine_view AS SELECT * FROM fine;
GRANT SELECT ON fine_view TO errors_user;
ALTER SERVER errors_no_keys OPTIONS (ADD ambient_credentials 'true');
SET ROLE errors_user;
SELECT try('SELECT * FROM fine_view');
SELECT try($$SELECT * FROM fine_view WHERE id = 'k01'$$);
SELECT try('SELECT * FROM fine');
SELECT try('SELECT * FROM no_keys');
RESET ROLE;

-- a change of the mapping or the server is seen by the next statement
ALTER USER MAPPING FOR CURRENT_USER SERVER errors_no_keys OPTIONS (DROP role_arn, ADD access_key_id 'AKIDEXAMPLE', ADD secret_access_key 'verysecret');
SELECT try('SELECT * FROM no_keys');
ALTER SERVER errors_no_keys OPTIONS (SET endpoint 'http://127.0.0.1:1', ADD max_attempts '1');
SELECT try('SELECT * FROM no_keys');
ALTER SERVER errors_no_keys OPTIONS (SET endpoint :'endpoint');
SELECT try('SELECT * FROM no_keys');

-- the error of one scan does not harm the other, nor a transaction that catches it
SELECT try('SELECT * FROM fine, refused');
DO $$
DECLARE
  n int;
BEGIN
  FOR i IN 1..3 LOOP
    BEGIN
      SELECT count(*) INTO n FROM refused;
    EXCEPTION WHEN fdw_unable_to_establish_connection THEN
      SELECT count(*) INTO n FROM fine WHERE id = 'k01';
    END;
    ASSERT n = 1;
  END LOOP;
END $$;
BEGIN;
SELECT count(*) FROM fine;
SAVEPOINT before_error;
\set VERBOSITY sqlstate
SELECT count(*) FROM refused;
\set VERBOSITY default
ROLLBACK TO before_error;
SELECT count(*) FROM fine;
COMMIT;

-- no secret is in any of these messages
SELECT count(*) FROM (VALUES ('fine'), ('missing'), ('refused'), ('no_keys'), ('no_region'), ('other_key')) v (name), try('SELECT * FROM ' || name) line
  WHERE line ~ 'AKID|verysecret';

DROP SCHEMA errors_test CASCADE;
DROP SERVER errors_test, errors_refused, errors_no_region, errors_no_keys CASCADE;
DROP ROLE errors_user;
