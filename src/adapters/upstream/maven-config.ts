import { realpathSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { settingVariable } from '../../domain/project/settings';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { readJarMember } from '../archives/jar-member';
import { readTextIfAny } from '../files/fs';
import { userHeaders } from '../net/url';
import { findPrograms } from '../system/programs';
import type { ConfigOptions } from './npm-config';

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
 * the one of Maven's installation, else what that installation uses by itself. Encrypted passwords are not read. Throws `settings-invalid` for what is no http(s) URL.
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
  for (const folder of mavenFolders(options)) {
    const found = await repositoryOfInstallation(folder, host);
    if (found !== undefined) return fromUrl(found, `Maven's own default in ${folder}`);
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

function settingsFiles(options: ConfigOptions): readonly string[] {
  const installed = mavenFolders(options).map((folder) => join(folder, 'conf', 'settings.xml'));
  return [join(options.host.personHome, '.m2', 'settings.xml'), ...installed];
}

/** Installations of Maven, the one that the person names first. */
function mavenFolders({ host, home }: ConfigOptions): readonly string[] {
  const named = [host.env.MAVEN_HOME, host.env.M2_HOME].filter((folder) => folder !== undefined && isAbsolute(folder));
  const installed = findPrograms(host, home, 'mvn').map((program) => dirname(dirname(realpathSync(program))));
  return [...(named as readonly string[]), ...installed];
}

/** `central` as Maven's own super POM names it: https://maven.apache.org/ref/current/maven-model-builder/super-pom.html */
async function repositoryOfInstallation(folder: string, host: Host): Promise<string | undefined> {
  const names = await readdir(join(folder, 'lib')).catch(() => []);
  for (const name of names.filter((candidate) => /^maven-model-builder-[\d.]+.*\.jar$/.test(candidate)).sort()) {
    const text = await readJarMember(join(folder, 'lib', name), 'org/apache/maven/model/pom-4.0.0.xml');
    const found = text === undefined ? undefined : repositoryOf(text, host);
    if (found !== undefined) return found.url;
  }
  return undefined;
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
