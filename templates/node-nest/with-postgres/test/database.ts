import { randomBytes } from 'node:crypto';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { readDatabaseUrl } from '../src/notes/database.js';

/** An empty database with every migration, so that no test meets the data that you work with. */
export async function newDatabase(): Promise<{
  readonly url: string;
  readonly remove: () => Promise<void>;
}> {
  const own = readDatabaseUrl(process.env);
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = new URL(own);
  url.pathname = `/${name}`;
  await execute(own, `create database ${name}`);
  await runner({
    databaseUrl: url.href,
    dir: 'migrations',
    migrationsTable: 'pgmigrations',
    direction: 'up',
    log: () => undefined,
  });
  return { url: url.href, remove: () => execute(own, `drop database ${name}`) };
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
