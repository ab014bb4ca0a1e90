import type { Service, ServicePlace } from './service';
import { serviceUrl } from './service-url';

/** How the clients of one server that speaks MySQL's protocol are called: https://dev.mysql.com/doc/refman/8.4/en/mysql.html */
export interface MysqlClients {
  /** Command names of the layout. */
  readonly client: string;
  readonly dump: string;
  /** Before all other options. */
  readonly options: readonly string[];
  readonly dumpOptions: readonly string[];
}

/** The address, the variables and the clients of a server that speaks MySQL's protocol. The password is never an argument. */
export function mysqlClients({
  client,
  dump,
  options,
  dumpOptions,
}: MysqlClients): Pick<Service, 'exports' | 'url' | 'connect' | 'transfer'> {
  const loginOf = (at: ServicePlace) => [...options, '-h', at.host, '-P', String(at.ports.main), '-u', at.user];
  const secretOf = (at: ServicePlace) => ({ MYSQL_PWD: at.password });
  return {
    exports: (at) => ({
      DATABASE_URL: addressOf(at),
      MYSQL_HOST: at.host,
      MYSQL_PORT: String(at.ports.main),
      MYSQL_TCP_PORT: String(at.ports.main),
      MYSQL_USER: at.user,
      MYSQL_PASSWORD: at.password,
      MYSQL_PWD: at.password,
      MYSQL_DATABASE: firstOf(at),
    }),
    url: addressOf,
    connect: (at) => {
      const program = at.commands[client];
      return program === undefined ? undefined : { argv: [program, ...loginOf(at), firstOf(at)], env: secretOf(at) };
    },
    transfer: (at) => {
      const [program, dumper] = [at.commands[client], at.commands[dump]];
      if (program === undefined || dumper === undefined) return undefined;
      const env = secretOf(at);
      const quiet = [...loginOf(at), '--batch', '--skip-column-names'];
      return {
        list: { argv: [program, ...quiet, '-e', LIST], env },
        empty: (database) => ({ argv: [program, ...quiet, '-e', `SHOW TABLES FROM \`${database}\``], env }),
        dump: (database) => ({ argv: [dumper, ...loginOf(at), ...dumpOptions, database], env }),
        load: (database) => ({ argv: [program, ...loginOf(at), database], env }),
        ending: '.sql',
      };
    },
  };
}

const LIST = `SELECT schema_name FROM information_schema.schemata
  WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY schema_name`;

function firstOf(at: Pick<ServicePlace, 'databases'>): string {
  return at.databases[0] ?? 'app';
}

function addressOf(at: ServicePlace): string {
  return serviceUrl('mysql', at, { path: firstOf(at) });
}
