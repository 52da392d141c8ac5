// Foreign tables through node-postgres; see test/perl/ClientProgram.pm for what is printed.
'use strict';
const assert = require('node:assert');
const { Client, Pool } = require('pg');
const Cursor = require('pg-cursor');

async function check(name, run) {
  try {
    await run();
    console.log(`ok ${name}`);
  } catch (problem) {
    console.log(`not ok ${name}: ${String(problem.stack || problem).replace(/\n/g, ' ')}`);
  }
}

async function connected(settings = {}) {
  const client = new Client(settings);
  await client.connect();
  await client.query('SET client_min_messages = warning');
  return client;
}

const fails = (promise, code) => assert.rejects(promise, { code });
const value = async (client, sql) => Object.values((await client.query(sql)).rows[0])[0];

// Prepared under their names once, and planned for all values; without the setting that begins at the sixth execution,
// if the costs say so.
async function preparedStatements(client) {
  const pad = (number) => String(number).padStart(2, '0');
  for (let i = 0; i < 12; i++) {
    if (i === 8) await client.query('SET plan_cache_mode = force_generic_plan');
    const one = { name: 'one', text: 'SELECT number FROM events WHERE id = $1 AND skey = $2', values: [`device-${pad(i)}`, 'event-003'] };
    assert.deepStrictEqual((await client.query(one)).rows, [{ number: 20 * i + 3 }]);
    const list = { name: 'list', text: 'SELECT count(*)::int AS n FROM events WHERE id = ANY ($1) AND number >= $2', values: [['device-00', `device-${pad(i + 1)}`], 20] };
    assert.deepStrictEqual((await client.query(list)).rows, [{ n: 20 }]);
    const json = { name: 'json', text: "SELECT document->'details' AS d FROM events WHERE id = $1 AND document->>'number' = $2", values: ['device-00', String(i)] };
    assert.strictEqual((await client.query(json)).rows.length, 1);
  }
  assert.strictEqual(await value(client, "SELECT string_agg(name, ',' ORDER BY name) FROM pg_prepared_statements WHERE generic_plans > 0"), 'json,list,one');
  await client.query('RESET plan_cache_mode');
}

async function cursors(client) {
  const cursor = client.query(new Cursor('SELECT id, skey FROM events WHERE number >= $1 OR number IS NULL', [0]));
  const keys = new Set();
  for (let rows = await cursor.read(300); rows.length > 0; rows = await cursor.read(300)) {
    for (const { id, skey } of rows) keys.add(`${id}/${skey}`);
  }
  assert.strictEqual(keys.size, 2004);
  const early = client.query(new Cursor('SELECT * FROM events'));
  assert.strictEqual((await early.read(5)).length, 5);
  await early.close();
  assert.strictEqual(await value(client, "SELECT count(*)::int FROM events WHERE id = 'device-01'"), 20);
}

async function types(client) {
  const row = {
    id: 'types', amount: '12345678901234567890.123456789012345678', small: -7, is_good: false, at: new Date('2026-02-28T23:59:59.123Z'),
    data: Buffer.from([0, 1, 255, 39, 92]), doc: { a: [1, 2.5, null, true, 'é"'] }, tags: ['a,b', 'é'], numbers: ['1.5', '2'],
  };
  for (const name of [undefined, 'insert']) {
    const text = 'INSERT INTO written VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id';
    assert.deepStrictEqual((await client.query({ name, text, values: Object.values(row) })).rows, [{ id: 'types' }]);
    const [read] = (await client.query({ name: name && 'select', text: 'SELECT * FROM written WHERE id = $1', values: ['types'] })).rows;
    // What the driver makes of numeric[] are floats.
    assert.deepStrictEqual({ ...read, tags: read.tags.sort(), numbers: read.numbers.map(String) }, row);
    assert.strictEqual((await client.query('DELETE FROM written WHERE id = $1', ['types'])).rowCount, 1);
  }
}

async function transactions(client) {
  await client.query('BEGIN');
  await client.query('INSERT INTO written (id, amount) SELECT $1 || i, i FROM generate_series(1, 5) i', ['row']);
  await client.query('SAVEPOINT s');
  await client.query('DELETE FROM written');
  await client.query('ROLLBACK TO s');
  assert.strictEqual(await value(client, 'SELECT count(*)::int FROM written'), 5);
  await client.query('ROLLBACK');
  assert.strictEqual(await value(client, 'SELECT count(*)::int FROM written'), 0);
}

async function duplicates(client) {
  const insert = { name: 'once', text: 'INSERT INTO written (id) VALUES ($1)', values: ['a'] };
  await client.query(insert);
  await assert.rejects(client.query(insert), (error) => {
    assert.strictEqual(error.code, '23505');
    assert.match(error.detail, /^Key \(id\)=\(a\) already exists\./);
    return true;
  });
  await client.query('BEGIN');
  await client.query(insert);
  await fails(client.query('COMMIT'), '23505');
  assert.strictEqual(await value(client, 'SELECT count(*)::int FROM written'), 1);
  assert.strictEqual((await client.query('UPDATE written SET amount = $1 WHERE id = $2', ['1.5', 'a'])).rowCount, 1);
  assert.strictEqual((await client.query('DELETE FROM written')).rowCount, 1);
}

async function errors(client) {
  await fails(client.query({ name: 'bad', text: 'SELECT number / $1 FROM events', values: [0] }), '22012');
  await fails(client.query('SELECT nothing FROM events'), '42703');
  const cursor = client.query(new Cursor('SELECT 1 / number FROM events'));
  await fails(cursor.read(5000), '22012');
  assert.strictEqual(await value(client, "SELECT count(*)::int FROM events WHERE id = 'device-01'"), 20);
}

async function cancelling(client) {
  const helper = await connected();
  const pid = client.processID;
  const query = fails(client.query('SELECT * FROM slow'), '57014');
  setTimeout(() => helper.query('SELECT pg_cancel_backend($1)', [pid]), 300);
  await query;
  // As the driver itself cancels: by a second connection with the key of the first.
  const running = fails(client.query('SELECT * FROM slow'), '57014');
  setTimeout(() => {
    const { Connection } = require('pg');
    const connection = new Connection();
    connection.on('connect', () => connection.cancel(client.processID, client.secretKey));
    connection.connect(Number(process.env.PGPORT), process.env.PGHOST);
  }, 300);
  await running;
  await helper.end();
  const limited = await connected({ statement_timeout: 300 });
  await fails(limited.query('SELECT * FROM slow'), '57014');
  await limited.end();
  assert.strictEqual(await value(client, 'SELECT 1 AS one'), 1);
}

async function pools() {
  const pool = new Pool({ max: 4 });
  const queries = Array.from({ length: 40 }, (_, i) =>
    pool.query('SELECT count(*)::int AS n FROM events WHERE id = $1', [`device-${String(i).padStart(2, '0')}`]));
  for (const { rows } of await Promise.all(queries)) assert.strictEqual(rows[0].n, 20);
  await pool.end();
}

async function notices(client) {
  const texts = [];
  const listen = ({ message }) => texts.push(message);
  client.on('notice', listen);
  await client.query("SET client_min_messages = notice; SELECT number FROM events WHERE id = 'device-01'; SET client_min_messages = warning");
  client.off('notice', listen);
  assert.match(texts.join('\n'), /^DynamoDB FDW retrieved 1 pages containing 20 records/);
}

async function main() {
  const client = await connected();
  await check('named prepared statements', () => preparedStatements(client));
  await check('cursors', () => cursors(client));
  await check('types', () => types(client));
  await check('transactions', () => transactions(client));
  await check('duplicate keys', () => duplicates(client));
  await check('errors', () => errors(client));
  await check('cancel and time-out', () => cancelling(client));
  await check('a pool', pools);
  await check('notices', () => notices(client));
  await client.end();
  console.log('done');
}

main();
