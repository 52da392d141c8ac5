// Small tables for tests: every attribute type, the limits of SQL types, every kind of key, odd names, several pages, no items.
'use strict';
const { item, digits } = require('./values.js');

const bytes = (...numbers) => Buffer.from(numbers);

// One attribute of each type, named after it, in items named after what is special about them.
function* alltypes() {
  yield item({
    id: 'all',
    s: 'text',
    n: 42,
    b: bytes(0xde, 0xad, 0xbe, 0xef),
    bool: true,
    null: null,
    ss: new Set(['a', 'b', 'c']),
    ns: new Set([1, 2.5, -3]),
    bs: new Set([bytes(1), bytes(2, 3)]),
    l: [1, 'two', true, null, [3], { four: 4 }],
    m: { s: 'inner', n: 1.5, bool: false, null: null, b: bytes(1, 2), ss: new Set(['x', 'y']), l: [], m: {} },
  });
  yield item({ id: 'empty', l: [], m: {} });
  yield item({ id: 'missing' });
  yield item({ id: 'false', bool: false, n: 0, l: [false, 0], m: { bool: false } });
  yield item({ id: 'nulls', s: null, n: null, b: null, bool: null, ss: null, ns: null, bs: null, l: null, m: null });
  yield item({
    id: 'mixed',
    s: 7,
    n: 'seven',
    b: 'not binary',
    bool: 'true',
    ss: ['a', 'b'],
    ns: ['1', 2],
    bs: new Set(['a']),
    l: { not: 'a list' },
    m: ['not', 'a', 'map'],
  });
  yield item({
    id: 'numbers',
    n: digits('12345678901234567890123456789012345678'),
    ns: new Set(['1E-130', '9.9999999999999999999999999999999999999E+125', '-1E-130', '-9.9999999999999999999999999999999999999E+125'].map(digits)),
    l: ['0.1', '-0.5', '100', '1E+3', '1.50', '0.00000000000000000000000000000000000001', '99999999999999999999999999999999999999'].map(digits),
    m: { big: digits('9223372036854775808'), small: digits('-9223372036854775809'), third: digits('0.33333333333333333333333333333333333333') },
  });
  yield item({
    id: 'unicode',
    s: 'naïve Straße 日本語 🐘 \u2028 "quoted" \\ / \b\f\n\r\t \u0001',
    ss: new Set(['é', 'e\u0301', '🐘']),
    m: { 'clé': 'valeur', '日本': 'にほん', 'a"b\\c': 'quoted name' },
  });
  yield item({
    id: 'nested',
    l: [[1, [2, [3, [4]]]], { a: [{ b: 'c' }] }],
    m: { a: { b: { c: [1, { d: 'deep' }], e: new Set([1, 2]) } } },
  });
}

// Values that DynamoDB keeps and PostgreSQL's types cannot; each item's `what` says which.
function* badvalues() {
  yield item({ id: 'good', s: 'fine', n: 1, l: [1, 2, 3] });
  yield item({ id: 'nul', what: 'a string with U+0000', s: 'before\u0000after' });
  yield item({ id: 'nul in a map', what: 'the same, nested', m: { a: ['x\u0000y'] } });
  yield item({ id: 'over int8', what: 'a number beyond bigint', n: digits('9223372036854775808') });
  yield item({ id: 'fraction', what: 'a fraction for an integer column', n: 1.5 });
  yield item({ id: 'ragged', what: 'a list for no array type', l: [1, 'two', null] });
  yield item({ id: 'gap', what: 'a list with a NULL', l: [1, null, 1] });
}

// Numbers at the limits of PostgreSQL's number types, each in an item named as the number is written.
const LIMITS = ['0', '1', '-1', '0.5', '32767', '32768', '-32768', '-32769', '2147483647', '2147483648', '-2147483648',
  '-2147483649', '9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809', '16777217',
  '0.1', '3.4028235E+38', '3.5E+38', '1E-45', '1E-46', '1E+2', '7.0', '-12.345', '99.994', '99.995', '0.000',
  '12345678901234567890123456789012345678', '-1234567890.1234567890123456789012345678', '1E-130', '-1E-130',
  '9.9999999999999999999999999999999999999E+125', '-9.9999999999999999999999999999999999999E+125'];

function* limits() {
  for (const number of LIMITS) yield item({ id: number, n: digits(number) });
}

// Strings that types other than text can be read from, and some that they cannot.
const TEXTS = {
  word: 'happy',
  'another word': 'grumpy',
  long: 'a longer text',
  'trailing spaces': 'abc       ',
  accents: 'éééééé',
  number: '42',
  uuid: 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
  date: '2026-02-28',
  'no date': '2026-02-30',
  time: '2026-01-02T03:04:05.6789012Z',
  'time with offset': '2026-01-02 03:04:05+02:00',
  interval: '1 day 02:00:00',
  inet: '192.168.0.0/16',
  json: '{"b": [1, 2.50], "a": {"c": null}}',
  'no json': '{"a": ',
};

function* texts() {
  for (const [id, s] of Object.entries(TEXTS)) yield item({ id, s });
}

// Numbers for timestamps, in items named after what is special about them.
const TIMES = {
  epoch: '0',
  'before epoch': '-1',
  second: '1767323045',
  microseconds: '1767323045.678901',
  'half a microsecond': '1767323045.6789015',
  milliseconds: '1767323045678',
  'in microseconds': '1767323045678901',
  first: '-210866803200',
  'too early': '-210866803201',
  last: '9224318015999',
  'too late': '9224318016000',
  huge: '1E+100',
};

function* times() {
  for (const [id, n] of Object.entries(TIMES)) yield item({ id, n: digits(n) });
}

const NUMBERS = ['-12345678901234567890123456789012345678', '-10.5', '-1', '0', '0.00000000000000000001', '0.25', '1', '2', '10',
  '100', '12345678901234567890123456789012345678', '1E+100'];

// Number keys, negative, fractional, with 38 digits: sorted as numbers, not as text.
function* numkeys() {
  for (const p of ['-3', '1', '2.5', '12345678901234567890123456789012345678'])
    for (const [i, s] of NUMBERS.entries()) yield item({ p: digits(p), s: digits(s), label: `${p}/${i}` });
}

const STRINGS = ['a', 'A', 'B', 'ab', 'abc', 'abd', 'a%c', 'a_c', 'a\\c', 'a%', 'b', '%', '_', '\\', ' ', "it's", '10', '9', 'z',
  'á', 'é', 'e\u0301', 'ß', 'Straße', '\u0001', '日本', '\uff5e', '🐘', 'x'.repeat(1023), 'x'.repeat(1024)];

// String keys, sorted by the bytes of UTF-8: upper case before lower case, accents behind both.
function* strkeys() {
  for (const p of ['plain', "it's 100%_\\", '日本'])
    for (const [i, s] of STRINGS.entries()) yield item({ p, s, label: `${p}/${i}` });
}

const BYTES = [bytes(0), bytes(0, 0), bytes(1), bytes(0x7f), bytes(0x80), bytes(0xff), bytes(0xff, 0), bytes(0x27, 0x5c)];

// Binary keys, sorted as unsigned bytes.
function* binkeys() {
  for (const p of [bytes(0xca, 0xfe), bytes(0)])
    for (const [i, s] of BYTES.entries()) yield item({ p, s, label: `${p.toString('hex')}/${i}` });
}

// A hash key only, for the shape of statement that has no sort key.
function* hashonly() {
  for (let i = 0; i < 50; i++) yield item({ id: `k${String(i).padStart(2, '0')}`, value: i, even: i % 2 === 0 });
}

function* mixedCase() {
  for (let i = 1; i <= 3; i++)
    yield item({
      'Tenant-Id': `T${i}`,
      'Sort.Key': i,
      camelCase: `camel ${i}`,
      'with space': i,
      'with.dot': i,
      'with"quote': i,
      "with'apostrophe": i,
      select: i,
      '#hash:colon': i,
      'ünïcödé': i,
      a: { 'b.c': `dotted ${i}`, 'd[0]': `brackets ${i}` },
    });
}

// Names that are one when cut to PostgreSQL's 63 bytes; the third is cut inside a character.
const LONG = 'a_rather_long_attribute_name_of_which_sixty_three_bytes_are_the';
const LONG_NAMES = [`${LONG}_same_partition`, `${LONG}_same_sort`, `${LONG.slice(0, 62)}é_global`];

function* longnames() {
  for (let i = 1; i <= 3; i++) yield item({ [LONG_NAMES[0]]: `p${i}`, [LONG_NAMES[1]]: `s${i}`, [LONG_NAMES[2]]: `g${i}` });
}

// 60 items of 50 kB in one partition: three pages and a bit.
function* pages() {
  for (let i = 0; i < 60; i++) yield item({ p: 'all', s: i, filler: String.fromCharCode(97 + (i % 26)).repeat(50000) });
}

module.exports = {
  alltypes: { keys: 'id:S', items: alltypes },
  badvalues: { keys: 'id:S', items: badvalues },
  limits: { keys: 'id:S', items: limits },
  texts: { keys: 'id:S', items: texts },
  times: { keys: 'id:S', items: times },
  numkeys: { keys: 'p:N,s:N', items: numkeys },
  strkeys: { keys: 'p:S,s:S', items: strkeys },
  binkeys: { keys: 'p:B,s:B', items: binkeys },
  hashonly: { keys: 'id:S', items: hashonly },
  'Mixed.Case-Table': { keys: 'Tenant-Id:S,Sort.Key:N', gsi: { 'Camel.Gsi': { keys: 'camelCase:S' } }, items: mixedCase },
  longnames: {
    keys: `${LONG_NAMES[0]}:S,${LONG_NAMES[1]}:S`,
    gsi: { long_gsi: { keys: `${LONG_NAMES[2]}:S` } },
    items: longnames,
  },
  pages: { keys: 'p:S,s:N', items: pages },
  noitems: { keys: 'id:S', items: () => [] },
};
