import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import pg from 'pg';

/** The value of `DATABASE_URL`, which a test replaces. */
export const DATABASE_URL = Symbol('DATABASE_URL');

/** Throws where no database is named. */
export function readDatabaseUrl(env: Readonly<Record<string, string | undefined>>): string {
  const url = env.DATABASE_URL ?? '';
  if (!/^postgres(?:ql)?:\/\//.test(url)) {
    throw new Error('DATABASE_URL names no PostgreSQL: start one with `polyenv up`');
  }
  return url;
}

/** Connections to the database, closed with the service. */
@Injectable()
export class Database implements OnModuleDestroy {
  private readonly pool: pg.Pool;

  constructor(@Inject(DATABASE_URL) url: string) {
    this.pool = new pg.Pool({ connectionString: url });
    // A server that restarts ends idle connections; the next query opens a new one.
    this.pool.on('error', () => undefined);
  }

  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(text, values)).rows;
  }

  async onModuleDestroy(): Promise<void> {
    await this.pool.end();
  }
}
