import type { Version } from '../versions/version';
import type { PlatformKey } from './platform';

/**
 * The part of a runtime that is a server: how its data are made, how it is started, when it is ready, how it stops. All
 * of it describes and nothing acts: the engine does, the same for every kind.
 */
export interface Service {
  /** The server's program, a path below the toolchain: what its process is expected to be. */
  readonly program: string;
  /** Named ports besides `main`: `['smtp']`. */
  readonly ports?: readonly string[];
  /** `refused`: the server does not run as root, and the engine finds another user for it. */
  readonly root: 'allowed' | 'refused';
  /** Whose password is made; absent where the kind has none. */
  readonly secret?: { readonly user: string };
  /** Absent where the kind has no databases to name. */
  readonly databases?: ServiceDatabases;
  /** Extensions that a manifest may ask for. */
  readonly extensions?: readonly string[];
  /** Bytes that must be free before `initialise`. */
  readonly minimumDisk?: number;
  /** Whether it needs the folder `at.sockets`, whose path is short and which is empty before each start. */
  readonly sockets?: true;
  /** Makes data in an empty folder, databases included: whole or not at all, without a client and without a port. Pure. */
  initialise?(at: ServicePlace): ServiceSteps;
  /** The server in the foreground, with its whole environment: nothing of the caller's is inherited. No argument holds a secret. Pure. */
  start(at: ServicePlace): ServiceCommand & { readonly secrets?: ServiceFiles };
  readonly ready: ServiceReadiness & {
    /** How long it may take, a recovery after a crash included. */
    readonly seconds: number;
  };
  readonly stop: {
    readonly signal: 'SIGINT' | 'SIGTERM';
    readonly seconds: number;
    /** Whether it may be killed when it has not stopped by then without being asked for: never a database. */
    readonly thenKill: boolean;
  };
  /** A file in the data that a killed server leaves and that stops its next start: removed once nobody runs there. */
  readonly stalePid?: string;
  /** Versions of one line read each other's data: postgres `17`. */
  line(version: Version): string;
  /** Which line wrote the data; `undefined` for a folder that holds none, and where the files do not say. */
  dataLine?(read: (file: string) => string | undefined): string | undefined;
  /** Whether a server of the line opens data of an older one by itself. Absent: never. */
  opens?(line: string, older: string): boolean;
  /** Databases and extensions that the manifest names and that are not yet there. Runs while the server is stopped. Pure. */
  provision?(at: ServicePlace, missing: ServiceWants): ServiceSteps;
  /** What the project's commands see, without a prefix. URLs through `serviceUrl`. */
  exports(at: ServicePlace): Readonly<Record<string, string>>;
  /** The address that `url` prints. */
  url(at: ServicePlace): string;
  /** A page for a browser: the mailbox of a mail catcher. */
  page?(at: ServicePlace): string;
  /** The client of `connect`, if the toolchain has it (`at.commands`); `resp`: the one that polyenv has built in. */
  connect?(at: ServicePlace): ServiceCommand | 'resp' | undefined;
  /** How its content leaves and comes in, for `dump`, `load` and `upgrade`; `undefined` where the clients are missing. */
  transfer?(at: ServicePlace): ServiceTransfer | undefined;
  /** An official image of the same version for Docker and Kubernetes. Pure. */
  image?(at: Pick<ServicePlace, 'version' | 'databases' | 'user'>): ServiceImage;
}

export interface ServiceDatabases {
  /** Which names a manifest may give them: they stand in SQL and in addresses. */
  readonly name: RegExp;
  /** The same in words: `small letters, digits, _ and -`. */
  readonly form: string;
  /** Where the manifest names none. */
  readonly usual: readonly [string, ...string[]];
}

/** What a manifest's lists ask for. */
export interface ServiceWants {
  readonly databases: readonly string[];
  readonly extensions: readonly string[];
}

/** Where one service of one project lives. All paths are absolute. */
export interface ServicePlace extends ServiceWants {
  readonly version: Version;
  readonly platform: PlatformKey;
  readonly toolchain: string;
  /** The commands of the toolchain that serves as client, by name, absolute. */
  readonly commands: Readonly<Record<string, string>>;
  readonly data: string;
  /** A folder for files that only the server's user may read. */
  readonly secrets: string;
  readonly sockets: string;
  /** Always 127.0.0.1. */
  readonly host: string;
  readonly ports: { readonly main: number } & Readonly<Record<string, number>>;
  readonly user: string;
  /** Letters and digits; empty for a kind without one. */
  readonly password: string;
}

/** A program by its absolute path, with all of its environment beyond PATH, HOME, TMPDIR, LC_ALL and TZ. */
export interface ServiceCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Relative path to content. */
export type ServiceFiles = Readonly<Record<string, string>>;

export interface ServiceSteps {
  /** Below `at.secrets`, mode 0600, written before the steps. */
  readonly secrets?: ServiceFiles;
  readonly steps: readonly ServiceCommand[];
  /** Below `at.data`, written after the steps. */
  readonly files?: ServiceFiles;
}

export type ServiceReadiness =
  /** A file in the data: line `pidLine` (from 1) is the process that we started, line `line` says `equals`. */
  | {
      readonly by: 'file';
      readonly path: string;
      readonly pidLine: number;
      readonly line: number;
      readonly equals: string;
    }
  /** What is sent to a port, and what must come back; `wrong` is the answer of somebody else's server. */
  | {
      readonly by: 'tcp';
      readonly port: string;
      send(at: ServicePlace): string;
      readonly expect: RegExp;
      readonly wrong?: RegExp;
    }
  | { readonly by: 'http'; readonly port: string; readonly path: string; readonly status: number };

/** Works on the running server. */
export interface ServiceTransfer {
  /** Prints the databases that a person may have made, a line each; absent where there is one content only. */
  readonly list?: ServiceCommand;
  /** Prints nothing but blanks where the database is empty. */
  empty(database: string): ServiceCommand;
  /** Writes the content to stdout. */
  dump(database: string): ServiceCommand;
  /** Reads it from stdin, of the form that its first bytes show: plain, or the database's own archive. */
  load(database: string, firstBytes: Uint8Array): ServiceCommand;
  /** The ending of a dump's file: `.sql`. */
  readonly ending: string;
}

/** For `generate compose` and `generate kubernetes`. `$PASSWORD` in `env` stands for the password. */
export interface ServiceImage {
  /** Without a registry's host: `postgres:17.2`. */
  readonly image: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly env: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Where the image keeps its data. */
  readonly data?: string;
  /** The command by which a container says that it is well. */
  readonly health?: readonly [string, ...string[]];
}
