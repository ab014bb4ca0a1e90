import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { type Settings, settingVariable } from '../../domain/project/settings';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { readTextIfAny } from '../files/fs';
import type { Home } from '../home/paths';
import { findPrograms } from '../system/programs';

/** npm's registry as npm is configured for this person: https://github.com/npm/cli/blob/latest/docs/lib/content/configuring-npm/npmrc.md */
export interface NpmConfig {
  /** The registry of a package, by its scope; ends with `/`, and may hold a user and password. */
  registryFor(name: string): URL;
  /** The registry that npm uses when nothing is configured. */
  readonly usual: URL;
  /** `Authorization` for that URL, by the longest registry path that has credentials; else nothing. */
  headersFor(url: URL): Record<string, string>;
  /** A file of further certificates (`cafile`), absolute. */
  readonly cafile: string | undefined;
  /** What is configured and not honoured, for people. */
  readonly warnings: readonly string[];
}

export interface ConfigOptions {
  readonly host: Host;
  readonly home: Home;
  readonly settings: Settings;
}

/**
 * `npm_config_*` over the person's npmrc, the global one and npm's own. The project's `.npmrc` is never read: a repository
 * does not choose where executables come from. Throws `settings-invalid` for a registry that is no http(s) URL.
 */
export async function readNpmConfig({ host, home, settings }: ConfigOptions): Promise<NpmConfig> {
  const [{ parse }, { defaultUrl }, { default: credentialsFor }] = await Promise.all([
    import('ini'),
    import('registry-url'),
    import('registry-auth-token'),
  ]);
  const warnings: string[] = [];
  const values = new Map<string, string>();
  const addMissing = (more: Iterable<readonly [string, string]>): void => {
    for (const [key, value] of more) if (!values.has(key)) values.set(key, value);
  };
  const addFile = async (file: string): Promise<void> => {
    const text = await readTextIfAny(file);
    if (text !== undefined) addMissing(npmrcValues(parse(text), { host, file, warnings }));
  };

  addMissing(variableValues(host.env));
  await addFile(absolute(host, values.get('userconfig')) ?? join(host.personHome, '.npmrc'));
  const named = absolute(host, values.get('globalconfig'));
  for (const file of named === undefined ? globalFiles({ host, home, prefix: values.get('prefix') }) : [named]) {
    await addFile(file);
  }

  if (values.get('strict-ssl') === 'false') {
    warnings.push('npm is configured with strict-ssl=false; polyenv checks certificates all the same');
  }
  // What is still a variable has no value; the reader of credentials would put the word "undefined" in its place.
  const credentials = Object.fromEntries(
    [...values].filter(([key, value]) => key.startsWith('//') && !value.includes('${') && !value.startsWith('$')),
  );
  const override = settings.npmRegistry === '' ? undefined : settings.npmRegistry;
  const overrideName = `the setting registry.npm (${settingVariable('registry.npm')})`;
  return {
    registryFor: (name) => {
      if (override !== undefined) return registryUrl(override, overrideName);
      const scoped = name.startsWith('@') ? values.get(`${name.split('/')[0]}:registry`) : undefined;
      return registryUrl(
        scoped ?? values.get('registry') ?? defaultUrl,
        "npm's configuration (npm config get registry)",
      );
    },
    usual: registryUrl(defaultUrl, "npm's default"),
    headersFor: (url) => {
      const found = credentialsFor(`${url.origin}${url.pathname}`, { recursive: true, npmrc: credentials });
      const usable = found !== undefined && /^[\x21-\x7e]+$/.test(found.token);
      return usable ? { authorization: `${found.type} ${found.token}` } : {};
    },
    cafile: absolute(host, values.get('cafile')),
    warnings,
  };
}

/** `npm_config_*` in either case; an empty one counts as absent, as for npm. */
function* variableValues(env: Host['env']): Generator<readonly [string, string]> {
  for (const [name, value] of Object.entries(env)) {
    if (!/^npm_config_/i.test(name) || value === undefined || value === '') continue;
    const key = name.slice('npm_config_'.length);
    yield [key.startsWith('//') ? key : key.replace(/(?!^)_/g, '-').toLowerCase(), value];
  }
}

function* npmrcValues(
  parsed: Readonly<Record<string, unknown>>,
  { host, file, warnings }: { readonly host: Host; readonly file: string; readonly warnings: string[] },
): Generator<readonly [string, string]> {
  for (const [key, value] of Object.entries(parsed)) {
    if (typeof value !== 'string' && typeof value !== 'boolean' && typeof value !== 'number') continue;
    const { text, missing } = expandVariables(String(value), host.env);
    if (missing !== undefined && /^\/\/|registry$/.test(key)) {
      warnings.push(`${file} uses \${${missing}}, which is not set`);
    }
    yield [expandVariables(key, host.env).text, text];
  }
}

/** npm's `${NAME}` and `${NAME?}`: what is not set stays as it is, or is empty with `?`; a backslash keeps it literal. */
function expandVariables(
  text: string,
  env: Host['env'],
): { readonly text: string; readonly missing: string | undefined } {
  let missing: string | undefined;
  const expanded = text.replace(
    /(?<!\\)(\\*)\$\{([^${}]+?)(\?)?\}/g,
    (whole: string, slashes: string, name: string, maybe: string | undefined) => {
      if (slashes.length % 2 === 1) return whole.slice((slashes.length + 1) / 2);
      const value = env[name];
      if (value === undefined && maybe === undefined) missing ??= name;
      const fallback = maybe === undefined ? `\${${name}}` : '';
      return `${slashes.slice(slashes.length / 2)}${value ?? fallback}`;
    },
  );
  return { text: expanded, missing };
}

/** `PREFIX/etc/npmrc` by npm's own way of finding its prefix, then the npmrc inside npm's package. */
function globalFiles({
  host,
  home,
  prefix,
}: {
  readonly host: Host;
  readonly home: Home;
  readonly prefix: string | undefined;
}): readonly string[] {
  const programs = [...findPrograms(host, home, 'node').slice(0, 1), ...findPrograms(host, home, 'npm').slice(0, 1)];
  const configured = absolute(host, prefix) ?? absolute(host, host.env.PREFIX);
  const prefixes = configured === undefined ? programs.map((program) => dirname(dirname(program))) : [configured];
  const packages = findPrograms(host, home, 'npm')
    .slice(0, 1)
    .map((program) => dirname(dirname(realpathSync(program))));
  return [
    ...new Set([...prefixes.map((folder) => join(folder, 'etc', 'npmrc')), ...packages.map((p) => join(p, 'npmrc'))]),
  ];
}

/** An absolute path as npm reads it (`~/` is the person's home); anything else is none, as the working folder is a project's. */
function absolute(host: Host, path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined;
  const whole = path.startsWith('~/') ? join(host.personHome, path.slice(2)) : path;
  return isAbsolute(whole) ? whole : undefined;
}

function registryUrl(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol) || url.search !== '') {
    throw new PolyenvError('settings-invalid', `${from} is not the URL of a registry`, {
      hint: 'npm config set registry URL, or: polyenv settings set registry.npm URL',
    });
  }
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
