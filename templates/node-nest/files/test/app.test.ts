import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';

let app: INestApplication;
let origin: string;

before(async () => {
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile();
  app = testing.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  origin = await app.getUrl();
});

after(() => app.close());

test('answers at the root', async () => {
  const response = await fetch(origin);
  assert.equal(response.status, 200);
  const { service } = (await response.json()) as { service: string };
  assert.equal(service, '{{polyenv.name}}');
});

test('is healthy', async () => {
  const response = await fetch(`${origin}/healthz`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), { status: 'ok' });
});

test('has no other routes', async () => {
  assert.equal((await fetch(`${origin}/nowhere`)).status, 404);
});
