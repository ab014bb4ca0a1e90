import { isTable, type KeyPath, valueAt } from '../formats/document-value';
import { refuseName } from '../gateway/local-name';
import { quoted } from '../words/printable';
import { DOMAIN_TARGETS } from './manifest-schema';
import type { ManifestService } from './manifest-services';
import {
  didYouMean,
  fail,
  flagAt,
  LONGEST,
  type ManifestInput,
  portAt,
  refuseUnknown,
  tableAt,
  textAt,
  textsAt,
} from './manifest-values';

/** One name below `[domains]`: `shop` is https://shop.localhost. */
export interface ManifestDomain {
  readonly name: string;
  /** Web pages of elsewhere that may speak to it. Not to be used without trust. */
  readonly origins: readonly string[];
  readonly routes: readonly DomainRoute[];
  readonly line: number;
}

export interface DomainRoute {
  /** `/`, or the start of a path: it and all below it. */
  readonly path: string;
  readonly to: DomainTarget;
  /** The server behind gets the path without this one's. */
  readonly strip?: true;
}

export type DomainTarget =
  | { readonly kind: 'task' | 'service'; readonly name: string }
  | { readonly kind: 'port'; readonly port: number };

/** What a name may lead to in this manifest. */
export interface DomainTargets {
  readonly tasks: readonly { readonly name: string }[];
  readonly services: readonly Pick<ManifestService, 'name'>[];
}

/** Throws `manifest-invalid` with the line: a name that cannot be, a path that is none, a target that does not exist. */
export function decodeDomains(input: ManifestInput, targets: DomainTargets): readonly ManifestDomain[] {
  return Object.keys(tableAt(input, ['domains'])).map((name) => decodeDomain(input, { name, targets }));
}

interface Naming {
  readonly name: string;
  readonly targets: DomainTargets;
}

function decodeDomain(input: ManifestInput, { name, targets }: Naming): ManifestDomain {
  const keys = ['domains', name];
  const refused = refuseName(name);
  if (refused !== undefined) fail(input, keys, refused);
  const line = input.lineOf(...keys);
  const value = valueAt(input, keys);
  if (!isTable(value)) return { name, origins: [], routes: [{ path: '/', to: targetAt(input, keys, targets) }], line };
  const paths = Object.keys(value).filter((key) => key.startsWith('/'));
  refuseUnknown(input, keys, ['origins', ...(paths.length === 0 ? DOMAIN_TARGETS : paths)]);
  const origins = value.origins === undefined ? [] : originsAt(input, [...keys, 'origins']);
  if (paths.length === 0) return { name, origins, routes: [{ path: '/', to: targetAt(input, keys, targets) }], line };
  const routes = paths.map((path) => {
    if (!/^\/[\w~!$&'()*+,;=:@%./-]*$/.test(path) || path.length > LONGEST.folder || path.includes('//')) {
      fail(input, [...keys, path], { what: `${quoted(path)} is no path of a URL`, hint: 'write one such as "/api"' });
    }
    return { path, to: targetAt(input, [...keys, path], targets), ...stripAt(input, [...keys, path]) };
  });
  return { name, origins, routes, line };
}

/** `"dev"`, `{ task = "dev" }`, `{ service = "mail" }`, `{ port = 4000 }`. */
function targetAt(input: ManifestInput, keys: KeyPath, { tasks, services }: DomainTargets): DomainTarget {
  const value = valueAt(input, keys);
  const [taskNames, serviceNames] = [tasks.map(({ name }) => name), services.map(({ name }) => name)];
  if (typeof value === 'string') {
    const name = textAt(input, keys, { limit: LONGEST.name });
    const kinds = [...(taskNames.includes(name) ? ['task'] : []), ...(serviceNames.includes(name) ? ['service'] : [])];
    if (kinds.length === 1) return { kind: kinds[0] === 'task' ? 'task' : 'service', name };
    return fail(
      input,
      keys,
      kinds.length > 1
        ? { what: `${quoted(name)} is both a task and a service`, hint: `write { task = ${quoted(name)} }` }
        : {
            what: `no task and no service here is called ${quoted(name)}`,
            hint: didYouMean(name, [...taskNames, ...serviceNames]),
          },
    );
  }
  if (!isTable(value)) {
    return fail(input, keys, {
      what: 'a name leads to a task, a service or a port',
      hint: typeof value === 'number' ? `write { port = ${value} }` : 'write { task = "dev" }',
    });
  }
  const said = DOMAIN_TARGETS.filter((key) => value[key] !== undefined);
  if (said.length !== 1) {
    fail(input, keys, {
      what: said.length === 0 ? 'the name leads nowhere' : `the name leads to ${said.join(' and ')} at once`,
      hint: 'write one of { task = "..." }, { service = "..." }, { port = ... }',
    });
  }
  refuseUnknown(input, keys, [...DOMAIN_TARGETS, keys.length > 2 ? 'strip' : 'origins']);
  const [kind] = said;
  if (kind === 'port') return { kind, port: portAt(input, [...keys, kind]) };
  const name = textAt(input, [...keys, kind ?? 'task'], { limit: LONGEST.name });
  const known = kind === 'task' ? taskNames : serviceNames;
  if (!known.includes(name)) {
    fail(input, [...keys, kind ?? 'task'], {
      what: `there is no ${kind} ${quoted(name)} here`,
      hint: known.length === 0 ? `write it below [${kind}s]` : didYouMean(name, known),
    });
  }
  return { kind: kind ?? 'task', name };
}

function stripAt(input: ManifestInput, keys: KeyPath): { readonly strip?: true } {
  if (!isTable(valueAt(input, keys)) || !flagAt(input, [...keys, 'strip'])) return {};
  if (keys.at(-1) === '/') fail(input, keys, { what: 'there is nothing to strip of "/"' });
  return { strip: true };
}

function originsAt(input: ManifestInput, keys: KeyPath): readonly string[] {
  return textsAt(input, keys, LONGEST.folder).map((text, index) => {
    if (!/^https?:\/\/(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.test(text)) {
      fail(input, [...keys, index], {
        what: `${quoted(text)} is not the origin of a web page`,
        hint: 'write scheme and host in small letters, without a path: "https://app.example.com"',
      });
    }
    return text;
  });
}
