-- The views of what backends do and have done at DynamoDB. What is in them is tested where the library is preloaded
-- (test/t/097_activity.pl).
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
RESET client_min_messages;
LOAD 'dynamodb_fdw';
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = 'dynamodb_fdw_activity'::regclass AND attnum > 0 ORDER BY attnum;
SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
 WHERE attrelid = 'dynamodb_fdw_stats'::regclass AND attnum > 0 ORDER BY attnum;
-- everybody may look, superusers reset
SELECT has_table_privilege('pg_monitor', v, 'SELECT') AS member, has_table_privilege('public', v, 'SELECT') AS everybody, v
  FROM unnest(ARRAY['dynamodb_fdw_activity', 'dynamodb_fdw_stats']) AS v;
SELECT has_function_privilege('public', 'dynamodb_fdw_stats_reset()', 'EXECUTE') AS everybody;
SELECT count(*) FROM pg_description AS d, pg_depend AS p
 WHERE d.objoid = p.objid AND d.classoid = p.classid AND d.objsubid = 0 AND p.deptype = 'e'
   AND pg_describe_object(p.classid, p.objid, 0) ~ 'dynamodb_fdw_(activity|stats|stats_reset|get_activity|get_stats)\y';
-- who is asked whose setting it is
SELECT name, setting, unit, context FROM pg_settings WHERE name IN ('dynamodb_fdw.log_min_duration', 'dynamodb_fdw.application_name');
\set VERBOSITY sqlstate
SET dynamodb_fdw.log_min_duration = -2;
\set VERBOSITY default
SET dynamodb_fdw.log_min_duration = '1min';
SHOW dynamodb_fdw.log_min_duration;
