-- Options are checked when they are written: what is accepted, and what the errors say.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
RESET client_min_messages;
CREATE SCHEMA options_test;
SET search_path = options_test;

-- everything there is, with a value that is right
CREATE SERVER options_all FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (
  aws_region 'eu-central-1', ca_bundle '/etc/ssl/certs/ca-certificates.crt', use_fips 'true', use_dualstack 'off',
  max_connections '16', connect_timeout '0.5', request_timeout '30', max_attempts '3', ambient_credentials 'true',
  fdw_startup_cost '25', fdw_tuple_cost '0.5', parallel_scan_count '4', consistent_read 'false', scan_policy 'allow',
  sparse_indexes 'avoid', read_capacity_limit '12.5', write_capacity_limit '0', async_capable 'false', updatable 'false', truncatable 'no',
  insert_mode 'put', commit_mode 'atomic', batch_size '25', on_type_mismatch 'null');
CREATE SERVER options_endpoint FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (
  endpoint 'http://localhost:8000', use_fips 'false');
CREATE USER MAPPING FOR CURRENT_USER SERVER options_all OPTIONS (
  access_key_id 'AKIDEXAMPLE', secret_access_key 'secret/+=', session_token 'token', role_arn 'arn:aws:iam::123456789012:role/reader',
  external_id 'an-id', role_session_name 'psql');
CREATE USER MAPPING FOR CURRENT_USER SERVER options_endpoint OPTIONS (profile 'dev');
CREATE FOREIGN TABLE everything (
  oid text,
  p text OPTIONS (mapped_attr 'id', partition_key 'true', ddb_type 'S') COLLATE "C" NOT NULL,
  s numeric OPTIONS (sort_key 'on', lsi_name 'one.index, another_index', on_type_mismatch 'error'),
  g uuid OPTIONS (gsi_partition_key_gsi_name 'gsi-1,gsi-2', gsi_sort_key_gsi_name 'gsi-3'),
  city text OPTIONS (mapped_path 'address.city'),
  sku text OPTIONS (mapped_path 'lines[0]."s.k""u"'),
  changed timestamptz OPTIONS (time_unit 'ms', ddb_type 'N'),
  tags text[] OPTIONS (ddb_type 'SS'),
  marks int[] OPTIONS (ddb_type 'NS'),
  hashes bytea[] OPTIONS (ddb_type 'BS'),
  list jsonb OPTIONS (ddb_type 'L'),
  map json OPTIONS (ddb_type 'M', document_format 'dynamodb'),
  flag boolean OPTIONS (ddb_type 'BOOL'),
  raw bytea OPTIONS (ddb_type 'B'),
  document jsonb OPTIONS (ddb_document 'true', document_format 'dynamodb')
) SERVER options_all OPTIONS (
  table_name 'Every.Thing-1_2', aws_region 'us-west-2', parallel_scan_count '1000000', consistent_read 'true', scan_policy 'deny',
  sparse_indexes 'use', read_capacity_limit '5', write_capacity_limit '5', async_capable 'true', updatable 'true', truncatable 'true',
  insert_mode 'insert', commit_mode 'batch', batch_size '1', on_type_mismatch 'error');
CREATE FOREIGN TABLE by_arn (id text) SERVER options_all
  OPTIONS (table_name 'arn:aws:dynamodb:us-east-1:123456789012:table/Orders');

-- the predecessor's
CREATE SERVER multicorn_dynamo FOREIGN DATA WRAPPER dynamodb_fdw;
CREATE USER MAPPING FOR CURRENT_USER SERVER multicorn_dynamo;
CREATE FOREIGN TABLE fdwtest2 (
  oid TEXT,
  partition_key TEXT OPTIONS (mapped_attr 'id', partition_key 'true'),
  sort_key TEXT OPTIONS (mapped_attr 'skey', sort_key 'true'),
  lsi_sort_key TEXT OPTIONS (mapped_attr 'skey2', lsi_name 'lsi1'),
  gsi_partition_key TEXT OPTIONS (mapped_attr 'pkey2', gsi_partition_key_gsi_name 'gsi1'),
  gsi_sort_key TEXT OPTIONS (mapped_attr 'skey2', gsi_sort_key_gsi_name 'gsi1'),
  document JSON OPTIONS (ddb_document 'true')
) SERVER multicorn_dynamo OPTIONS (aws_region 'us-west-2', table_name 'fdwtest2');

-- unknown
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (region 'us-west-2');
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (aws_regoin 'us-west-2');
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (host 'localhost');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (access_key 'x');
CREATE FOREIGN TABLE bad (id text) SERVER multicorn_dynamo OPTIONS (tablename 'x');
CREATE FOREIGN TABLE bad (id text OPTIONS (partition_keys 'true')) SERVER multicorn_dynamo;
ALTER FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (ADD aws_region 'us-west-2');

-- misplaced
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (access_key_id 'x');
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (table_name 'abc');
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (sample_items '10');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (aws_region 'us-west-2');
CREATE FOREIGN TABLE bad (id text) SERVER multicorn_dynamo OPTIONS (partition_key 'true');
CREATE FOREIGN TABLE bad (id text) SERVER multicorn_dynamo OPTIONS (endpoint 'http://localhost:8000');
CREATE FOREIGN TABLE bad (id text OPTIONS (table_name 'abc')) SERVER multicorn_dynamo;

-- the codes that programs act on
\set VERBOSITY sqlstate
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (region 'us-west-2');
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (table_name 'abc');
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (max_attempts 'x');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (access_key_id 'x');
\set VERBOSITY default

-- wrong values
CREATE FUNCTION try_server(option text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  hint text;
  detail text;
BEGIN
  EXECUTE format('CREATE SERVER tried FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (%I %L)', option, value);
  DROP SERVER tried;
  RETURN 'accepted';
EXCEPTION WHEN fdw_invalid_attribute_value THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT, detail = PG_EXCEPTION_DETAIL;
  RETURN concat_ws(E'\n', SQLERRM, nullif(detail, ''), hint);
END $$;
\pset format unaligned
\pset tuples_only on
SELECT format(E'%s = %s:\n%s', option, value, try_server(option, value)) FROM (VALUES
  ('aws_region', ''), ('aws_region', 'us west 2'), ('aws_region', 'us-west-2.evil.example/'), ('aws_region', '-us'),
  ('endpoint', 'localhost:8000'), ('endpoint', 'http://user:hunter2@localhost'), ('endpoint', 'user:hunter2@localhost'), ('endpoint', 'http://localhost/path'),
  ('endpoint', 'https://vpce-1.dynamodb.eu-west-1.vpce.amazonaws.com/'),
  ('use_fips', 'maybe'), ('ca_bundle', 'ca.pem'),
  ('max_connections', '0'), ('max_connections', '1025'), ('max_connections', '1.5'), ('max_connections', 'many'), ('max_connections', '7 '),
  ('connect_timeout', '0'), ('connect_timeout', '-1'), ('connect_timeout', '1e9'), ('connect_timeout', 'nan'), ('connect_timeout', '5s'),
  ('request_timeout', '0.25'), ('max_attempts', '101'), ('fdw_startup_cost', '-1'), ('fdw_tuple_cost', 'inf'),
  ('parallel_scan_count', '0'), ('parallel_scan_count', '1000001'), ('parallel_scan_count', '99999999999999999999'),
  ('consistent_read', ''), ('scan_policy', 'never'), ('sparse_indexes', 'maybe'), ('read_capacity_limit', '-0.1'),
  ('insert_mode', 'Put'), ('commit_mode', 'all'), ('batch_size', '0'), ('on_type_mismatch', 'ignore')) AS t (option, value);
\pset format aligned
\pset tuples_only off
CREATE FOREIGN TABLE bad (id text) SERVER multicorn_dynamo OPTIONS (table_name 'ab');
CREATE FOREIGN TABLE bad (id text) SERVER multicorn_dynamo OPTIONS (table_name 'with space');
CREATE FOREIGN TABLE bad (id text) SERVER multicorn_dynamo OPTIONS (table_name 'arn:aws:s3:::bucket');
CREATE FOREIGN TABLE bad (id text OPTIONS (mapped_attr '')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (mapped_path 'a..b')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (mapped_path 'a[x]')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (partition_key 'yes please')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (lsi_name 'one,,two')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (lsi_name 'one, two,one')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (gsi_sort_key_gsi_name 'no good')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (ddb_type 'NULL')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (ddb_type 'string')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (document_format 'typed')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (time_unit 'minutes')) SERVER multicorn_dynamo;

-- no secret is shown, not even one in the wrong place
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (access_key_id 'hunter 2', secret_access_key 'x');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (access_key_id 'x', secret_access_key 'hunter 2');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (access_key_id 'x', secret_access_key 'x', session_token '');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (role_arn 'reader');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (role_arn 'arn:aws:iam::123456789012:role/r', external_id 'hunter 2');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (role_arn 'arn:aws:iam::123456789012:role/r', role_session_name '1');

-- contradictions
CREATE SERVER bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint 'http://localhost:8000', use_fips 'true');
ALTER SERVER options_endpoint OPTIONS (ADD use_dualstack 'true');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (access_key_id 'x');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (secret_access_key 'x');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (session_token 'x');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (profile 'p', access_key_id 'x', secret_access_key 'x');
CREATE USER MAPPING FOR PUBLIC SERVER multicorn_dynamo OPTIONS (external_id 'some-id');
ALTER USER MAPPING FOR CURRENT_USER SERVER options_all OPTIONS (DROP secret_access_key);
CREATE FOREIGN TABLE bad (id text OPTIONS (mapped_attr 'a', mapped_path 'b.c')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (partition_key 'true', sort_key 'true')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (partition_key 'true', mapped_path 'a.b')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id json OPTIONS (ddb_document 'true', partition_key 'true')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id json OPTIONS (ddb_document 'true', mapped_attr 'a')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id json OPTIONS (ddb_document 'true', lsi_name 'abc')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (gsi_partition_key_gsi_name 'abc,def', gsi_sort_key_gsi_name 'def')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id text OPTIONS (sort_key 'true', ddb_type 'SS')) SERVER multicorn_dynamo;
CREATE FOREIGN TABLE bad (id timestamptz OPTIONS (ddb_type 'S', time_unit 's')) SERVER multicorn_dynamo;
-- what is switched off contradicts nothing
CREATE FOREIGN TABLE fine (id text OPTIONS (partition_key 'true', sort_key 'false', ddb_document 'false')) SERVER multicorn_dynamo;

-- what only the table as a whole shows is said when it is used
CREATE FOREIGN TABLE two_keys (a text OPTIONS (partition_key 'true'), b text OPTIONS (partition_key 'true')) SERVER multicorn_dynamo;
SELECT * FROM two_keys;
CREATE FOREIGN TABLE only_sort_key (a text OPTIONS (sort_key 'true')) SERVER multicorn_dynamo;
SELECT * FROM only_sort_key;
CREATE FOREIGN TABLE text_document (document text OPTIONS (ddb_document 'true')) SERVER multicorn_dynamo;
SELECT * FROM text_document;
CREATE FOREIGN TABLE number_oid (oid integer) SERVER multicorn_dynamo;
SELECT * FROM number_oid;
CREATE FOREIGN TABLE typed_text (a text OPTIONS (document_format 'dynamodb')) SERVER multicorn_dynamo;
SELECT * FROM typed_text;
CREATE FOREIGN TABLE text_time (a text OPTIONS (time_unit 'ms')) SERVER multicorn_dynamo;
SELECT * FROM text_time;
CREATE FOREIGN TABLE text_number (a text OPTIONS (ddb_type 'N')) SERVER multicorn_dynamo;
SELECT * FROM text_number;
CREATE FOREIGN TABLE number_set (a text[] OPTIONS (ddb_type 'NS')) SERVER multicorn_dynamo;
SELECT * FROM number_set;
CREATE FOREIGN TABLE boolean_key (a boolean OPTIONS (lsi_name 'abc')) SERVER multicorn_dynamo;
SELECT * FROM boolean_key;
CREATE FOREIGN TABLE "no" (a text) SERVER multicorn_dynamo;
SELECT * FROM "no";

-- only a superuser may lend what the server process has
CREATE ROLE options_user;
GRANT USAGE ON FOREIGN DATA WRAPPER dynamodb_fdw TO options_user;
GRANT USAGE ON FOREIGN SERVER multicorn_dynamo TO options_user;
SET ROLE options_user;
CREATE SERVER options_bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (ambient_credentials 'true');
CREATE SERVER options_bad FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (ca_bundle '/etc/shadow');
CREATE USER MAPPING FOR options_user SERVER multicorn_dynamo OPTIONS (profile 'admin');
CREATE SERVER options_own FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (ambient_credentials 'false', aws_region 'us-west-2');
CREATE USER MAPPING FOR options_user SERVER multicorn_dynamo OPTIONS (access_key_id 'x', secret_access_key 'x');
RESET ROLE;
-- nor may its owner turn such a server to another address
ALTER SERVER options_own OPTIONS (SET ambient_credentials 'true');
SET ROLE options_user;
ALTER SERVER options_own OPTIONS (ADD endpoint 'http://elsewhere.example');
RESET ROLE;

-- every option in the list of one import
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER options_endpoint INTO options_test OPTIONS (import_default 'true');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER options_endpoint INTO options_test OPTIONS (table_name 'abc');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER options_endpoint INTO options_test OPTIONS (document_type 'text');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER options_endpoint INTO options_test OPTIONS (column_naming 'camel');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER options_endpoint INTO options_test OPTIONS (sample_items '-1');
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER options_endpoint INTO options_test OPTIONS (oid 'true', oid 'false');

SET client_min_messages = warning;
DROP SCHEMA options_test CASCADE;
DROP SERVER options_all, options_endpoint, options_own, multicorn_dynamo CASCADE;
DROP OWNED BY options_user;
DROP ROLE options_user;
