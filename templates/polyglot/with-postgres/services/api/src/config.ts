export interface Config {
  readonly host: string;
  readonly port: number;
  readonly logLevel: string;
  /** The service that comes next on the tour. */
  readonly next: string;
  /** `postgres://...`: what polyenv says of the service `db`. */
  readonly database: string;
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Reads `HOST`, `PORT`, `LOG_LEVEL`, `NEXT_URL` and `DATABASE_URL`; throws for a value that makes no sense. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const port = Number(env.PORT ?? '{{polyenv.api_port}}');
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new Error(`PORT is not a port: ${env.PORT}`);
  }
  const logLevel = env.LOG_LEVEL ?? 'info';
  if (!LEVELS.includes(logLevel)) {
    throw new Error(`LOG_LEVEL is none of ${LEVELS.join(', ')}: ${logLevel}`);
  }
  const next = env.NEXT_URL ?? '';
  if (!URL.canParse(next)) {
    throw new Error(`NEXT_URL is no URL: ${next}`);
  }
  const database = env.DATABASE_URL ?? '';
  if (!/^postgres(?:ql)?:\/\//.test(database)) {
    throw new Error('DATABASE_URL names no PostgreSQL: start one with `polyenv up`');
  }
  return { host: env.HOST ?? '127.0.0.1', port, logLevel, next, database };
}
