import type { Server } from 'node:http';
import type { Express } from 'express';
import type { Config } from './config.ts';

/** Resolves once the service listens. */
export function listen(app: Express, config: Pick<Config, 'host' | 'port'>): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = app.listen(config.port, config.host, (error) => {
      if (error) reject(error);
      else resolve(server);
    });
  });
}

/** Resolves once the requests under way are finished. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeIdleConnections();
  });
}
