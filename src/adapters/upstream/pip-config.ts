import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { settingVariable } from '../../domain/project/settings';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { readJarMember } from '../archives/jar-member';
import { childrenOf, readTextIfAny } from '../files/fs';
import { findPrograms } from '../system/programs';
import type { ConfigOptions } from './npm-config';

/** The package index as pip is configured for this person: https://pip.pypa.io/en/stable/topics/configuration/ */
export interface PipConfig {
  /** Ends with `/`, and may hold a user and password; `undefined` with `missing` where none is configured. */
  readonly index: URL | undefined;
  readonly missing: PolyenvError | undefined;
  /** A file of further certificates, absolute. */
  readonly cafile: string | undefined;
}

/**
 * The setting `registry.pypi`, else `PIP_INDEX_URL`, else pip's own files, the person's before the system's, else what a pip of this machine uses
 * by itself. Further indexes (`extra-index-url`, `find-links`) are not asked: whoever answers first there is nobody in
 * particular. An environment's `pip.conf` is not read: it may be a project's. Throws `settings-invalid` for what is no http(s) URL.
 */
export async function readPipConfig(options: ConfigOptions): Promise<PipConfig> {
  const { host, settings } = options;
  let cafile = absolute(host, host.env.PIP_CERT);
  let found: { readonly url: string; readonly from: string } | undefined;
  const isOff = /^(?:1|true|yes|on|y|t)$/i.test(host.env.PIP_NO_INDEX?.trim() ?? '');
  if (settings.pypiIndex !== '') {
    found = { url: settings.pypiIndex, from: `the setting registry.pypi (${settingVariable('registry.pypi')})` };
  } else if (present(host.env.PIP_INDEX_URL) !== undefined) {
    found = { url: host.env.PIP_INDEX_URL ?? '', from: 'PIP_INDEX_URL' };
  }
  for (const file of configFiles(host)) {
    const values = pipValues((await readTextIfAny(file)) ?? '');
    const url = values.get('index-url');
    if (url !== undefined) found ??= { url, from: `index-url in ${file}` };
    cafile ??= absolute(host, values.get('cert'));
  }
  if (isOff && settings.pypiIndex === '') found = undefined;
  else found ??= await usualIndex(options);
  return {
    index: found === undefined ? undefined : indexUrl(found.url, found.from),
    missing: found === undefined ? noIndex(isOff) : undefined,
    cafile,
  };
}

function noIndex(isOff: boolean): PolyenvError {
  const why = isOff ? 'PIP_NO_INDEX switches it off' : 'no Python package index is configured on this machine';
  return new PolyenvError('network', why, {
    hint: 'export PIP_INDEX_URL=URL, or: polyenv settings set registry.pypi URL',
    elsewhere: true,
  });
}

/** The one that decides first. `PIP_CONFIG_FILE=/dev/null` means that there is none. */
function configFiles({ env, os, personHome }: Host): readonly string[] {
  const named = present(env.PIP_CONFIG_FILE);
  if (named === '/dev/null') return [];
  const config = present(env.XDG_CONFIG_HOME);
  const library = join(personHome, 'Library', 'Application Support');
  const own = config !== undefined && isAbsolute(config) ? config : join(personHome, '.config');
  const shared = (present(env.XDG_CONFIG_DIRS) ?? '/etc/xdg').split(':').filter(isAbsolute);
  return [
    ...(named !== undefined && isAbsolute(named) ? [named] : []),
    ...(os === 'darwin' ? [join(library, 'pip', 'pip.conf')] : []),
    join(own, 'pip', 'pip.conf'),
    join(personHome, '.pip', 'pip.conf'),
    ...shared.map((folder) => join(folder, 'pip', 'pip.conf')),
    ...(os === 'darwin' ? [join('/Library/Application Support', 'pip', 'pip.conf')] : []),
    '/etc/pip.conf',
  ];
}

/** Of the sections that decide for a download, the most particular: https://docs.python.org/3/library/configparser.html */
function pipValues(text: string): ReadonlyMap<string, string> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(?:[#;]|$)/.test(line)) continue;
    const [, name] = /^\[([^\]]+)\]/.exec(line) ?? [];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      continue;
    }
    const [, key, value] = /^([A-Za-z][\w-]*)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined && value !== '') {
      section?.set(key.toLowerCase().replaceAll('_', '-'), value);
    }
  }
  return new Map(['global', 'install', 'download'].flatMap((name) => [...(sections.get(name) ?? [])]));
}

/** The index that a pip of this machine names in its own code: one that a Python has, or would make for an environment. */
async function usualIndex({ host, home }: ConfigOptions): Promise<{ url: string; from: string } | undefined> {
  const programs = ['pip3', 'pip', 'python3', 'python'].flatMap((name) =>
    findPrograms(host, home, name).map((program) => realpathSync(program)),
  );
  const roots = [
    ...programs.map((program) => dirname(dirname(program))),
    ...childrenOf(home.store),
    ...childrenOf(join(host.personHome, '.pyenv', 'versions')),
    ...childrenOf(join(host.personHome, '.local', 'share', 'uv', 'python')),
    '/usr',
    '/usr/local',
  ];
  for (const root of new Set(roots)) {
    for (const library of childrenOf(join(root, 'lib')).filter((path) => /\/python3[\d.t]*$/.test(path))) {
      const found = await indexIn(library);
      if (found !== undefined) return { url: found, from: `pip's own default in ${library}` };
    }
  }
  return undefined;
}

const MODULE = 'pip/_internal/models/index.py';

async function indexIn(library: string): Promise<string | undefined> {
  for (const packages of ['site-packages', 'dist-packages']) {
    const text = await readTextIfAny(join(library, packages, MODULE));
    if (text !== undefined) return indexNamedIn(text);
  }
  const bundled = childrenOf(join(library, 'ensurepip', '_bundled'));
  const wheel = bundled.find((path) => /\/pip-[\d.]+-py3-none-any\.whl$/.test(path));
  const text = wheel === undefined ? undefined : await readJarMember(wheel, MODULE);
  return text === undefined ? undefined : indexNamedIn(text);
}

function indexNamedIn(text: string): string | undefined {
  const [, base] = /^PyPI\s*=\s*PackageIndex\(\s*["'](https:\/\/[^"']+)["']/m.exec(text) ?? [];
  return base !== undefined && URL.canParse('simple/', base) ? new URL('simple/', base).href : undefined;
}

function indexUrl(text: string, from: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['https:', 'http:'].includes(url.protocol) || url.search !== '') {
    throw new PolyenvError('settings-invalid', `${from} is not the URL of a package index`, {
      hint: 'pip config set global.index-url URL, or: polyenv settings set registry.pypi URL',
    });
  }
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function absolute({ personHome }: Host, path: string | undefined): string | undefined {
  if (path === undefined || path === '') return undefined;
  const whole = path.startsWith('~/') ? join(personHome, path.slice(2)) : path;
  return isAbsolute(whole) ? whole : undefined;
}

function present(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}
