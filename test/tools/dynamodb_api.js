// Calls DynamoDB's API from Node with nothing but Node: signing, keep-alive and retries.
'use strict';
const crypto = require('node:crypto');

const RETRYABLE = /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|InternalServerError|LimitExceeded|InUseException/;
const MAX_ATTEMPTS = 10;

const sha256 = (text) => crypto.createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class ApiError extends Error {
  constructor(operation, status, body) {
    const type = String(body.__type || 'UnknownError').replace(/^.*#/, '');
    super(`${operation}: ${type}: ${body.message || body.Message || `HTTP ${status}`}`);
    this.type = type;
    this.status = status;
  }
}

// The header fields of one request, signed by Signature Version 4.
function signed(url, region, credentials, operation, body, now) {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const scope = `${time.slice(0, 8)}/${region}/dynamodb/aws4_request`;
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    host: url.host,
    'x-amz-date': time,
    ...(credentials.sessionToken && { 'x-amz-security-token': credentials.sessionToken }),
    'x-amz-target': `DynamoDB_20120810.${operation}`,
  };
  const names = Object.keys(headers).join(';');
  const canonical = ['POST', '/', '', ...Object.entries(headers).map(([k, v]) => `${k}:${v}`), '', names, sha256(body)];
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical.join('\n'))].join('\n');
  const key = scope.split('/').reduce(hmac, `AWS4${credentials.secretAccessKey}`);
  headers.authorization =
    `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names}, ` +
    `Signature=${hmac(key, toSign).toString('hex')}`;
  return headers;
}

class DynamoDB {
  // Without an endpoint it is AWS's own, and then the environment must have credentials.
  constructor({ endpoint, region } = {}) {
    this.region = region || process.env.AWS_REGION || 'us-west-2';
    this.url = new URL(endpoint || `https://dynamodb.${this.region}.amazonaws.com`);
    this.credentials = {
      accessKeyId: process.env.AWS_ACCESS_KEY_ID || 'test',
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY || 'test',
      sessionToken: process.env.AWS_SESSION_TOKEN,
    };
    this.http = require(this.url.protocol === 'https:' ? 'node:https' : 'node:http');
    this.agent = new this.http.Agent({ keepAlive: true, maxSockets: 16 });
  }

  async call(operation, parameters = {}) {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#send(operation, JSON.stringify(parameters));
      } catch (error) {
        const again = error instanceof ApiError ? error.status >= 500 || RETRYABLE.test(error.type) : true;
        if (!again || attempt === MAX_ATTEMPTS) throw error;
        await sleep(Math.random() * 50 * 2 ** attempt);
      }
    }
  }

  #send(operation, body) {
    return new Promise((resolve, reject) => {
      const headers = signed(this.url, this.region, this.credentials, operation, body, new Date());
      headers['content-length'] = Buffer.byteLength(body);
      const request = this.http.request(this.url, { method: 'POST', headers, agent: this.agent, timeout: 60000 });
      request.on('timeout', () => request.destroy(new Error(`${operation}: no answer within a minute`)));
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks = [];
        response.on('error', reject);
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          let answer;
          try {
            answer = JSON.parse(Buffer.concat(chunks).toString());
          } catch {
            answer = { message: 'the answer is not JSON' };
          }
          if (response.statusCode === 200) resolve(answer);
          else reject(new ApiError(operation, response.statusCode, answer));
        });
      });
      request.end(body);
    });
  }

  // Puts items, 25 a request and several requests at once, until none is left unprocessed.
  async putAll(table, items, inFlight = 8) {
    const source = items[Symbol.iterator]();
    let count = 0;
    const nextBatch = () => {
      const batch = [];
      for (let step; batch.length < 25 && !(step = source.next()).done; ) batch.push({ PutRequest: { Item: step.value } });
      return batch;
    };
    const worker = async () => {
      for (let batch = nextBatch(); batch.length > 0; batch = nextBatch()) {
        count += batch.length;
        for (let attempt = 0; batch.length > 0; attempt++) {
          if (attempt > 0) await sleep(Math.random() * 50 * 2 ** Math.min(attempt, 8));
          const answer = await this.call('BatchWriteItem', { RequestItems: { [table]: batch } });
          batch = (answer.UnprocessedItems && answer.UnprocessedItems[table]) || [];
        }
      }
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return count;
  }

  async tableStatus(table) {
    try {
      return (await this.call('DescribeTable', { TableName: table })).Table.TableStatus;
    } catch (error) {
      if (error.type === 'ResourceNotFoundException') return 'ABSENT';
      throw error;
    }
  }

  async waitForStatus(table, status) {
    while ((await this.tableStatus(table)) !== status) await sleep(100);
  }

  close() {
    this.agent.destroy();
  }
}

module.exports = { DynamoDB, ApiError };
