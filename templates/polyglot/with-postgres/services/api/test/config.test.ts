import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../src/config.ts';

const NEXT_URL = 'http://127.0.0.1:1';
const DATABASE_URL = 'postgres://127.0.0.1/app';

test('has defaults', () => {
  const config = readConfig({ NEXT_URL, DATABASE_URL });
  assert.equal(config.port, {{polyenv.api_port}});
  assert.equal(config.next, NEXT_URL);
});

test('names the variable that is wrong', () => {
  assert.throws(() => readConfig({ NEXT_URL, PORT: 'eighty' }), /PORT is not a port: eighty/);
  assert.throws(() => readConfig({ NEXT_URL, LOG_LEVEL: 'loud' }), /LOG_LEVEL/);
  assert.throws(() => readConfig({}), /NEXT_URL/);
  assert.throws(() => readConfig({ NEXT_URL }), /DATABASE_URL/);
});
