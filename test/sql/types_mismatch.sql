-- Attributes that do not fit their column: which those are, what the errors say, and NULL instead by on_type_mismatch.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER types_mismatch_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER types_mismatch_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA types_mismatch_test;
SET search_path = types_mismatch_test;
\pset null '(null)'

-- every attribute type in columns of every SQL type: "yes", or the SQLSTATE
CREATE FUNCTION read(source text, id text, attribute text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  is_null boolean;
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE tried (id text OPTIONS (partition_key ''true''), value %s OPTIONS (mapped_attr %L))
    SERVER types_mismatch_test OPTIONS (table_name %L)', type, attribute, source);
  EXECUTE 'SELECT value IS NULL FROM tried WHERE id = $1' INTO is_null USING id;
  EXECUTE 'DROP FOREIGN TABLE tried';
  RETURN CASE WHEN is_null THEN 'NULL' ELSE 'yes' END;
EXCEPTION WHEN OTHERS THEN
  RETURN SQLSTATE;
END $$;
SELECT type, read('alltypes', 'all', 's', type) AS "S", read('alltypes', 'all', 'n', type) AS "N", read('alltypes', 'all', 'b', type) AS "B",
  read('alltypes', 'all', 'bool', type) AS "BOOL", read('alltypes', 'all', 'null', type) AS "NULL", read('alltypes', 'all', 'ss', type) AS "SS",
  read('alltypes', 'all', 'ns', type) AS "NS", read('alltypes', 'all', 'bs', type) AS "BS", read('alltypes', 'all', 'l', type) AS "L",
  read('alltypes', 'all', 'm', type) AS "M"
  FROM unnest(ARRAY['text', 'varchar', 'char(10)', 'name', 'numeric', 'smallint', 'integer', 'bigint', 'real', 'double precision', 'timestamptz',
    'timestamp', 'date', 'uuid', 'boolean', 'bytea', 'text[]', 'numeric[]', 'int[]', 'float8[]', 'bytea[]', 'boolean[]', 'json', 'jsonb',
    'jsonb[]']) AS type;

-- numbers outside a type's range or with a fraction, strings outside a type's syntax
SELECT id, read('badvalues', id, 'n', 'int') AS "int", read('badvalues', id, 'n', 'bigint') AS "bigint", read('badvalues', id, 'n', 'numeric') AS "numeric",
  read('badvalues', id, 'n', 'numeric(3,1)') AS "numeric(3,1)", read('badvalues', id, 'n', 'numeric(2,2)') AS "numeric(2,2)"
  FROM unnest('{over int8,fraction}'::text[]) AS id;
SELECT id, read('texts', id, 's', 'date') AS date, read('texts', id, 's', 'uuid') AS uuid, read('texts', id, 's', 'timestamptz') AS timestamptz,
  read('texts', id, 's', 'interval') AS "interval", read('texts', id, 's', 'inet') AS inet, read('texts', id, 's', 'varchar(5)') AS "varchar(5)",
  read('texts', id, 's', 'json') AS json, read('texts', id, 's', 'int') AS "int"
  FROM unnest('{word,date,no date,uuid,time,interval,inet,number,json}'::text[]) AS id;
SELECT read('badvalues', 'nul', 's', 'text'), read('badvalues', 'nul', 's', 'varchar(20)'), read('badvalues', 'nul', 's', 'jsonb'),
  read('badvalues', 'nul', 's', 'date');

-- what the errors say: the attribute, its type, the item's key, the column, its type, the reason
CREATE FOREIGN TABLE mixed (id text OPTIONS (partition_key 'true'), s text, n int, b bytea, bool boolean, ns numeric[], l jsonb[],
  at timestamptz(3) OPTIONS (mapped_attr 'bool'), "A Column" numeric(10,2) OPTIONS (mapped_attr 'n'))
  SERVER types_mismatch_test OPTIONS (table_name 'alltypes');
SELECT s FROM mixed WHERE id = 'mixed';
SELECT n FROM mixed WHERE id = 'mixed';
SELECT b FROM mixed WHERE id = 'mixed';
SELECT bool FROM mixed WHERE id = 'mixed';
SELECT ns FROM mixed WHERE id = 'mixed';
SELECT l FROM mixed WHERE id = 'mixed';
SELECT at FROM mixed WHERE id = 'mixed';
SELECT "A Column" FROM mixed WHERE id = 'mixed';
CREATE FOREIGN TABLE badvalues (id text OPTIONS (partition_key 'true'), s text, n int, n_big bigint OPTIONS (mapped_attr 'n'), l int[],
  n_3_2 numeric(3,2) OPTIONS (mapped_attr 'n'), n_real real OPTIONS (mapped_attr 'n'), s_date date OPTIONS (mapped_attr 's'))
  SERVER types_mismatch_test;
SELECT s FROM badvalues WHERE id = 'nul';
SELECT n FROM badvalues WHERE id = 'over int8';
SELECT n_big FROM badvalues WHERE id = 'over int8';
SELECT n_3_2 FROM badvalues WHERE id = 'over int8';
SELECT n FROM badvalues WHERE id = 'fraction';
SELECT l FROM badvalues WHERE id = 'ragged';
SELECT s_date FROM badvalues WHERE id = 'good';
-- keys of two attributes, of numbers, of bytes
CREATE FOREIGN TABLE two_keys (id text OPTIONS (partition_key 'true'), skey text OPTIONS (sort_key 'true'), number text) SERVER types_mismatch_test
  OPTIONS (table_name 'fdwtest2');
SELECT number FROM two_keys WHERE id = 'device-03' AND skey = 'event-007';
CREATE FOREIGN TABLE numkeys (p numeric OPTIONS (partition_key 'true'), s numeric OPTIONS (sort_key 'true'), label int) SERVER types_mismatch_test;
SELECT label FROM numkeys WHERE p = 2.5 AND s = -12345678901234567890123456789012345678;
CREATE FOREIGN TABLE binkeys (p bytea OPTIONS (partition_key 'true'), s bytea OPTIONS (sort_key 'true'), label int) SERVER types_mismatch_test;
SELECT label FROM binkeys WHERE p = '\xcafe' AND s = '\x275c';
-- the key is named where the options do not say which it is
CREATE FOREIGN TABLE no_key (b text) SERVER types_mismatch_test OPTIONS (table_name 'alltypes');
SELECT count(b) FROM no_key;
-- a column that is not used is not read
CREATE FOREIGN TABLE value_as_text (id text OPTIONS (partition_key 'true'), value text) SERVER types_mismatch_test OPTIONS (table_name 'hashonly');
SELECT id FROM value_as_text WHERE id = 'k07';
SELECT count(*) FROM value_as_text;
SELECT value FROM value_as_text WHERE id = 'k07';
-- one that a condition uses is
SELECT id FROM value_as_text WHERE id = 'k07' AND value = '7';

-- the code that programs act on
\set VERBOSITY sqlstate
SELECT s FROM mixed WHERE id = 'mixed';
SELECT s FROM badvalues WHERE id = 'nul';
SELECT n_big FROM badvalues WHERE id = 'over int8';
SELECT s_date FROM badvalues WHERE id = 'good';
\set VERBOSITY default

-- after an error the session goes on, and the same statement with better data works
SELECT s FROM mixed WHERE id = 'all';

-- NULL instead: the column's option, else the table's, else the server's
CREATE FOREIGN TABLE by_column (id text OPTIONS (partition_key 'true'), s text OPTIONS (on_type_mismatch 'null'), n int) SERVER types_mismatch_test
  OPTIONS (table_name 'alltypes');
SELECT s FROM by_column WHERE id = 'mixed';
SELECT n FROM by_column WHERE id = 'mixed';
CREATE FOREIGN TABLE by_table (id text OPTIONS (partition_key 'true'), s text, n int, b bytea OPTIONS (on_type_mismatch 'error'), bool boolean, ss bytea[],
  ns numeric[], bs bytea[], l jsonb[], m date) SERVER types_mismatch_test OPTIONS (table_name 'alltypes', on_type_mismatch 'null');
SELECT id, s, n, bool, ss, ns, bs, l, m FROM by_table WHERE id = 'mixed';
SELECT b FROM by_table WHERE id = 'mixed';
ALTER SERVER types_mismatch_test OPTIONS (ADD on_type_mismatch 'null');
SELECT s, n, b, bool, ns, l, at, "A Column" FROM mixed WHERE id = 'mixed';
SELECT id, s, n, n_big, l, n_3_2, n_real, s_date FROM badvalues ORDER BY id COLLATE "C";
SELECT b FROM by_table WHERE id = 'mixed';
CREATE FOREIGN TABLE against_server (id text OPTIONS (partition_key 'true'), s text) SERVER types_mismatch_test
  OPTIONS (table_name 'alltypes', on_type_mismatch 'error');
SELECT s FROM against_server WHERE id = 'mixed';
-- conditions see that NULL
SELECT id FROM mixed WHERE n IS NULL ORDER BY id;
SELECT id FROM by_table WHERE s = '7';

-- constraints of domains are SQL, which may be any; where its error becomes NULL, nothing of it is left behind
CREATE FUNCTION is_short(value text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF length(value) > 8 THEN
    RAISE check_violation USING MESSAGE = format('"%s" is too long', value);
  END IF;
  RETURN true;
END $$;
CREATE DOMAIN short AS text CHECK (is_short(VALUE));
CREATE DOMAIN shouted AS text CHECK (VALUE = upper(VALUE)) NOT NULL;
CREATE FOREIGN TABLE domains (id text OPTIONS (partition_key 'true'), s short, shouts shouted[] OPTIONS (mapped_attr 'ss')) SERVER types_mismatch_test
  OPTIONS (table_name 'texts');
BEGIN;
SELECT count(*), count(s) FROM domains;
SELECT count(*), count(s) FROM domains d JOIN LATERAL (SELECT is_short('a')) x ON true;
COMMIT;
ALTER FOREIGN TABLE domains OPTIONS (ADD on_type_mismatch 'error');
SELECT s FROM domains WHERE id = 'long';
CREATE DOMAIN failing AS text CHECK (1 / (length(VALUE) - 5) <> 0);
CREATE DOMAIN broken AS text CHECK (current_setting('no.such_setting') = VALUE);
CREATE FOREIGN TABLE more_domains (id text OPTIONS (partition_key 'true'), failing failing OPTIONS (mapped_attr 's'),
  broken broken OPTIONS (mapped_attr 's'), shouted shouted OPTIONS (mapped_attr 'no such attribute')) SERVER types_mismatch_test
  OPTIONS (table_name 'texts', on_type_mismatch 'null');
-- errors about data are mismatches, other errors are not
SELECT failing FROM more_domains WHERE id = 'word';
SELECT broken FROM more_domains WHERE id = 'word';
ALTER FOREIGN TABLE more_domains OPTIONS (SET on_type_mismatch 'error');
SELECT failing FROM more_domains WHERE id = 'word';
SELECT shouted FROM more_domains WHERE id = 'word';

DROP SCHEMA types_mismatch_test CASCADE;
DROP SERVER types_mismatch_test CASCADE;
