-- When writes are sent and when not: COMMIT and ROLLBACK, savepoints, exception blocks, several tables, servers and users, PREPARE TRANSACTION, commit_mode.
\getenv endpoint DYNAMODB_ENDPOINT
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynamodb_fdw;
CREATE SERVER transactions_test FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER transactions_test OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE SCHEMA transactions_test;
SET search_path = transactions_test;
\pset null '(null)'
CREATE FOREIGN TABLE orders (p text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, s numeric OPTIONS (sort_key 'true') NOT NULL, a int, b text) SERVER transactions_test OPTIONS (table_name 'writes');
CREATE FOREIGN TABLE things (id text OPTIONS (partition_key 'true') COLLATE "C" NOT NULL, v int, w int) SERVER transactions_test OPTIONS (table_name 'writes2');

-- sent at COMMIT, not before; not at all by ROLLBACK or after an error
BEGIN;
INSERT INTO things VALUES ('a', 1);
\! "$DYNAMODB_CALL" Scan '{"TableName": "writes2"}'
SELECT * FROM things;
COMMIT;
\! "$DYNAMODB_CALL" Scan '{"TableName": "writes2"}'
BEGIN;
UPDATE things SET v = 2 WHERE id = 'a';
INSERT INTO things VALUES ('b', 1);
SELECT * FROM things ORDER BY id;
ROLLBACK;
SELECT * FROM things;
BEGIN;
DELETE FROM things;
SELECT 1 / 0;
COMMIT;
SELECT * FROM things;

-- savepoints
BEGIN;
INSERT INTO things VALUES ('b', 1);
SAVEPOINT one;
INSERT INTO things VALUES ('c', 1);
UPDATE things SET v = 20 WHERE id IN ('a', 'b');
SAVEPOINT two;
DELETE FROM things WHERE id = 'b';
INSERT INTO things VALUES ('d', 1);
SELECT * FROM things ORDER BY id;
ROLLBACK TO two;
SELECT * FROM things ORDER BY id;
RELEASE two;
ROLLBACK TO one;
SELECT * FROM things ORDER BY id;
INSERT INTO things VALUES ('c', 3);
RELEASE one;
SAVEPOINT three;
TRUNCATE things;
SELECT count(*) FROM things;
ROLLBACK TO three;
COMMIT;
SELECT * FROM things ORDER BY id;
-- PL/pgSQL exception blocks, nested; a duplicate of the transaction's own can be caught
DO $$
BEGIN
  INSERT INTO things VALUES ('e', 1);
  BEGIN
    INSERT INTO things VALUES ('f', 1);
    BEGIN
      UPDATE things SET v = 9 WHERE id IN ('e', 'f');
      INSERT INTO things VALUES ('e', 2);
    EXCEPTION WHEN unique_violation THEN
      UPDATE things SET v = v + 1 WHERE id = 'f';
    END;
    RAISE 'give up';
  EXCEPTION WHEN raise_exception THEN
    UPDATE things SET v = v + 5 WHERE id = 'e';
  END;
END $$;
SELECT * FROM things ORDER BY id;

-- several writes of one item become one; a service would refuse two of one key in one request
BEGIN;
INSERT INTO things VALUES ('g', 1);
UPDATE things SET v = v + 1 WHERE id = 'g';
UPDATE things SET w = 5 WHERE id = 'g';
DELETE FROM things WHERE id = 'g';
INSERT INTO things VALUES ('g', 7);
UPDATE things SET v = v + 1 WHERE id = 'a';
UPDATE things SET v = v + 1, w = 1 WHERE id = 'a';
UPDATE things SET v = v + 1, w = NULL WHERE id = 'a' AND w = 1;
INSERT INTO things VALUES ('nothing', 1);
DELETE FROM things WHERE id = 'nothing';
DELETE FROM things WHERE id = 'c';
INSERT INTO things VALUES ('c', 99);
UPDATE things SET id = 'moved' WHERE id = 'b';
UPDATE things SET id = 'b' WHERE id = 'moved';
COMMIT;
SELECT * FROM things ORDER BY id;
-- what a transaction has deleted it can insert; what it has inserted it cannot
BEGIN;
DELETE FROM things WHERE id = 'a';
INSERT INTO things VALUES ('a', 0);
INSERT INTO things VALUES ('a', 0);
ROLLBACK;

-- several tables
BEGIN;
INSERT INTO orders VALUES ('x', 1, 1);
UPDATE things SET v = 100 WHERE id = 'a';
INSERT INTO things VALUES ('b', 1);
COMMIT;
SELECT * FROM orders;
SELECT v FROM things WHERE id = 'a';
-- two foreign tables of one DynamoDB table
CREATE FOREIGN TABLE things_too (id text OPTIONS (partition_key 'true') COLLATE "C", w int) SERVER transactions_test OPTIONS (table_name 'writes2', commit_mode 'atomic');
BEGIN;
UPDATE things SET v = 50 WHERE id = 'a';
UPDATE things_too SET w = 60 WHERE id = 'a';
SELECT things.*, things_too.w FROM things JOIN things_too USING (id) WHERE id = 'a';
COMMIT;
SELECT * FROM things WHERE id = 'a';

-- commit_mode atomic takes 100 items, all or nothing
INSERT INTO things_too SELECT 'atomic' || i FROM generate_series(1, 101) AS i;
BEGIN;
INSERT INTO things VALUES ('not alone', 1);
INSERT INTO things_too SELECT 'atomic' || i FROM generate_series(1, 100) AS i;
COMMIT;
INSERT INTO things_too VALUES ('atomic', 1), ('a', 2);
SELECT count(*) FROM things_too WHERE id LIKE 'atomic%';
BEGIN;
INSERT INTO things_too VALUES ('atomic', 1), ('another', 2);
COMMIT;
DELETE FROM things_too WHERE id IN ('atomic', 'another');
-- batch sends each for itself
ALTER FOREIGN TABLE things OPTIONS (ADD commit_mode 'batch');
INSERT INTO things VALUES ('batch', 1), ('a', 2);
SELECT count(*) FROM things WHERE id = 'batch';
INSERT INTO things SELECT 'many' || i, i FROM generate_series(1, 150) AS i;
UPDATE things SET w = v * 2 WHERE id LIKE 'many%';
SELECT count(*), sum(w) FROM things WHERE id LIKE 'many%';
DELETE FROM things WHERE id LIKE 'many%';
-- auto does so with more than 100
ALTER FOREIGN TABLE things OPTIONS (SET commit_mode 'auto');
INSERT INTO things SELECT 'many' || i, i FROM generate_series(1, 101) AS i;
DELETE FROM things WHERE id LIKE 'many%';
SELECT * FROM things ORDER BY id;

-- PREPARE TRANSACTION
BEGIN;
UPDATE things SET v = 0 WHERE id = 'a';
PREPARE TRANSACTION 'writes';
SELECT v FROM things WHERE id = 'a';

-- users: a role with a mapping of its own, and a view of another owner
CREATE ROLE transactions_writer;
CREATE ROLE transactions_owner;
GRANT USAGE ON SCHEMA transactions_test TO transactions_writer, transactions_owner;
GRANT USAGE ON FOREIGN SERVER transactions_test TO transactions_writer;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON things TO transactions_writer;
GRANT SELECT, INSERT, UPDATE ON things TO transactions_owner;
CREATE VIEW owned AS SELECT * FROM things;
ALTER VIEW owned OWNER TO transactions_owner;
GRANT SELECT, INSERT, UPDATE ON owned TO transactions_writer;
SET ROLE transactions_writer;
UPDATE things SET v = 0 WHERE id = 'a';
RESET ROLE;
CREATE USER MAPPING FOR transactions_writer SERVER transactions_test OPTIONS (access_key_id 'writer', secret_access_key 'test');
SET ROLE transactions_writer;
BEGIN;
UPDATE things SET v = 1 WHERE id = 'a';
INSERT INTO things VALUES ('role', 1);
COMMIT;
UPDATE owned SET v = 2 WHERE id = 'a';
RESET ROLE;
CREATE USER MAPPING FOR transactions_owner SERVER transactions_test OPTIONS (access_key_id 'owner', secret_access_key 'test');
SET ROLE transactions_writer;
-- what the owner writes is shown to others with the same credentials only
BEGIN;
INSERT INTO owned VALUES ('by the owner', 1);
SELECT * FROM things ORDER BY id;
ROLLBACK;
RESET ROLE;
ALTER USER MAPPING FOR transactions_owner SERVER transactions_test OPTIONS (SET access_key_id 'writer');
SET ROLE transactions_writer;
BEGIN;
INSERT INTO owned VALUES ('by the owner', 1);
UPDATE things SET w = 9 WHERE id = 'role';
SELECT * FROM things ORDER BY id;
SELECT * FROM owned WHERE id IN ('role', 'by the owner') ORDER BY id;
COMMIT;
RESET ROLE;
SELECT * FROM things ORDER BY id;
-- another server
CREATE SERVER transactions_test_2 FOREIGN DATA WRAPPER dynamodb_fdw OPTIONS (endpoint :'endpoint', aws_region 'us-west-2', scan_policy 'allow');
CREATE USER MAPPING FOR CURRENT_USER SERVER transactions_test_2 OPTIONS (access_key_id 'test', secret_access_key 'test');
CREATE FOREIGN TABLE other_orders (p text OPTIONS (partition_key 'true'), s int OPTIONS (sort_key 'true'), a int) SERVER transactions_test_2 OPTIONS (table_name 'writes');
BEGIN;
INSERT INTO other_orders VALUES ('other', 1, 1);
INSERT INTO things VALUES ('z', 1);
SAVEPOINT s;
INSERT INTO other_orders VALUES ('other', 2, 2);
ROLLBACK TO s;
COMMIT;
SELECT p, s FROM orders ORDER BY p, s;
SELECT count(*) FROM things WHERE id = 'z';

-- a read-only transaction
BEGIN READ ONLY;
INSERT INTO things VALUES ('read only', 1);
ROLLBACK;
-- every isolation level writes
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE things SET v = 77 WHERE id = 'z';
COMMIT;
SELECT v FROM things WHERE id = 'z';
-- a change by another session between reading and COMMIT
\set VERBOSITY sqlstate
BEGIN;
UPDATE things SET v = v + 1 WHERE id = 'z';
\! "$DYNAMODB_CALL" UpdateItem '{"TableName": "writes2", "Key": {"id": {"S": "z"}}, "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"N": "5"}}}'
COMMIT;
\set VERBOSITY default
-- of an attribute that was not used
BEGIN;
UPDATE things SET v = v + 1 WHERE id = 'z';
\! "$DYNAMODB_CALL" UpdateItem '{"TableName": "writes2", "Key": {"id": {"S": "z"}}, "UpdateExpression": "SET w = :w", "ExpressionAttributeValues": {":w": {"N": "5"}}}'
COMMIT;
SELECT * FROM things WHERE id = 'z';
BEGIN;
DELETE FROM things WHERE id = 'z' AND w = 5;
INSERT INTO things VALUES ('zz', 1);
\! "$DYNAMODB_CALL" UpdateItem '{"TableName": "writes2", "Key": {"id": {"S": "z"}}, "UpdateExpression": "SET w = :w", "ExpressionAttributeValues": {":w": {"N": "6"}}}'
COMMIT;
BEGIN;
UPDATE things SET v = 0 WHERE id = 'z';
\! "$DYNAMODB_CALL" DeleteItem '{"TableName": "writes2", "Key": {"id": {"S": "z"}}}'
COMMIT;
-- what a trigger may have used is a condition
CREATE FUNCTION more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.w := coalesce(old.w, 0) + 1; RETURN new; END $$;
CREATE TRIGGER more BEFORE UPDATE ON things FOR EACH ROW EXECUTE FUNCTION more();
BEGIN;
UPDATE things SET v = 0 WHERE id = 'a';
\! "$DYNAMODB_CALL" UpdateItem '{"TableName": "writes2", "Key": {"id": {"S": "a"}}, "UpdateExpression": "SET w = :w", "ExpressionAttributeValues": {":w": {"N": "500"}}}'
COMMIT;
UPDATE things SET v = 0 WHERE id = 'a';
SELECT * FROM things WHERE id = 'a';

ALTER FOREIGN TABLE things OPTIONS (SET commit_mode 'batch');
DROP TRIGGER more ON things;
DELETE FROM things;
DELETE FROM orders;
DROP SCHEMA transactions_test CASCADE;
DROP SERVER transactions_test, transactions_test_2 CASCADE;
DROP ROLE transactions_writer, transactions_owner;
