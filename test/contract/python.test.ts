import { describe, expect, test } from 'vitest';
import { runtime } from '../../runtimes/python';
import type { Source } from '../../src/domain/runtime/runtime';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { published } from '../fixtures/upstreams/python';
import { type FakeUpstream, fakeUpstream } from '../support/fake-upstream';
import { sha256 } from '../support/published';
import { NOT_HERE, recorded } from '../support/recorded';

const [github, astral] = runtime.sources as [Source, Source];
const INDEX = 'https://raw.githubusercontent.com/astral-sh/versions/main/v1/python-build-standalone.ndjson';
const DOWNLOAD = 'https://github.com/astral-sh/python-build-standalone/releases/download';
const asked = (text: string) => parseToolRequest(`python@${text}`, () => runtime);

async function find(upstream: FakeUpstream, text: string, source = github) {
  const release = selectRelease(runtime, asked(text), await source.releases(upstream, asked(text)));
  if (release === undefined) return undefined;
  const artifacts = await source.artifacts(upstream, release, asked(text));
  return { release, at: Object.fromEntries(artifacts.map(({ platform, parts }) => [platform, parts[0]])) };
}

describe('python-build-standalone', () => {
  test('takes the newest day, stripped; and an older day for the platform that only that one has', async () => {
    const found = await find(fakeUpstream(published), '3.12');
    expect(found?.at['linux-x64']?.at).toBe(
      `${DOWNLOAD}/20260814/cpython-3.12.9%2B20260814-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz`,
    );
    expect(found?.at['windows-arm64']?.at).toContain('/20250317/');
    expect(found?.release.date).toBe('2026-08-14');
  });

  test('falls back to what is not stripped, and to the digests beside it', async () => {
    const listed = await find(fakeUpstream(published), '3.12.4');
    expect(listed?.at['linux-x64']?.at).toMatch(/-install_only\.tar\.gz$/);
    expect(listed?.at['linux-x64']?.digest).toEqual({
      kind: 'sha256',
      value: sha256(published.files[listed?.at['linux-x64']?.at ?? ''] ?? ''),
    });
    const own = await find(fakeUpstream(published), '3.10.0');
    expect(own?.at['linux-x64']?.digest.value).toMatch(/^[0-9a-f]{64}$/);
    expect(own?.at['windows-x64']?.at).toContain('-x86_64-pc-windows-msvc-shared-install_only.tar.gz');
  });

  test('has no artifact where there is no digest', async () => {
    const upstream = fakeUpstream({ files: { [INDEX]: published.files[INDEX] ?? '' } });
    expect(Object.keys((await find(upstream, '3.12.4'))?.at ?? {})).toEqual([]);
  });

  test('offers what this platform can have, and all that was asked for exactly', async () => {
    const upstream = fakeUpstream(published, { platform: 'darwin-arm64' });
    expect((await github.releases(upstream, asked('latest'))).map(({ version }) => version)).toEqual([
      '3.13.0rc3',
      '3.12.9',
      '3.12.4',
    ]);
    const exact = await github.releases(upstream, asked('3.10.0'));
    expect(exact.map(({ version }) => version)).toContain('3.10.0');
  });

  test('names the second host’s archives on the second host', async () => {
    const found = await find(fakeUpstream(published), '3.12', astral);
    const at = found?.at['linux-x64']?.at ?? '';
    expect(at).toMatch(
      /^https:\/\/releases\.astral\.sh\/github\/python-build-standalone\/releases\/download\/20260814\//,
    );
    const claim = { version: '3.12.9' as Version, platform: 'linux-x64' as const, at };
    expect(astral.owns(claim)).toMatchObject({ root: 'python' });
    expect(github.owns(claim)).toBeUndefined();
  });

  test('keeps the free-threaded build apart', async () => {
    const found = await find(fakeUpstream(published), '3.12t');
    expect(found?.release.variant).toBe('freethreaded');
    const at = found?.at['linux-x64']?.at ?? '';
    expect(at).toContain('-freethreaded-install_only_stripped');
    const claim = { version: '3.12.9' as Version, platform: 'linux-x64' as const, at };
    expect(github.owns(claim)).toBeUndefined();
    expect(github.owns({ ...claim, variant: 'freethreaded' })).toBeDefined();
    const debug = { ...claim, variant: 'debug', at: at.replace('freethreaded', 'debug') };
    expect(github.owns(debug)).toBeUndefined();
  });

  test('gives a python where the archive has only python3', () => {
    const at = (triple: string) => `${DOWNLOAD}/20260814/cpython-3.12.9%2B20260814-${triple}-install_only.tar.gz`;
    const version = '3.12.9' as Version;
    const linux = github.owns({ version, platform: 'linux-x64', at: at('x86_64-unknown-linux-gnu') });
    expect(linux?.links).toEqual([{ path: 'bin/python', target: 'python3' }]);
    const windows = github.owns({ version, platform: 'windows-x64', at: at('x86_64-pc-windows-msvc') });
    expect(windows?.links).toEqual([]);
  });

  test('owns no build with a day of another', () => {
    const file = 'cpython-3.12.9%2B20260814-x86_64-unknown-linux-gnu-install_only.tar.gz';
    const owns = (day: string) =>
      github.owns({ version: '3.12.9' as Version, platform: 'linux-x64', at: `${DOWNLOAD}/${day}/${file}` });
    expect(owns('20260814')).toBeDefined();
    expect(owns('20260815')).toBeUndefined();
  });
});

test('of a folder with several Pythons only its own commands are taken', () => {
  const names = [
    'ls',
    'pip3',
    'pip3.11',
    'pip3.9',
    'python3',
    'python3-config',
    'python3.11',
    'python3.9',
    'pydoc3.11',
  ];
  const tree = { version: '3.11.2' as Version, platform: 'linux-x64' as const, has: () => true, list: () => names };
  const layout = runtime.layout(tree, {
    toolchain: '/usr',
    home: '/h',
    project: '/p',
    personHome: '/home/person',
    isolation: 'default',
    env: {},
  });
  expect(Object.keys(layout.commands)).toEqual([
    'pip3',
    'pip3.11',
    'python3',
    'python3-config',
    'python3.11',
    'pydoc3.11',
  ]);
  expect(layout.overlay).toMatchObject({
    folder: '.venv',
    marker: 'pyvenv.cfg',
    bin: 'bin',
    make: ['python3', '-I', '-m', 'venv', '--without-pip'],
    commands: ['python', 'python3', 'python3.11', 'pip', 'pip3', 'pip3.11'],
    variable: 'VIRTUAL_ENV',
    interpreter: { variable: 'UV_PYTHON', command: 'python' },
    seeds: { wheels: [], otherwise: ['-I', '-m', 'ensurepip', '--upgrade', '--default-pip'] },
  });
});

interface Metadata {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  readonly prerelease: string;
  readonly url: string;
  readonly sha256: string;
  readonly build: string;
}

/** uv's table of the same archives, as the index has them. */
function asIndex(text: string): string {
  const builds = new Map<string, object[]>();
  for (const one of Object.values(JSON.parse(text) as Record<string, Metadata>)) {
    const version = `${one.major}.${one.minor}.${one.patch}${one.prerelease}+${one.build}`;
    builds.set(version, [...(builds.get(version) ?? []), { url: one.url, sha256: one.sha256 }]);
  }
  return [...builds].map(([version, artifacts]) => JSON.stringify({ version, artifacts })).join('\n');
}

describe('recorded', () => {
  test('every final release from 3.10 on, on six platforms', async ({ skip }) => {
    const text = recorded('python/uv-download-metadata.cpython-3.10-3.14.main6.json') ?? skip(NOT_HERE);
    const upstream = fakeUpstream({ files: { [INDEX]: asIndex(text) } });
    const releases = await github.releases(upstream, asked('latest'));
    expect(releases.length).toBeGreaterThan(60);
    expect((await find(upstream, 'latest'))?.release.version).toBe('3.14.7');
    expect(Object.keys((await find(upstream, '3.12.4'))?.at ?? {}).sort()).toEqual([
      'darwin-arm64',
      'darwin-x64',
      'linux-arm64',
      'linux-x64',
      'windows-x64',
    ]);
    const known = Object.values(JSON.parse(text) as Record<string, Metadata>).filter(({ url }) =>
      url.endsWith('.tar.gz'),
    );
    for (const one of known) {
      const found = await find(upstream, `${one.major}.${one.minor}.${one.patch}`);
      expect(Object.values(found?.at ?? {}).map((part) => part?.at)).toContain(one.url);
    }
  });

  test.for(['musl.latest5', 'freethreaded.latest3'])('all of %s', async (name, { skip }) => {
    const text = recorded(`python/uv-download-metadata.${name}.json`) ?? skip(NOT_HERE);
    const upstream = fakeUpstream({ files: { [INDEX]: asIndex(text) } }, { platform: 'linux-x64-musl' });
    const free = name.startsWith('free') ? 't' : '';
    const releases = await github.releases(upstream, asked(`3${free}`));
    expect(releases.length).toBeGreaterThan(5);
    for (const { version } of releases) {
      const found = await find(upstream, `${version}${free}`);
      expect(Object.keys(found?.at ?? {})).toContain('linux-x64-musl');
    }
  });
});
