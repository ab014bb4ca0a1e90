import { pino } from 'pino';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';
import { close, listen } from './server.ts';

const config = readConfig(process.env);
const logger = pino({ level: config.logLevel, base: { service: 'api' } });
const server = await listen(createApp(logger, config.next), config);
logger.info(server.address(), 'listening');

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    logger.info({ signal }, 'stopping');
    void close(server);
  });
}
