-- Timestamps from numbers by time_unit and from strings, and other types that are read by their input functions or with a modifier.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER types_time_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER types_time_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA types_time_test;
SET search_path = types_time_test;
\pset null '(null)'
SET timezone = 'UTC';
SET datestyle = ISO, DMY;
SET intervalstyle = postgres;

-- numbers: seconds unless said otherwise; rounded to microseconds; NULL here is what no timestamp can be
CREATE FOREIGN TABLE times (
  id text OPTIONS (partition_key 'true'),
  n numeric,
  of_s timestamptz OPTIONS (mapped_attr 'n'),
  of_ms timestamptz OPTIONS (mapped_attr 'n', time_unit 'ms'),
  of_us timestamptz OPTIONS (mapped_attr 'n', time_unit 'us')
) SERVER types_time_test OPTIONS (on_type_mismatch 'null');
SELECT id, of_s, of_ms, of_us FROM times ORDER BY n;
-- without time zone it is UTC; the session's time zone only shows
SET timezone = 'Asia/Kathmandu';
CREATE FOREIGN TABLE more_times (
  id text OPTIONS (partition_key 'true'),
  n numeric,
  zoned timestamptz OPTIONS (mapped_attr 'n', time_unit 's'),
  plain timestamp OPTIONS (mapped_attr 'n'),
  zoned_ms timestamptz(3) OPTIONS (mapped_attr 'n'),
  plain_whole timestamp(0) OPTIONS (mapped_attr 'n')
) SERVER types_time_test OPTIONS (table_name 'times');
SELECT id, zoned, plain, zoned_ms, plain_whole FROM more_times WHERE id IN ('epoch', 'before epoch', 'second', 'microseconds', 'half a microsecond') ORDER BY n;
SELECT extract(epoch FROM zoned) = round(n, 6) AS same FROM more_times WHERE id IN ('microseconds', 'half a microsecond', 'first', 'last') ORDER BY id;
SET timezone = 'UTC';
-- conditions
SELECT id FROM more_times WHERE id IN ('epoch', 'second', 'microseconds') AND zoned BETWEEN '2026-01-02' AND '2026-01-03' ORDER BY id;
-- beyond the range
SELECT zoned FROM more_times WHERE id = 'too early';
SELECT plain FROM more_times WHERE id = 'too late';
SELECT zoned FROM more_times WHERE id = 'huge';
\set VERBOSITY sqlstate
SELECT zoned FROM more_times WHERE id = 'huge';
\set VERBOSITY default

-- strings: what the input functions take, time_unit or not
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE DOMAIN short_name AS varchar(6) CHECK (VALUE <> 'sad');
CREATE FOREIGN TABLE texts (
  id text OPTIONS (partition_key 'true'),
  s text,
  zoned timestamptz OPTIONS (mapped_attr 's', time_unit 'ms'),
  plain timestamp OPTIONS (mapped_attr 's'),
  plain_1 timestamp(1) OPTIONS (mapped_attr 's'),
  day date OPTIONS (mapped_attr 's'),
  "time" time OPTIONS (mapped_attr 's'),
  "interval" interval OPTIONS (mapped_attr 's'),
  "uuid" uuid OPTIONS (mapped_attr 's'),
  "inet" inet OPTIONS (mapped_attr 's'),
  mood mood OPTIONS (mapped_attr 's'),
  name short_name OPTIONS (mapped_attr 's'),
  varchar_5 varchar(5) OPTIONS (mapped_attr 's'),
  char_8 char(8) OPTIONS (mapped_attr 's')
) SERVER types_time_test OPTIONS (on_type_mismatch 'null');
SELECT id, zoned, plain, plain_1, day, "time" FROM texts WHERE id IN ('date', 'no date', 'time', 'time with offset', 'word') ORDER BY id;
SET timezone = 'Asia/Kathmandu';
SELECT id, zoned, plain FROM texts WHERE id IN ('date', 'time', 'time with offset') ORDER BY id;
RESET timezone;
SELECT id, "interval", "uuid", "inet", mood, name FROM texts WHERE id IN ('interval', 'uuid', 'inet', 'word', 'another word') ORDER BY id;
SELECT id, char_length(s), quote_literal(varchar_5) AS varchar_5, quote_literal(char_8) AS char_8, octet_length(char_8), quote_literal(name) AS name
  FROM texts WHERE id IN ('word', 'another word', 'long', 'trailing spaces', 'accents', 'number') ORDER BY id;
-- what does not fit says why
ALTER FOREIGN TABLE texts OPTIONS (SET on_type_mismatch 'error');
SELECT day FROM texts WHERE id = 'no date';
SELECT zoned FROM texts WHERE id = 'word';
SELECT uuid FROM texts WHERE id = 'word';
SELECT mood FROM texts WHERE id = 'another word';
SELECT name FROM texts WHERE id = 'long';
SELECT varchar_5 FROM texts WHERE id = 'long';
SELECT char_8 FROM texts WHERE id = 'long';
-- a new label of an enum is known at once
ALTER TYPE mood ADD VALUE 'grumpy';
SELECT mood FROM texts WHERE id = 'another word';

-- numeric(p,s): rounded as numeric is everywhere; NULL here is what has too many digits before the point
CREATE FOREIGN TABLE limits (
  id text OPTIONS (partition_key 'true'),
  n numeric,
  n_4_2 numeric(4,2) OPTIONS (mapped_attr 'n'),
  n_3_0 numeric(3) OPTIONS (mapped_attr 'n'),
  "n_3_-2" numeric(3,-2) OPTIONS (mapped_attr 'n'),
  n_2_3 numeric(2,3) OPTIONS (mapped_attr 'n'),
  n_100_40 numeric(100,40) OPTIONS (mapped_attr 'n')
) SERVER types_time_test OPTIONS (on_type_mismatch 'null');
SELECT id, n_4_2, n_3_0, "n_3_-2", n_2_3 FROM limits WHERE id IN ('0', '0.000', '0.1', '0.5', '99.994', '99.995', '-12.345', '32767', '-32769', '2147483647', '1E-130')
  ORDER BY n, id;
SELECT id, n_100_40 FROM limits WHERE id = '-1234567890.1234567890123456789012345678';
-- the same as PostgreSQL's own, for every number and every one of these types
CREATE FUNCTION cast_to(value numeric, type text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
  result numeric;
BEGIN
  EXECUTE format('SELECT $1::%s', type) INTO result USING value;
  RETURN result;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN NULL;
END $$;
SELECT id FROM limits WHERE n_4_2 IS DISTINCT FROM cast_to(n, 'numeric(4,2)') OR n_3_0 IS DISTINCT FROM cast_to(n, 'numeric(3)')
  OR "n_3_-2" IS DISTINCT FROM cast_to(n, 'numeric(3,-2)') OR n_2_3 IS DISTINCT FROM cast_to(n, 'numeric(2,3)')
  OR n_100_40 IS DISTINCT FROM cast_to(n, 'numeric(100,40)');

DROP SCHEMA types_time_test CASCADE;
DROP SERVER types_time_test CASCADE;
