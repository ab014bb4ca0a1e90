export interface Config {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Reads `HOST`, `PORT` and `LOG_LEVEL`; throws for a value that makes no sense. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const port = Number(env.PORT ?? '{{polyenv.port}}');
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`PORT is not a port: ${env.PORT}`);
  }
  const logLevel = env.LOG_LEVEL ?? 'info';
  if (!LEVELS.includes(logLevel)) {
    throw new Error(`LOG_LEVEL is none of ${LEVELS.join(', ')}: ${logLevel}`);
  }
  return { host: env.HOST ?? '127.0.0.1', port, logLevel };
}
