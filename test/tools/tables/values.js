// JavaScript values as DynamoDB's typed JSON, for the definitions of sample and test tables.
'use strict';

// A number with every digit, where a JavaScript number would round.
class Digits {
  constructor(text) {
    this.text = text;
  }
}
const digits = (text) => new Digits(text);

// string S, number N, boolean BOOL, null NULL, Buffer B, array L, object M; a Set is SS, NS or BS by
// its first member.
function typed(value) {
  if (value === null) return { NULL: true };
  if (value instanceof Digits) return { N: value.text };
  if (Buffer.isBuffer(value)) return { B: value.toString('base64') };
  if (value instanceof Set) return typedSet([...value].map(typed));
  if (Array.isArray(value)) return { L: value.map(typed) };
  switch (typeof value) {
    case 'string':
      return { S: value };
    case 'number':
      return { N: String(value) };
    case 'boolean':
      return { BOOL: value };
    default:
      return { M: item(value) };
  }
}

function typedSet(members) {
  const [type] = Object.keys(members[0]);
  return { [`${type}S`]: members.map((member) => member[type]) };
}

// The attributes of an item; those that are undefined are missing.
function item(object) {
  const attributes = {};
  for (const [name, value] of Object.entries(object)) if (value !== undefined) attributes[name] = typed(value);
  return attributes;
}

// 'id:S' and 'id:S skey:N' become a key schema and the definitions of its attributes.
function keySchema(keys) {
  return keys.split(',').map((key, i) => {
    const [name, type] = key.split(':');
    return {
      schema: { AttributeName: name, KeyType: i === 0 ? 'HASH' : 'RANGE' },
      attribute: { AttributeName: name, AttributeType: type },
    };
  });
}

function index(name, { keys, include, projection }) {
  const Projection = include
    ? { ProjectionType: 'INCLUDE', NonKeyAttributes: include }
    : { ProjectionType: projection || 'ALL' };
  return { IndexName: name, KeySchema: keySchema(keys).map((key) => key.schema), Projection };
}

// The CreateTable request of a definition { keys: 'id:S,skey:S', lsi: { name: { keys } }, gsi: { … } }.
function createTable(name, definition) {
  const { keys, lsi = {}, gsi = {} } = definition;
  const all = [keys, ...Object.values(lsi).map((i) => i.keys), ...Object.values(gsi).map((i) => i.keys)].flatMap(keySchema);
  const indexes = (of) => Object.entries(of).map(([indexName, of1]) => index(indexName, of1));
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keySchema(keys).map((key) => key.schema),
    AttributeDefinitions: [...new Map(all.map((key) => [key.attribute.AttributeName, key.attribute])).values()],
    ...(Object.keys(lsi).length && { LocalSecondaryIndexes: indexes(lsi) }),
    ...(Object.keys(gsi).length && { GlobalSecondaryIndexes: indexes(gsi) }),
  };
}

module.exports = { digits, item, createTable };
