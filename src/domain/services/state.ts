import { asArray, asCount, asObject, asOneOf, asRecord, asString, type Decoder, optional } from '../formats/decoders';
import type { ToolId } from '../words/tool-id';

/** What polyenv keeps of one service of one project: `state.json`, mode 0600. What runs is asked of the system, not of this. */
export interface ServiceState {
  /** The folder whose manifest names it, and which folder that was when it was last seen there. */
  readonly project: FolderIdentity;
  readonly kind: ToolId;
  readonly version: string;
  /** Root of the toolchain that ran or runs it. */
  readonly toolchain: string;
  readonly platform: string;
  /** Of the data. */
  readonly line: string;
  readonly ports: { readonly main: number } & Readonly<Record<string, number>>;
  readonly user: string;
  readonly password: string;
  /** What the data hold. */
  readonly databases: readonly string[];
  readonly extensions: readonly string[];
  readonly runAs: RunAs;
  readonly server?: ServerIdentity;
}

/** A folder, and what tells it from another that later has its name. */
export interface FolderIdentity {
  readonly path: string;
  readonly device: string;
  readonly inode: string;
  /** When it was made, in nanoseconds, where the file system says: a number of an inode is soon given to another folder. */
  readonly born?: string | undefined;
}

/** How the server comes to run as a user that it accepts. */
export interface RunAs {
  readonly how: 'self' | 'namespace' | 'user';
  readonly uid: number;
  readonly gid: number;
}

/** One process of one boot of one machine, which no other process can be taken for. */
export interface ServerIdentity {
  readonly pid: number;
  /** When it started, as its system tells it. */
  readonly started: string;
  readonly boot: string;
  /** Containers share folders and boot, not process ids. */
  readonly namespace: string;
  readonly host: string;
  /** ISO time, for people. */
  readonly since: string;
}

const decodeParts = asObject({
  format: asCount,
  project: asObject({ path: asString, device: asString, inode: asString, born: optional(asString) }),
  kind: asString,
  version: asString,
  toolchain: asString,
  platform: asString,
  line: asString,
  ports: asRecord(asCount),
  user: asString,
  password: asString,
  databases: asArray(asString),
  extensions: asArray(asString),
  runAs: asObject({ how: asOneOf('self', 'namespace', 'user'), uid: asCount, gid: asCount }),
  server: optional(
    asObject({
      pid: asCount,
      started: asString,
      boot: asString,
      namespace: asString,
      host: asString,
      since: asString,
    }),
  ),
});

/** Of the form of this page. A state of another one was written by another polyenv. */
const STATE_FORMAT = 1;

/** Throws what the decoders throw, and for a format that is not this one. */
export const decodeState: Decoder<ServiceState> = (value) => {
  const { format, server, ports, ...state } = decodeParts(value);
  const { main } = ports;
  if (format !== STATE_FORMAT || main === undefined) throw new Error(`format ${format}`);
  // guard: server-pid
  const lives = server !== undefined && server.pid > 1;
  return { ...state, ports: { ...ports, main }, ...(lives && { server }) };
};

export function encodeState(state: ServiceState): string {
  return `${JSON.stringify({ format: STATE_FORMAT, ...state }, undefined, 2)}\n`;
}

/** Whether both are the same folder, whatever it is called now. */
export function isSameFolder(a: FolderIdentity, b: FolderIdentity): boolean {
  if (a.inode !== b.inode || a.device !== b.device) return false;
  return a.born === undefined || b.born === undefined || a.born === b.born;
}
