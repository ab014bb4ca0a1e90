import { ConsoleLogger } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { readConfig } from './config.js';

const config = readConfig(process.env);
const logger = new ConsoleLogger({ json: true, logLevels: config.logLevels });
const app = await NestFactory.create(AppModule, { logger });
await app.listen(config.port, config.host);
logger.log({ message: 'listening', host: config.host, port: config.port });

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    logger.log({ message: 'stopping', signal });
    // With the server closed nothing keeps the process, and it ends with 0.
    void app.close();
  });
}
