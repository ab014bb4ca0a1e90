import { readScalars } from '../formats/yaml-scalars';
import { SERVICE_NAME } from '../project/manifest-services';
import type { Runtime } from '../runtime/runtime';
import type { Service } from '../runtime/service';
import type { Version } from '../versions/version';
import { present } from '../words/present';

/** A server that a file of a project names. */
export interface FoundService {
  /** As `[services]` may call it. */
  readonly name: string;
  readonly kind: string;
  readonly version?: string;
  readonly databases: readonly string[];
  /** From 1. */
  readonly line: number;
  /** In words: `image postgres:17`. */
  readonly what: string;
}

/** One of a Compose file that is no kind of ours. */
export interface LeftService {
  readonly name: string;
  readonly line: number;
  readonly why: string;
}

/** The files of Compose, the one that it prefers first: https://github.com/compose-spec/compose-spec/blob/main/spec.md#compose-file */
export const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'] as const;

/** What a Compose file runs: servers that a kind offers, and the rest. Reads leniently; nothing is thrown. */
export function servicesOfCompose(
  lines: readonly string[],
  runtimes: readonly Runtime[],
): { readonly taken: readonly FoundService[]; readonly left: readonly LeftService[] } {
  const scalars = readScalars(lines).filter(({ path }) => path[0] === 'services' && typeof path[1] === 'string');
  const names = [...new Set(scalars.map(({ path }) => path[1] as string))];
  const taken: FoundService[] = [];
  const left: LeftService[] = [];
  for (const name of names) {
    const own = scalars.filter(({ path }) => path[1] === name);
    // A folded text (`>-`) is read as a list of lines.
    const image = own.find(({ path }) => path[2] === 'image');
    const line = image?.line ?? own[0]?.line ?? 1;
    const text = image === undefined ? '' : withDefaults(image.text);
    const kind = image === undefined ? undefined : kindOfImage(text, runtimes);
    if (image === undefined || kind === undefined) {
      const has = (key: string): boolean => own.some(({ path }) => path[2] === key);
      const why = has('build')
        ? 'it is built from the project'
        : has('extends')
          ? 'it extends another service'
          : 'it names no image';
      left.push({ name, line, why: image === undefined ? why : `no kind of service is ${text}` });
      continue;
    }
    const databases = databasesIn(kind, (variable) => {
      const mapped = own.find(({ path }) => path[2] === 'environment' && path[3] === variable)?.text;
      const listed = own.find(({ path, text }) => path[2] === 'environment' && text.startsWith(`${variable}=`))?.text;
      return mapped ?? listed?.slice(variable.length + 1);
    });
    taken.push({
      name: nameFrom(name, taken),
      kind: kind.runtime.id,
      ...present({ version: kind.version }),
      databases,
      line,
      what: `image ${text}`,
    });
  }
  return { taken, left };
}

/** Servers whose addresses, or whose drivers, a text names: `postgres://`, `jdbc:postgresql:`, `django.db.backends.postgresql`. */
export function servicesOfText(text: string, runtimes: readonly Runtime[]): readonly FoundService[] {
  const found: FoundService[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*#/.test(line)) continue;
    const words = [...line.matchAll(ADDRESS), ...line.matchAll(DRIVER)].map((match) => match[1]?.toLowerCase() ?? '');
    for (const word of words) {
      const runtime = runtimes.find(
        ({ id, aliases, service }) => service !== undefined && [id, ...(aliases ?? [])].includes(word),
      );
      if (runtime === undefined || found.some(({ kind }) => kind === runtime.id)) continue;
      const name = runtime.service?.databases === undefined ? runtime.id : 'db';
      found.push({
        name: nameFrom(name, found),
        kind: runtime.id,
        databases: [],
        line: index + 1,
        what: `names ${word}`,
      });
    }
  }
  return found;
}

const ADDRESS = /\b(?:jdbc:)?([a-z]{3,12})(?:\+[a-z0-9]+)?:\/\//gi;
const DRIVER = /django\.db\.backends\.([a-z]+)/g;

interface ImageKind {
  readonly runtime: Runtime;
  readonly service: Service;
  readonly version?: string;
}

/** By the image that the kind itself would be run from, or by one of its names; of another project's image the version says nothing. */
function kindOfImage(image: string, runtimes: readonly Runtime[]): ImageKind | undefined {
  const [, path = '', tag = ''] = /^([^:@]+(?::\d+\/[^:@]+)?)(?::([^@]+))?/.exec(image.trim()) ?? [];
  const last = path.split('/').at(-1) ?? '';
  for (const runtime of runtimes) {
    const { service, id, aliases = [] } = runtime;
    if (service === undefined) continue;
    const own = service.image?.({ version: '1.0.0' as Version, databases: [], user: '' }).image.split(':')[0] ?? id;
    const isOwn = path === own || path.endsWith(`/${own}`) || last === id;
    if (!isOwn && !aliases.includes(last)) continue;
    const version = isOwn || SAME_TAGS.test(path) ? /^v?(\d+(?:\.\d+)*)/.exec(tag)?.[1] : undefined;
    return { runtime, service, ...present({ version }) };
  }
  return undefined;
}

/** Images of others whose tags begin with the server's own version: https://github.com/bitnami/containers */
const SAME_TAGS = /(?:^|\/)bitnami(?:legacy|secure)?\//;

/** `${NAME:-17}` and `${NAME-17}` are 17 where nothing sets NAME: https://docs.docker.com/reference/compose-file/interpolation/ */
function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:?-([^{}]*)\}/g, '$1');
}

const PROBE = 'polyenv_probe';

/**
 * The database that an image makes is named in a variable of its own: which one, the kind's image tells. Others call it
 * by one of the kind's names (`POSTGRESQL_DATABASE`).
 */
function databasesIn(
  { runtime, service }: ImageKind,
  read: (variable: string) => string | undefined,
): readonly string[] {
  const env = service.image?.({ version: '1.0.0' as Version, databases: [PROBE], user: '' }).env ?? {};
  const variable = Object.entries(env).find(([, value]) => value === PROBE)?.[0];
  const others = [runtime.id, ...(runtime.aliases ?? [])].map((name) => `${name.toUpperCase()}_DATABASE`);
  const said = [...(variable === undefined ? [] : [variable]), ...others]
    .map(read)
    .find((value) => value !== undefined);
  const name = said === undefined ? undefined : withDefaults(said);
  return name !== undefined && service.databases?.name.test(name) === true ? [name] : [];
}

function nameFrom(text: string, others: readonly { readonly name: string }[]): string {
  const clean = text
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^[^a-z]+/, '')
    .slice(0, 30);
  const base = SERVICE_NAME.test(clean) ? clean : 'service';
  for (let count = 1; ; count += 1) {
    const name = count === 1 ? base : `${base}${count}`;
    if (!others.some((one) => one.name === name)) return name;
  }
}
