import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { AppModule } from '../src/app.module.js';
import { DATABASE_URL } from '../src/notes/database.js';
import { newDatabase } from './database.js';

let app: INestApplication;
let origin: string;
let database: Awaited<ReturnType<typeof newDatabase>>;

before(async () => {
  database = await newDatabase();
  const testing = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(DATABASE_URL)
    .useValue(database.url)
    .compile();
  app = testing.createNestApplication({ logger: false });
  await app.listen(0, '127.0.0.1');
  origin = await app.getUrl();
});

after(async () => {
  await app.close();
  await database.remove();
});

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

test('keeps notes in the database', async () => {
  const added = await fetch(`${origin}/notes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: "José O'Hara" }),
  });
  assert.equal(added.status, 201);
  const notes = (await (await fetch(`${origin}/notes`)).json()) as { text: string }[];
  assert.deepEqual(
    notes.map(({ text }) => text),
    ["José O'Hara"],
  );
});

test('refuses a note without text', async () => {
  assert.equal((await fetch(`${origin}/notes`, { method: 'POST' })).status, 400);
});
