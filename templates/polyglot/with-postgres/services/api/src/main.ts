import pg from 'pg';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { notesRouter } from './notes.ts';
import { close, listen } from './server.ts';

const config = readConfig(process.env);
const logger = pino({ level: config.logLevel, base: { service: 'api' } });
const database = new pg.Pool({ connectionString: config.database });
// A server that restarts ends idle connections; the next query opens a new one.
database.on('error', (error) => logger.warn(error));
const server = await listen(createApp(logger, config.next, notesRouter(database)), config);
logger.info(server.address(), 'listening');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    logger.info({ signal }, 'stopping');
    void close(server).then(() => database.end());
  });
}
