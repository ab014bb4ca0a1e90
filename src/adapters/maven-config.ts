import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { PolyenvError } from '../domain/errors';
import { settingVariable } from '../domain/settings';
import type { Host } from '../host';
import { readTextIfAny } from './fs';
import { userHeaders } from './mirrors';
import type { ConfigOptions } from './npm-config';
import { findPrograms } from './programs';

/** The Maven repository as Maven is configured for this person: https://maven.apache.org/settings.html */
export interface MavenConfig {
  /** Ends with `/`, without user and password; `undefined` with `missing` where none is configured. */
  readonly repository: URL | undefined;
  readonly headers: Record<string, string>;
  readonly missing: PolyenvError | undefined;
}

/** Variables by which Maven's wrapper and common builds are pointed at a repository, in order. */
const VARIABLES = ['MVNW_REPOURL', 'MAVEN_MIRROR_URL'] as const;

/**
 * The setting `registry.maven`, else those variables, else the mirror of `central` in the person's `settings.xml`, then in
 * the one of Maven's installation. Encrypted passwords are not read. Throws `settings-invalid` for what is no http(s) URL.
 */
export async function readMavenConfig(options: ConfigOptions): Promise<MavenConfig> {
  const { host, settings } = options;
  if (settings.mavenRepository !== '') {
    return fromUrl(settings.mavenRepository, `the setting registry.maven (${settingVariable('registry.maven')})`);
  }
  for (const name of VARIABLES) {
    const value = host.env[name]?.trim();
    if (value !== undefined && value !== '') return fromUrl(value, name);
  }
  for (const file of settingsFiles(options)) {
    const text = await readTextIfAny(file);
    const found = text === undefined ? undefined : repositoryOf(text, host);
    if (found === undefined) continue;
    const config = fromUrl(found.url, `the mirror of central in ${file}`);
    return { ...config, headers: { ...serverHeaders(text ?? '', { id: found.id, host }), ...config.headers } };
  }
  return {
    repository: undefined,
    headers: {},
    missing: new PolyenvError('network', 'no Maven repository is configured on this machine', {
      hint: 'polyenv settings set registry.maven URL, or name a mirror of central in ~/.m2/settings.xml',
      elsewhere: true,
    }),
  };
}

function settingsFiles({ host, home }: ConfigOptions): readonly string[] {
  const named = [host.env.MAVEN_HOME, host.env.M2_HOME].filter((folder) => folder !== undefined && isAbsolute(folder));
  const installed = findPrograms(host, home, 'mvn').map((program) => dirname(dirname(realpathSync(program))));
  return [
    join(host.personHome, '.m2', 'settings.xml'),
    ...[...named, ...installed].map((folder) => join(folder as string, 'conf', 'settings.xml')),
  ];
}

function fromUrl(text: string, from: string): MavenConfig {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol) || url.search !== '') {
    throw new PolyenvError('settings-invalid', `${from} is not the URL of a Maven repository`, {
      hint: 'polyenv settings set registry.maven URL',
    });
  }
  const headers = userHeaders(url);
  url.username = '';
  url.password = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return { repository: url, headers, missing: undefined };
}

/** The first mirror that stands for `central`, else a repository of that id in a profile. */
function repositoryOf(xml: string, host: Host): { readonly id: string; readonly url: string } | undefined {
  const text = withoutComments(xml);
  const mirror = elements(text, 'mirror').find((element) => mirrorsCentral(childText(element, 'mirrorOf')));
  const found = mirror ?? elements(text, 'repository').find((element) => childText(element, 'id') === 'central');
  if (found === undefined) return undefined;
  const url = expand(childText(found, 'url'), host);
  return url === '' ? undefined : { id: childText(found, 'id'), url };
}

/** `central`, `*`, `external:*`, or a list of such without `!central`. */
function mirrorsCentral(text: string): boolean {
  const words = text.split(',').map((word) => word.trim());
  return !words.includes('!central') && words.some((word) => ['central', '*', 'external:*'].includes(word));
}

function serverHeaders(
  xml: string,
  { id, host }: { readonly id: string; readonly host: Host },
): Record<string, string> {
  const server = elements(withoutComments(xml), 'server').find((element) => childText(element, 'id') === id);
  if (server === undefined) return {};
  const user = expand(childText(server, 'username'), host);
  const password = expand(childText(server, 'password'), host);
  const encrypted = /^\{.*\}$/s.test(password);
  if (user === '' || password === '' || encrypted) return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}` };
}

function withoutComments(xml: string): string {
  return xml.replace(/<!--[\s\S]*?-->/g, '');
}

/** The content of every element of that name; enough for a file whose elements of one name never nest. */
function elements(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, content]) => content ?? '');
}

function childText(element: string, name: string): string {
  const text = elements(element, name)[0]?.trim() ?? '';
  return text
    .replace(/^<!\[CDATA\[([\s\S]*)\]\]>$/, '$1')
    .replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => ENTITIES[entity] ?? '');
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };

function expand(text: string, host: Host): string {
  return text
    .replace(/\$\{env\.([A-Za-z0-9_]+)\}/g, (_, name: string) => host.env[name] ?? '')
    .replaceAll('${user.home}', host.personHome);
}
