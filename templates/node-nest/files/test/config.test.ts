import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../src/config.js';

test('has defaults', () => {
  const logLevels = ['fatal', 'error', 'warn', 'log'];
  assert.deepEqual(readConfig({}), { host: '127.0.0.1', port: {{polyenv.port}}, logLevels });
});

test('names the variable that is wrong', () => {
  assert.throws(() => readConfig({ PORT: 'eighty' }), /PORT is not a port: eighty/);
  assert.throws(() => readConfig({ LOG_LEVEL: 'loud' }), /LOG_LEVEL/);
});
