-- What the benchmark reads from PostgreSQL itself: new rows to write, keys to look up, and the same rows as a CSV file.
-- Variables: csv (a file to be written), items (how many the table orders has).
\set ON_ERROR_STOP on
CREATE SCHEMA local;

CREATE TABLE local.rows AS
SELECT 'customer#' || lpad(((:items + i) / 10)::text, 7, '0') AS pk, 'order#' || lpad((:items + i)::text, 12, '0') AS sk,
       total, quantity, paid, tags, address, email, note
FROM (SELECT row_number() OVER () AS i, * FROM plain.orders LIMIT 100000) AS orders;

CREATE TABLE local.keys AS
SELECT 'customer#' || lpad((n / 10)::text, 7, '0') COLLATE "C" AS pk, 'order#' || lpad(n::text, 12, '0') COLLATE "C" AS sk
FROM (SELECT i * 7919 % :items AS n FROM generate_series(0, 9999) AS i) AS numbers;

VACUUM ANALYZE local.rows, local.keys;

CREATE EXTENSION file_fdw;
CREATE SERVER csv FOREIGN DATA WRAPPER file_fdw;
COPY (SELECT * FROM plain.orders) TO :'csv' (FORMAT csv);
CREATE FOREIGN TABLE local.orders_csv (
  pk text, sk text, total numeric, quantity bigint, paid boolean, tags text[], address jsonb, email text, note text
) SERVER csv OPTIONS (filename :'csv', format 'csv');
