-- IMPORT FOREIGN SCHEMA: which tables, columns, types, options and names come out of it.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
RESET client_min_messages;
CREATE SERVER import_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint');
CREATE USER MAPPING FOR CURRENT_USER SERVER import_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA import_test;
CREATE SCHEMA import_more;

-- Columns as they would be written; NOT NULL columns end in "!".
CREATE FUNCTION import_test.columns(name text) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT format('%I %s%s%s%s', attname, format_type(atttypid, atttypmod),
    (SELECT ' COLLATE ' || quote_ident(collname) FROM pg_collation c WHERE c.oid = attcollation AND collname <> 'default'),
    (SELECT ' OPTIONS (' || string_agg(option_name || ' ' || quote_literal(option_value), ', ') || ')'
       FROM pg_options_to_table(attfdwoptions)),
    CASE WHEN attnotnull THEN ' !' END)
  FROM pg_attribute WHERE attrelid = name::regclass AND attnum > 0 ORDER BY attnum
$$;
CREATE FUNCTION import_test.options(name text) RETURNS text LANGUAGE sql AS $$
  SELECT array_to_string(ftoptions, ', ') FROM pg_foreign_table WHERE ftrelid = name::regclass
$$;
\pset tuples_only on
\pset format unaligned

-- keys and indexes; indexes that do not hold all attributes are left out
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (fdwtest2, fdwtest3) FROM SERVER import_test INTO import_test OPTIONS (aws_region 'us-west-2');
SELECT import_test.columns('import_test.fdwtest2');
SELECT import_test.options('import_test.fdwtest2');
SELECT import_test.columns('import_test.fdwtest3');

-- numbers and bytes as keys, a partition key only
IMPORT FOREIGN SCHEMA anything LIMIT TO (numkeys, binkeys, hashonly) FROM SERVER import_test INTO import_test;
SELECT import_test.columns('import_test.numkeys');
SELECT import_test.columns('import_test.binkeys');
SELECT import_test.columns('import_test.hashonly');
SELECT import_test.options('import_test.hashonly');

-- names that need quotes, and names that are too long
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("Mixed.Case-Table", longnames) FROM SERVER import_test INTO import_test;
SELECT import_test.columns('import_test."Mixed.Case-Table"');
SELECT import_test.columns('import_test.longnames');

-- the other options
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (fdwtest3) FROM SERVER import_test INTO import_more
  OPTIONS (oid 'true', document_type 'json', column_naming 'snake_case', parallel_scan_count '3', aws_region 'eu-west-1', sample_items '40');
SELECT import_test.columns('import_more.fdwtest3');
SELECT import_test.options('import_more.fdwtest3');

-- sampled columns: typed when all agree; a sample of many pages; a table without items
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (alltypes, fdwtest2, pages, noitems) FROM SERVER import_test INTO import_more OPTIONS (sample_items '3000');
SELECT import_test.columns('import_more.alltypes');
SELECT import_test.columns('import_more.fdwtest2');
SELECT import_test.columns('import_more.pages');
SELECT import_test.columns('import_more.noitems');

-- attributes that are called as other columns, as system columns, alike in snake case, or oddly
\! "$DYNAMODB_CALL" CreateTable '{"TableName": "Import-Names", "AttributeDefinitions": [{"AttributeName": "document", "AttributeType": "S"}, {"AttributeName": "oid", "AttributeType": "N"}, {"AttributeName": "ctid", "AttributeType": "B"}], "KeySchema": [{"AttributeName": "document", "KeyType": "HASH"}, {"AttributeName": "oid", "KeyType": "RANGE"}], "GlobalSecondaryIndexes": [{"IndexName": "gsi.One", "KeySchema": [{"AttributeName": "ctid", "KeyType": "HASH"}, {"AttributeName": "document", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}, {"IndexName": "gsi_two", "KeySchema": [{"AttributeName": "ctid", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}], "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}' >/dev/null
\! "$DYNAMODB_CALL" PutItem '{"TableName": "Import-Names", "Item": {"document": {"S": "a"}, "oid": {"N": "1"}, "ctid": {"B": "AQ=="}, "xmin": {"N": "1"}, "document_2": {"S": "x"}, "userId": {"S": "a"}, "user_id": {"N": "1"}, "UserID": {"BOOL": true}, "HTTPStatusCode": {"N": "200"}, "2nd": {"S": "b"}, "...": {"S": "c"}, "it'"'"'s \"so\"": {"S": "d"}, "a, b": {"S": "e"}, "back\\slash": {"S": "f"}, "two\nlines": {"S": "g"}, "größe": {"N": "1"}, "empty": {"NULL": true}, "maybe": {"NULL": true}, "mixed": {"S": "h"}, "id_list": {"L": []}}}' >/dev/null
\! "$DYNAMODB_CALL" PutItem '{"TableName": "Import-Names", "Item": {"document": {"S": "a"}, "oid": {"N": "2"}, "maybe": {"BOOL": false}, "mixed": {"N": "1"}}}' >/dev/null
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("Import-Names") FROM SERVER import_test INTO import_test OPTIONS (sample_items '5', oid 'true');
SELECT import_test.columns('import_test."Import-Names"');
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO ("Import-Names") FROM SERVER import_test INTO import_more OPTIONS (sample_items '5', column_naming 'snake_case');
SELECT import_test.columns('import_more."Import-Names"');

-- tables whose names are longer than identifiers can be
\! for n in A B; do "$DYNAMODB_CALL" CreateTable '{"TableName": "import_a_table_with_a_name_that_goes_on_and_on_until_nobody_can_read_it_'$n'", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}' >/dev/null; done
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (import_a_table_with_a_name_that_goes_on_and_on_until_nobody_can_read_it_A,
  import_a_table_with_a_name_that_goes_on_and_on_until_nobody_c_2) FROM SERVER import_test INTO import_more;
SELECT import_test.options('import_more.import_a_table_with_a_name_that_goes_on_and_on_until_nobody_can');
SELECT import_test.options('import_more.import_a_table_with_a_name_that_goes_on_and_on_until_nobody_c_2');

-- EXCEPT, and everything
SET client_min_messages = warning;
DROP SCHEMA import_more CASCADE;
CREATE SCHEMA import_more;
IMPORT FOREIGN SCHEMA dynamodb EXCEPT (fdwtest2, "Mixed.Case-Table") FROM SERVER import_test INTO import_more;
SELECT relname FROM pg_class WHERE relnamespace = 'import_more'::regnamespace AND relname IN ('fdwtest2', 'fdwtest3', 'Mixed.Case-Table', 'Import-Names') ORDER BY 1;
DROP SCHEMA import_more CASCADE;
CREATE SCHEMA import_more;
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER import_test INTO import_more;
SELECT relname FROM pg_class WHERE relnamespace = 'import_more'::regnamespace AND relname IN ('fdwtest2', 'fdwtest3', 'Mixed.Case-Table', 'Import-Names') ORDER BY 1;
RESET client_min_messages;

-- tables that are not there
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (hashonly, Mixed_Case, x) FROM SERVER import_test INTO import_test;
IMPORT FOREIGN SCHEMA dynamodb LIMIT TO (nothing_of_that_name) FROM SERVER import_test INTO import_test;

-- nobody there
CREATE SERVER import_nowhere FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint 'http://127.0.0.1:1', max_attempts '1');
CREATE USER MAPPING FOR CURRENT_USER SERVER import_nowhere OPTIONS (access_key_id 'test', secret_access_key 'test');
\set VERBOSITY sqlstate
IMPORT FOREIGN SCHEMA dynamodb FROM SERVER import_nowhere INTO import_test;
\set VERBOSITY default

-- a column that contradicts the table
CREATE FOREIGN TABLE import_test.not_its_key (a text OPTIONS (partition_key 'true')) SERVER import_test OPTIONS (table_name 'fdwtest2');
SELECT * FROM import_test.not_its_key WHERE a = 'x';
CREATE FOREIGN TABLE import_test.not_its_sort_key (id text OPTIONS (partition_key 'true'), a text OPTIONS (sort_key 'true'))
  SERVER import_test OPTIONS (table_name 'hashonly');
SELECT * FROM import_test.not_its_sort_key WHERE id = 'x';
CREATE FOREIGN TABLE import_test.no_such_index (id text OPTIONS (partition_key 'true'), a text OPTIONS (lsi_name 'lsi2'))
  SERVER import_test OPTIONS (table_name 'fdwtest2');
SELECT * FROM import_test.no_such_index WHERE id = 'x';
CREATE FOREIGN TABLE import_test.other_index (id text OPTIONS (partition_key 'true'), skey2 text OPTIONS (lsi_name 'gsi1'))
  SERVER import_test OPTIONS (table_name 'fdwtest2');
SELECT * FROM import_test.other_index WHERE id = 'x';
CREATE FOREIGN TABLE import_test.not_the_index_key (id text OPTIONS (partition_key 'true'), a text OPTIONS (gsi_partition_key_gsi_name 'gsi1'))
  SERVER import_test OPTIONS (table_name 'fdwtest2');
SELECT * FROM import_test.not_the_index_key WHERE id = 'x';
CREATE FOREIGN TABLE import_test.not_its_type (p text OPTIONS (partition_key 'true')) SERVER import_test OPTIONS (table_name 'numkeys');
SELECT * FROM import_test.not_its_type WHERE p = 'x';
-- an index made since is found without delay
CREATE FOREIGN TABLE import_test.new_index (document text OPTIONS (partition_key 'true'), xmax_ numeric OPTIONS (mapped_attr 'xmin', gsi_partition_key_gsi_name 'later'))
  SERVER import_test OPTIONS (table_name 'Import-Names');
SELECT count(*) FROM import_test.new_index WHERE document = 'a';
\! "$DYNAMODB_CALL" UpdateTable '{"TableName": "Import-Names", "AttributeDefinitions": [{"AttributeName": "document", "AttributeType": "S"}, {"AttributeName": "oid", "AttributeType": "N"}, {"AttributeName": "ctid", "AttributeType": "B"}, {"AttributeName": "xmin", "AttributeType": "N"}], "GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "later", "KeySchema": [{"AttributeName": "xmin", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}}]}' >/dev/null
SET client_min_messages = warning;
SELECT count(*) FROM import_test.new_index WHERE document = 'a';

DROP SCHEMA import_test, import_more CASCADE;
DROP SERVER import_test, import_nowhere CASCADE;
\! for t in Import-Names import_a_table_with_a_name_that_goes_on_and_on_until_nobody_can_read_it_A import_a_table_with_a_name_that_goes_on_and_on_until_nobody_can_read_it_B; do "$DYNAMODB_CALL" DeleteTable "{\"TableName\": \"$t\"}" >/dev/null; done
