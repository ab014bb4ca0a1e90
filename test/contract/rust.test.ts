import { describe, expect, test } from 'vitest';
import { runtime } from '../../runtimes/rust';
import type { PlatformKey } from '../../src/domain/runtime/platform';
import type { Source } from '../../src/domain/runtime/runtime';
import type { RequestOptions } from '../../src/domain/versions/request';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { published } from '../fixtures/upstreams/rust';
import { type FakeUpstream, fakeUpstream } from '../support/fake-upstream';
import { NOT_HERE, recorded } from '../support/recorded';

const [official] = runtime.sources as [Source];
const DIST = 'https://static.rust-lang.org/dist';

const asked = (text: string, options: RequestOptions = {}) => ({
  ...parseToolRequest(`rust@${text}`, () => runtime),
  options,
});

async function find(upstream: FakeUpstream, text: string, options: RequestOptions = {}) {
  const request = asked(text, options);
  const release = selectRelease(runtime, request, await official.releases(upstream, request));
  if (release === undefined) throw new Error(`nothing answers ${text}`);
  const artifacts = await official.artifacts(upstream, release, request);
  const names = (platform: PlatformKey) =>
    artifacts.find((artifact) => artifact.platform === platform)?.parts.map(({ at }) => at.split('/').at(-1));
  return { release, artifacts, names };
}

describe('what a toolchain is made of', () => {
  test('Rust and Cargo with clippy and rustfmt, where the release has them', async () => {
    const { names } = await find(fakeUpstream(published), '1.86');
    expect(names('linux-x64')).toEqual([
      'rustc-1.86.0-x86_64-unknown-linux-gnu.tar.gz',
      'cargo-1.86.0-x86_64-unknown-linux-gnu.tar.gz',
      'rust-std-1.86.0-x86_64-unknown-linux-gnu.tar.gz',
      'clippy-1.86.0-x86_64-unknown-linux-gnu.tar.gz',
      'rustfmt-1.86.0-x86_64-unknown-linux-gnu.tar.gz',
    ]);
    expect(names('darwin-arm64')?.some((name) => name?.startsWith('clippy'))).toBe(false);
  });

  test('what was asked for beside, once', async () => {
    const options = { components: ['clippy', 'rust-src', 'rustc'], targets: ['wasm32-unknown-unknown'] };
    const { names } = await find(fakeUpstream(published), '1.86', options);
    expect(names('linux-x64')?.slice(5)).toEqual([
      'rust-src-1.86.0.tar.gz',
      'rust-std-1.86.0-wasm32-unknown-unknown.tar.gz',
    ]);
    // clippy was asked for, and is not there for macOS: a gap, not a smaller toolchain.
    expect(names('darwin-arm64')).toBeUndefined();
  });

  test('exactly the profile that was named', async () => {
    const { names } = await find(fakeUpstream(published), '1.86', { profile: ['minimal'] });
    expect(names('linux-x64')?.length).toBe(3);
    const unknown = find(fakeUpstream(published), '1.86', { profile: ['huge'] });
    await expect(unknown).rejects.toMatchObject({ code: 'request-unsupported', hint: 'profiles: minimal, default' });
  });

  test('names the component that a nightly lacks, and takes no other day for it', async () => {
    const lacking = find(fakeUpstream(published), 'nightly', { components: ['miri'] });
    await expect(lacking).rejects.toThrow('rust nightly-2025-06-02 has no miri for x86_64-unknown-linux-gnu');
    const target = find(fakeUpstream(published), '1.86', { targets: ['mips-unknown-none'] });
    await expect(target).rejects.toMatchObject({ code: 'version-not-found' });
  });

  test('a host that was named replaces the platform’s own', async () => {
    const manifest = published.files[`${DIST}/channel-rust-1.86.0.toml`]?.toString() ?? '';
    const gnu = manifest.replaceAll('aarch64-apple-darwin', 'x86_64-pc-windows-gnu');
    const upstream = fakeUpstream(
      { files: { [`${DIST}/channel-rust-1.86.0.toml`]: gnu } },
      { platform: 'windows-x64' },
    );
    const { artifacts, release } = await find(upstream, '1.86.0-x86_64-pc-windows-gnu');
    expect(artifacts.map(({ platform }) => platform)).toEqual(['windows-x64']);
    expect(release.variant).toBe('x86_64-pc-windows-gnu');
    expect(artifacts[0]?.parts.map(({ at }) => at.split('/').at(-1))).toContain(
      'rust-mingw-1.86.0-x86_64-pc-windows-gnu.tar.gz',
    );
  });
});

describe('which manifest', () => {
  test('a manifest that is not there leads to the list of all, for what does exist', async () => {
    const releases = await official.releases(fakeUpstream(published), asked('1.85'));
    expect(selectRelease(runtime, asked('1.85'), releases)?.version).toBe('1.85.1');
    expect(releases.filter(({ channel }) => channel === 'nightly').map(({ version }) => version)).toEqual([
      'nightly-2025-06-02',
      'nightly-2025-06-01',
    ]);
    expect(await official.releases(fakeUpstream(published), asked('1.99.0'))).not.toEqual([]);
  });

  test('a mirror without the list is no obstacle, and a fixed request does not ask for it', async () => {
    const { 'https://static.rust-lang.org/manifests.txt': _, ...files } = published.files;
    expect((await find(fakeUpstream({ files }), 'stable')).release.version).toBe('1.86.0');
    const upstream = fakeUpstream(published);
    await find(upstream, '1.86.0');
    expect(new Set(upstream.asked)).toEqual(new Set([`${DIST}/channel-rust-1.86.0.toml`]));
  });

  test('one that names archives of another place is not believed', async () => {
    const url = `${DIST}/channel-rust-1.86.0.toml`;
    const manifest = published.files[url]?.toString() ?? '';
    for (const elsewhere of ['https://evil.test/dist', `${DIST}/..`]) {
      const files = { [url]: manifest.replaceAll(`url = "${DIST}`, `url = "${elsewhere}`) };
      await expect(find(fakeUpstream({ files }), '1.86.0')).rejects.toMatchObject({ code: 'upstream-malformed' });
    }
    const future = { [url]: manifest.replace('manifest-version = "2"', 'manifest-version = "3"') };
    await expect(find(fakeUpstream({ files: future }), '1.86.0')).rejects.toMatchObject({ code: 'upstream-malformed' });
  });
});

test.each([
  ['clippy-1.86.0-x86_64-unknown-linux-gnu', 'clippy-preview'],
  ['rust-std-1.86.0-wasm32-unknown-unknown', 'rust-std-wasm32-unknown-unknown'],
  ['rust-docs-1.86.0-aarch64-apple-darwin', 'rust-docs'],
  ['rust-analyzer-1.86.0-x86_64-unknown-linux-gnu', 'rust-analyzer-preview'],
  ['rust-src-1.86.0', 'rust-src'],
])('%s is taken from its folder %s', (name, folder) => {
  const claim = {
    version: '1.86.0' as Version,
    platform: 'linux-x64' as const,
    at: `${DIST}/2025-04-03/${name}.tar.gz`,
  };
  expect(official.owns(claim)).toEqual({ format: 'tar.gz', root: `${name}/${folder}`, skip: ['manifest.in'] });
});

test('cargo installs into the project, and finds rustup’s proxies last', () => {
  const tree = {
    version: '1.86.0' as Version,
    platform: 'linux-x64' as const,
    has: () => true,
    list: () => ['cargo', 'ls'],
  };
  const place = { toolchain: '/s/x', home: '/h', project: '/p', personHome: '/home/person' };
  const layout = runtime.layout(tree, { ...place, isolation: 'default', env: { CARGO_HOME: '/data/cargo' } });
  expect(layout.commands).toEqual({ cargo: 'bin/cargo' });
  expect(layout.variables).toEqual([
    { op: 'default', name: 'CARGO_INSTALL_ROOT', value: '/h/install' },
    { op: 'unset', name: 'RUSTUP_TOOLCHAIN' },
    { op: 'default', name: 'RUSTC' },
    { op: 'default', name: 'RUSTDOC' },
    { op: 'append', name: 'PATH', value: '/data/cargo/bin' },
  ]);
});

test.for([
  ['1.86.0', 'rust/channel-rust-1.86.0.trimmed.toml', 8],
  ['1.95.0', 'rust/channel-rust-1.95.0.trimmed.toml', 8],
] as const)('the recorded manifest of %s', async ([version, file, platforms], { skip }) => {
  const text = recorded(file) ?? skip(NOT_HERE);
  const upstream = fakeUpstream({ files: { [`${DIST}/channel-rust-${version}.toml`]: text } });
  const options = { components: ['rust-docs', 'rust-src'], targets: [] };
  const { release, artifacts, names } = await find(upstream, version);
  expect(release).toMatchObject({ version, channel: 'stable' });
  expect(artifacts.length).toBe(platforms);
  expect(names('linux-x64')?.length).toBe(5);
  const wide = await find(upstream, version, options);
  for (const { platform, parts } of wide.artifacts) {
    for (const { at } of parts) expect(official.owns({ version: release.version, platform, at }), at).toBeDefined();
  }
});
