import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { pino } from 'pino';
import { createApp } from '../src/app.ts';
import { notesRouter } from '../src/notes.ts';
import { close, listen } from '../src/server.ts';
import { newDatabase } from './database.ts';

let database: Awaited<ReturnType<typeof newDatabase>>;
let pool: pg.Pool;
let server: Awaited<ReturnType<typeof listen>>;
let notes: string;

before(async () => {
  database = await newDatabase();
  pool = new pg.Pool({ connectionString: database.url });
  const app = createApp(pino({ level: 'silent' }), 'http://127.0.0.1:1', notesRouter(pool));
  server = await listen(app, { host: '127.0.0.1', port: 0 });
  notes = `http://127.0.0.1:${(server.address() as AddressInfo).port}/notes`;
});

after(async () => {
  await close(server);
  await pool.end();
  await database.remove();
});

test('keeps notes in the database', async () => {
  const added = await fetch(notes, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: "José O'Hara" }),
  });
  assert.equal(added.status, 201);
  const listed = (await (await fetch(notes)).json()) as { readonly text: string }[];
  assert.deepEqual(
    listed.map(({ text }) => text),
    ["José O'Hara"],
  );
});

test('refuses a note without text', async () => {
  assert.equal((await fetch(notes, { method: 'POST' })).status, 400);
});
