import type { LogLevel } from '@nestjs/common';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly logLevels: LogLevel[];
}

const LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'log', 'debug', 'verbose'];

/** Reads `HOST`, `PORT` and `LOG_LEVEL`; throws for a value that makes no sense. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const port = Number(env.PORT ?? '{{polyenv.port}}');
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`PORT is not a port: ${env.PORT}`);
  }
  // Nest calls `info` a log.
  const wanted = env.LOG_LEVEL ?? 'info';
  const index = LEVELS.findIndex((level) => level === (wanted === 'info' ? 'log' : wanted));
  if (index === -1) {
    throw new Error(`LOG_LEVEL is none of info, ${LEVELS.join(', ')}: ${wanted}`);
  }
  return { host: env.HOST ?? '127.0.0.1', port, logLevels: LEVELS.slice(0, index + 1) };
}
