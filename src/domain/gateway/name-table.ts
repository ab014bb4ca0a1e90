import {
  asArray,
  asBoolean,
  asMatching,
  asNumber,
  asObject,
  asOneOf,
  asString,
  type Decoder,
  malformed,
  optional,
} from '../formats/decoders';
import { ownerLabel, refuseName } from './local-name';

/** Of what is written in the home; a gateway that is told a newer one keeps what it had. */
export const NAMES_FORMAT = 1;

/** The names of one project, as the home keeps them. */
export interface ProjectNames {
  readonly format: number;
  /** The folder of the manifest, absolute. */
  readonly project: string;
  readonly names: readonly LocalName[];
}

export interface LocalName {
  readonly name: string;
  /** Web pages of elsewhere that may speak to it. */
  readonly origins: readonly string[];
  /** The one with the longest path that fits serves. */
  readonly routes: readonly NameRoute[];
}

export interface NameRoute {
  /** `/`, or `/api`: that path and all below it. */
  readonly path: string;
  readonly kind: 'task' | 'service' | 'port';
  /** The task's or service's name; empty for a port. */
  readonly target: string;
  readonly port: number;
  /** The server behind gets the path without this one's. */
  readonly strip?: boolean | undefined;
}

const asPort: Decoder<number> = (value) => {
  const port = asNumber(value);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw malformed('a port is no port');
  return port;
};

const asName: Decoder<string> = (value) => {
  const name = asString(value);
  if (refuseName(name) !== undefined) throw malformed('a name is no name');
  return name;
};

const asNames = asObject({
  format: asNumber,
  project: asMatching(/^\/[^\0]*$/, 'an absolute path'),
  names: asArray(
    asObject({
      name: asName,
      origins: optional(asArray(asString)),
      routes: asArray(
        asObject({
          path: asMatching(/^\/[^\0\s]*$/, 'a path'),
          kind: asOneOf('task', 'service', 'port'),
          target: asString,
          port: asPort,
          strip: optional(asBoolean),
        }),
      ),
    }),
  ),
});

/** Throws `upstream-malformed` for what is not one. */
export function decodeProjectNames(value: unknown): ProjectNames {
  const read = asNames(value);
  if (read.format > NAMES_FORMAT) throw malformed('it was written by a newer polyenv');
  return { ...read, names: read.names.map((one) => ({ ...one, origins: one.origins ?? [] })) };
}

/** A name that another project already has, or has by having the one above it. */
export interface NameConflict {
  readonly name: string;
  readonly taken: string;
  readonly project: string;
}

/** The first name of `wanted` whose part before .localhost belongs to another project. */
export function findConflict(wanted: ProjectNames, others: readonly ProjectNames[]): NameConflict | undefined {
  const owners = new Map<string, { readonly project: string; readonly name: string }>();
  for (const { project, names } of others) {
    if (project === wanted.project) continue;
    for (const { name } of names) owners.set(ownerLabel(name), { project, name });
  }
  for (const { name } of wanted.names) {
    const owner = owners.get(ownerLabel(name));
    // guard: gateway-claim
    if (owner !== undefined) return { name, taken: owner.name, project: owner.project };
  }
  return undefined;
}

export interface FoundRoute extends NameRoute {
  readonly name: string;
  readonly project: string;
  readonly origins: readonly string[];
}

/** Every name of every project. A map and no object, because `constructor` is a name like any other. */
export type NameTable = ReadonlyMap<string, { readonly project: string; readonly entry: LocalName }>;

/** Where two projects claim one part, the first of the list keeps it. */
export function nameTable(projects: readonly ProjectNames[]): NameTable {
  const table = new Map<string, { readonly project: string; readonly entry: LocalName }>();
  const owners = new Map<string, string>();
  for (const { project, names } of projects) {
    for (const entry of names) {
      const label = ownerLabel(entry.name);
      const owner = owners.get(label);
      if (owner !== undefined && owner !== project) continue;
      owners.set(label, project);
      table.set(entry.name, { project, entry });
    }
  }
  return table;
}

/** Whether the table has the name, by itself or by `*` in place of its first part. */
export function findName(
  table: NameTable,
  name: string,
): { readonly project: string; readonly entry: LocalName } | undefined {
  return table.get(name) ?? table.get(`*${name.slice(name.indexOf('.'))}`);
}

export function findRoute(table: NameTable, name: string, target: string): FoundRoute | undefined {
  const found = findName(table, name);
  if (found === undefined) return undefined;
  const path = target.split(/[?#]/, 1)[0] ?? '/';
  const { project, entry } = found;
  const routes = entry.routes.filter((route) => covers(route.path, path));
  const [first] = routes.toSorted((a, b) => b.path.length - a.path.length);
  return first === undefined ? undefined : { ...first, name: entry.name, project, origins: entry.origins };
}

/** The target as the server behind is to see it. */
export function targetOf({ path, strip }: Pick<NameRoute, 'path' | 'strip'>, target: string): string {
  const base = path.endsWith('/') ? path.slice(0, -1) : path;
  if (strip !== true || !target.startsWith(base)) return target;
  const rest = target.slice(base.length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function covers(prefix: string, path: string): boolean {
  const base = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return base === '' || path === base || path.startsWith(`${base}/`);
}
