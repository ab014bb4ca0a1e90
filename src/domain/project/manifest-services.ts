import { isTable, type KeyPath, valueAt } from '../formats/document-value';
import { present } from '../words/present';
import { quoted } from '../words/printable';
import type { ToolId } from '../words/tool-id';
import { namesOf, SERVICE_KEYS } from './manifest-schema';
import {
  didYouMean,
  fail,
  findRuntime,
  type KnownRuntime,
  LONGEST,
  type ManifestInput,
  portAt,
  refuseUnknown,
  tableAt,
  textAt,
  textsAt,
} from './manifest-values';
import { refuseProjectVariable } from './project-variable';

/** One line, or one table, below `[services]`. */
export interface ManifestService {
  readonly name: string;
  /** The kind: the id of a runtime that is a server. */
  readonly tool: ToolId;
  /** The request behind `@`, as written; without one, what `[runtimes]` or a file pins, else the newest. */
  readonly version?: string;
  readonly databases: readonly string[];
  readonly extensions: readonly string[];
  readonly port?: number;
  /** Stands before the names of its variables, with `_` between. */
  readonly prefix?: string;
  readonly line: number;
}

/** Throws `manifest-invalid` with the line. Nothing of it can hand a server an argument, a setting or a script. */
export function decodeServices(input: ManifestInput): readonly ManifestService[] {
  const services: ManifestService[] = [];
  for (const name of Object.keys(tableAt(input, ['services']))) {
    const service = decodeService(input, name);
    const twin = services.find((one) => one.port !== undefined && one.port === service.port);
    if (twin !== undefined) {
      fail(input, ['services', name, 'port'], {
        what: `${twin.name} (line ${twin.line}) and ${name} cannot both have port ${service.port}`,
      });
    }
    services.push(service);
  }
  return services;
}

/** Of a service: it names folders and locks, and stands in messages. */
export const SERVICE_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

function decodeService(input: ManifestInput, name: string): ManifestService {
  const keys = ['services', name];
  // guard: service-name
  if (!SERVICE_NAME.test(name)) {
    fail(input, keys, {
      what: `${quoted(name)} is no name for a service: it begins with a small letter, and has up to 32 small letters, digits, _ and -`,
    });
  }
  const line = input.lineOf(...keys);
  const value = valueAt(input, keys);
  const table = isTable(value);
  if (!table && typeof value !== 'string') {
    fail(input, keys, {
      what: `${name} must be a kind of service in quotes, or a table`,
      hint: `${name} = "postgres"`,
    });
  }
  if (table) refuseUnknown(input, keys, namesOf(SERVICE_KEYS));
  const use = table ? [...keys, 'use'] : keys;
  if (valueAt(input, use) === undefined) {
    fail(input, keys, { what: `${name} does not say what it is`, hint: 'write use = "KIND", or use = "KIND@VERSION"' });
  }
  const { runtime, version } = kindAt(input, use);
  const plain = { name, tool: runtime.id, ...present({ version }), line };
  if (!table) return { ...plain, databases: [], extensions: [] };
  return {
    ...plain,
    databases: databasesAt(input, [...keys, 'databases'], runtime),
    extensions: extensionsAt(input, [...keys, 'extensions'], runtime),
    ...(value.port !== undefined && { port: portAt(input, [...keys, 'port']) }),
    ...(value.prefix !== undefined && { prefix: prefixAt(input, [...keys, 'prefix']) }),
  };
}

function kindAt(
  input: ManifestInput,
  keys: KeyPath,
): { readonly runtime: KnownRuntime; readonly version: string | undefined } {
  const text = textAt(input, keys, { limit: LONGEST.version }).trim();
  const at = text.indexOf('@');
  const kind = at === -1 ? text : text.slice(0, at);
  const version = at === -1 ? undefined : text.slice(at + 1).trim();
  const runtime = findRuntime(input.runtimes, kind);
  if (runtime?.service === undefined) {
    const kinds = input.runtimes.filter(({ service }) => service !== undefined);
    const names = kinds.flatMap(({ id, aliases }) => [id, ...(aliases ?? [])]);
    fail(input, keys, {
      what:
        runtime === undefined
          ? `no kind of service is called ${quoted(kind)}`
          : `${runtime.id} is no server: it belongs below [runtimes]`,
      hint:
        refusedKind(kind) ??
        didYouMean(
          kind,
          names,
          kinds.map(({ id }) => id),
        ),
    });
  }
  if (version === '')
    fail(input, keys, {
      what: `${quoted(text)} has no version behind @`,
      hint: `write "${kind}@VERSION", or "${kind}"`,
    });
  return { runtime, version };
}

/** Why a well-known server is not offered; `undefined` for any other name. */
export function refusedKind(name: string): string | undefined {
  return UNPROVED.includes(name.toLowerCase())
    ? `${name.toLowerCase()} is not offered: nobody publishes builds of it that can be proved. Run it yourself, and name its address in [env]`
    : undefined;
}

const UNPROVED = ['mongodb', 'mongo', 'rabbitmq', 'elasticsearch', 'opensearch', 'kafka'];

function databasesAt(input: ManifestInput, keys: KeyPath, { id, service }: KnownRuntime): readonly string[] {
  if (valueAt(input, keys) === undefined) return [];
  const rule = service?.databases;
  if (rule === undefined) return fail(input, keys, { what: `${id} has no databases to name` });
  const names = textsAt(input, keys, LONGEST.name);
  for (const [index, name] of names.entries()) {
    // guard: database-name
    if (!rule.name.test(name)) {
      fail(input, [...keys, index], {
        what: `${quoted(name)} is no name for a database here: ${rule.form}`,
      });
    }
  }
  return [...new Set(names)];
}

function extensionsAt(input: ManifestInput, keys: KeyPath, { id, service }: KnownRuntime): readonly string[] {
  if (valueAt(input, keys) === undefined) return [];
  const known = service?.extensions ?? [];
  if (known.length === 0) return fail(input, keys, { what: `${id} has no extensions to ask for` });
  const names = textsAt(input, keys, LONGEST.name);
  for (const [index, name] of names.entries()) {
    // guard: extension-name
    if (!known.includes(name)) {
      fail(input, [...keys, index], {
        what: `${id} has no extension ${quoted(name)} here`,
        hint: didYouMean(name, known),
      });
    }
  }
  return [...new Set(names)];
}

function prefixAt(input: ManifestInput, keys: KeyPath): string {
  const prefix = textAt(input, keys, { limit: LONGEST.name });
  if (!/^[A-Z][A-Z0-9_]{0,31}$/.test(prefix) || prefix.endsWith('_')) {
    fail(input, keys, {
      what: `${quoted(prefix)} is no prefix for variables: it begins with a capital letter, has capital letters, digits and _, and does not end with _`,
    });
  }
  const reason = refuseProjectVariable(prefix) ?? refuseProjectVariable(`${prefix}_URL`);
  // guard: service-prefix
  if (reason !== undefined) {
    fail(input, keys, { what: `prefix ${quoted(prefix)} cannot stand before the names of variables: ${reason}` });
  }
  return prefix;
}
