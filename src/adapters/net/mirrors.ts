import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Settings } from '../../domain/project/settings';
import type { Source } from '../../domain/runtime/runtime';
import { type Concealment, openConcealment } from '../../domain/words/concealment';
import { PolyenvError } from '../../domain/words/errors';
import type { Http, HttpAnswer } from './http';
import { type Netrc, readNetrc } from './netrc';
import { isLoopback, normalizeUrl, refuseUnprotected, userHeaders, withoutUser } from './url';

/** Where a URL is really fetched from, as the person and the ecosystems' own variables say. */
export interface Mirrors {
  /**
   * The URL to ask instead, and the headers that it needs. Throws `insecure-url` for plain http to another machine,
   * `settings-invalid` where the rule that applies cannot be used.
   */
  rewrite(url: string): Target;
  /** The same http, which also reads mirrors that are folders (`file:`), and whose errors name no secret. */
  through(http: Http): Http;
  readonly concealment: Concealment;
}

export interface Target {
  readonly url: string;
  readonly headers: Record<string, string>;
}

export interface MirrorOptions {
  readonly settings: Settings;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sources: readonly Pick<Source, 'mirrors'>[];
}

/** Rules are read at the first rewrite, so that a broken one stops only what needs the network. */
export function openMirrors({ settings, env, sources }: MirrorOptions): Mirrors {
  const concealment = openConcealment();
  let opened: { readonly rules: readonly Rule[]; readonly netrc: Netrc } | undefined;
  const open = () => {
    opened ??= { rules: readRules({ settings, env, sources }), netrc: readNetrc(env) };
    for (const { from, to } of opened.rules) {
      if (to !== undefined && to.protocol !== 'file:' && to.href !== from.href) concealment.hideBase(to);
    }
    for (const password of opened.netrc.passwords) concealment.hide(password);
    return opened;
  };
  return {
    rewrite: (url) => {
      const { rules, netrc } = opened ?? open();
      const asked = normalizeUrl(url);
      const rule = rules.find((candidate) => covers(candidate, asked));
      const target = rule === undefined ? new URL(url) : moved(rule, asked);
      target.hash = '';
      refuseUnprotected(target, settings, rule?.name ?? concealment.conceal(url));
      return { url: withoutUser(target), headers: { ...netrcHeaders(netrc, target), ...userHeaders(target) } };
    },
    through: (http) =>
      conceal(
        withFolders(http, () => (opened ?? open()).rules),
        concealment,
      ),
    concealment,
  };
}

/** One rule; without `to` it cannot be used, and says so when a URL needs it. */
interface Rule {
  /** How to call it in a message: `NODEJS_ORG_MIRROR`, `the mirror of https://nodejs.org/dist`. */
  readonly name: string;
  readonly from: URL;
  readonly to: URL | undefined;
  readonly hint: string;
}

function readRules({ settings, env, sources }: MirrorOptions): readonly Rule[] {
  const own = Object.entries(settings.mirrors).map(([from, to]): Rule => {
    const base = URL.canParse(from) && /^https?:/i.test(from) ? normalizeUrl(from) : undefined;
    if (base === undefined || base.search !== '') {
      throw new PolyenvError(
        'settings-invalid',
        `the mirrors replace ${JSON.stringify(from)}, which is no URL prefix`,
        {
          hint: 'each is FROM=TO with FROM such as https://nodejs.org/dist: polyenv settings get mirrors',
        },
      );
    }
    const name = `the mirror of ${withoutUser(base)}`;
    return { name, from: base, to: readTarget(to), hint: 'polyenv settings get mirrors' };
  });
  const variables = sources
    .flatMap((source) => source.mirrors ?? [])
    .flatMap(({ variable, from, append = '' }): readonly Rule[] => {
      const value = env[variable]?.trim() ?? '';
      if (value === '') return [];
      const to = readTarget(value);
      if (to !== undefined) to.pathname = `${withoutEndSlash(to.pathname)}${append}`;
      return [
        { name: variable, from: normalizeUrl(from), to, hint: `unset ${variable}, or export the URL of a mirror` },
      ];
    });
  // The longest first; of equals the person's settings, then the variables in the order in which their source names them.
  return [...own, ...variables].sort((a, b) => pathOf(b.from).length - pathOf(a.from).length);
}

function readTarget(text: string): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  return ['https:', 'http:', 'file:'].includes(url.protocol) ? url : undefined;
}

function covers(rule: Rule, asked: URL): boolean {
  if (rule.from.protocol !== asked.protocol || rule.from.host !== asked.host) return false;
  const path = pathOf(rule.from);
  return asked.pathname === path || asked.pathname.startsWith(`${path}/`);
}

function moved(rule: Rule, asked: URL): URL {
  if (rule.to === undefined) {
    throw new PolyenvError('settings-invalid', `${rule.name} is not the URL of a mirror`, { hint: rule.hint });
  }
  const target = new URL(rule.to);
  target.pathname = `${withoutEndSlash(target.pathname)}${asked.pathname.slice(pathOf(rule.from).length)}`;
  for (const [name, value] of asked.searchParams) target.searchParams.append(name, value);
  return target;
}

function pathOf(url: URL): string {
  return withoutEndSlash(url.pathname);
}

function withoutEndSlash(path: string): string {
  return path.replace(/\/+$/, '');
}

function netrcHeaders(netrc: Netrc, url: URL): Readonly<Record<string, string>> {
  return url.protocol === 'https:' || isLoopback(url) ? netrc.headersFor(url.hostname) : {};
}

/** Only folders that a rule of the person names are read: no lock, index or redirect can lead to one. */
function withFolders(http: Http, rules: () => readonly Rule[]): Http {
  return {
    get: async (url, options) => {
      if (!url.startsWith('file:')) return http.get(url, options);
      const asked = new URL(url);
      const named = rules().some(
        ({ to }) => to?.protocol === 'file:' && asked.pathname.startsWith(`${withoutEndSlash(to.pathname)}/`),
      );
      if (!named) throw new PolyenvError('insecure-url', 'a file cannot be fetched');
      return readFolderFile(asked);
    },
    close: () => http.close(),
  };
}

async function readFolderFile(url: URL): Promise<HttpAnswer> {
  const empty = { url: url.href, headers: {}, status: 404 };
  try {
    url.search = '';
    const path = fileURLToPath(url);
    const found = await stat(path);
    if (!found.isFile()) throw new Error('not a file');
    return {
      status: 200,
      url: url.href,
      headers: { 'content-length': String(found.size), 'last-modified': found.mtime.toUTCString() },
      body: createReadStream(path),
      text: () => readFile(path, 'utf8'),
    };
  } catch {
    return { ...empty, body: nothing(), text: async () => '' };
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

function conceal(http: Http, concealment: Concealment): Http {
  return {
    get: async (url, options) => {
      try {
        const answer = await http.get(url, options);
        return {
          status: answer.status,
          url: answer.url,
          headers: answer.headers,
          body: concealBody(answer.body, concealment),
          text: async (limit) => {
            try {
              return await answer.text(limit);
            } catch (error) {
              throw concealment.concealError(error);
            }
          },
        };
      } catch (error) {
        throw concealment.concealError(error);
      }
    },
    close: () => http.close(),
  };
}

async function* concealBody(body: AsyncIterable<Uint8Array>, concealment: Concealment): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw concealment.concealError(error);
  }
}
