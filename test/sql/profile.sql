-- dynamodb_profile() and dynamodb_suggest_table(): what they find in the sample tables, and that the statement works.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER profile_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER profile_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA profile_test;
\pset format unaligned

-- every type, at every depth
SELECT name, items, share, types, occurrences AS n, min_bytes AS least, avg_bytes AS avg, max_bytes AS most,
       distinct_values AS "distinct", examples
  FROM dynamodb_profile('profile_test', 'alltypes') WHERE kind = 'attribute';

-- the sample itself
SELECT kind, name, items, share, table_items, min_bytes > 0 AS sized, capacity_units > 0 AS costs
  FROM dynamodb_profile('profile_test', 'countries') WHERE kind = 'sample';
SELECT items BETWEEN 500 AND 1500 AS sampled, share BETWEEN 0.025 AND 0.075 AS share, table_items
  FROM dynamodb_profile('profile_test', 'cities') WHERE kind = 'sample';

-- maps whose keys are data
SELECT name, items, occurrences FROM dynamodb_profile('profile_test', 'countries')
  WHERE name LIKE 'currencies%' OR name LIKE 'name.native%' OR name LIKE 'languages%';

-- item collections, of the table and of its index
SELECT name, index_name, items, round(share::numeric, 3) AS share, table_items, examples
  FROM dynamodb_profile('profile_test', 'fdwtest2', 10000) WHERE kind = 'collection';
SELECT name, index_name, items, table_items, examples
  FROM dynamodb_profile('profile_test', 'countries') WHERE kind = 'collection';

-- no items
SELECT kind, name, items, share, table_items, min_bytes FROM dynamodb_profile('profile_test', 'noitems');

-- names that need quotes
SELECT name FROM dynamodb_profile('profile_test', 'Mixed.Case-Table') WHERE kind = 'attribute';

-- the statement
\pset tuples_only on
SELECT regexp_replace(dynamodb_suggest_table('profile_test', 'alltypes'), 'for [0-9.]+ capacity', 'for N capacity');
SELECT regexp_replace(dynamodb_suggest_table('profile_test', 'badvalues', foreign_table => 'Bad', schema_name => 'profile_test'), 'for [0-9.]+ capacity', 'for N capacity');
SELECT regexp_replace(dynamodb_suggest_table('profile_test', 'fdwtest3', column_naming => 'snake_case', guess_types => true), 'for [0-9.]+ capacity', 'for N capacity');
SELECT regexp_replace(dynamodb_suggest_table('profile_test', 'countries', nested_columns => true, aws_region => 'us-west-2'), 'for [0-9.]+ capacity', 'for N capacity');
SELECT regexp_replace(dynamodb_suggest_table('profile_test', 'noitems', foreign_table => 'empty'), 'for [0-9.]+ capacity', 'for N capacity');

-- it can be run, and reads every item of every table, whatever is asked of it
CREATE FUNCTION profile_test.try(tables text[], guess boolean, nested boolean, naming text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE t text; n bigint; expected bigint;
BEGIN
  FOREACH t IN ARRAY tables LOOP
    EXECUTE dynamodb_suggest_table('profile_test', t, 100000, 'tried', 'profile_test', naming, guess, nested);
    SELECT items INTO expected FROM dynamodb_profile('profile_test', t, 100000) WHERE kind = 'sample';
    SELECT count(r) INTO n FROM (SELECT r::text AS r FROM profile_test.tried AS r OFFSET 0) AS s;
    IF n <> expected THEN RETURN NEXT format('%s: %s of %s', t, n, expected); END IF;
    DROP FOREIGN TABLE profile_test.tried;
  END LOOP;
  RETURN NEXT format('%s tables', cardinality(tables));
END $$;
SET client_min_messages = error;
\set tables '{countries,cities,fdwtest2,fdwtest3,alltypes,badvalues,limits,texts,times,numkeys,strkeys,binkeys,hashonly,Mixed.Case-Table,longnames,pages,noitems}'
SELECT profile_test.try(:'tables', false, false, 'preserve');
SELECT profile_test.try(:'tables', true, true, 'snake_case');
RESET client_min_messages;
\pset tuples_only off

-- errors
\set VERBOSITY terse
SELECT * FROM dynamodb_profile('no_server', 'alltypes');
SELECT * FROM dynamodb_profile('profile_test', 'no_such_table');
SELECT * FROM dynamodb_profile('profile_test', 'not a name');
SELECT * FROM dynamodb_profile(NULL, 'alltypes');
SELECT * FROM dynamodb_profile('profile_test', 'alltypes', 0);
SELECT * FROM dynamodb_profile('profile_test', 'alltypes', 10000001);
SELECT dynamodb_suggest_table('profile_test', 'alltypes', column_naming => 'upper');

-- USAGE on the server, and credentials of one's own
CREATE ROLE profile_role;
SET ROLE profile_role;
SELECT * FROM dynamodb_profile('profile_test', 'alltypes');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER profile_test TO profile_role;
SET ROLE profile_role;
SELECT * FROM dynamodb_profile('profile_test', 'alltypes');
RESET ROLE;
CREATE USER MAPPING FOR profile_role SERVER profile_test OPTIONS (access_key_id 'test', secret_access_key 'test');
SET ROLE profile_role;
SELECT count(*) > 10 AS allowed FROM dynamodb_profile('profile_test', 'alltypes');
RESET ROLE;

SET client_min_messages = warning;
DROP SCHEMA profile_test CASCADE;
DROP SERVER profile_test CASCADE;
DROP ROLE profile_role;
