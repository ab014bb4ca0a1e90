import { describe, expect, test } from 'vitest';
import { runtime } from '../../runtimes/rust';
import type { Source } from '../../src/domain/runtime/runtime';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { fakeUpstream } from '../support/fake-upstream';

const [official] = runtime.sources as [Source];
const DIST = 'https://static.rust-lang.org/dist';
const HOST = 'x86_64-unknown-linux-gnu';
const asked = (text: string) => parseToolRequest(`rust@${text}`, () => runtime);

/** A manifest as they were before profiles: `file` names each component's archive without its end. */
function manifest(version: string, day: string, components: Readonly<Record<string, string | undefined>>): string {
  const rows = Object.entries(components).map(([name, file]) => {
    const url = `${file?.startsWith('https') ? file : `${DIST}/${day}/${file}`}-${HOST}.tar`;
    const hash = 'a'.repeat(64);
    const said =
      file === undefined
        ? 'available = false'
        : `available = true\nurl = "${url}.gz"\nhash = "${hash}"\nxz_url = "${url}.xz"\nxz_hash = "${hash}"`;
    return `[pkg.${name}]\nversion = "x"\n[pkg.${name}.target.${HOST}]\n${said}\n`;
  });
  const head = `manifest-version = "2"\ndate = "${day}"\n[pkg.rust]\nversion = "${version} (abc ${day})"\n`;
  return `${head}${rows.join('')}[renames]\nclippy = { to = "clippy-preview" }\n`;
}

const OLD = {
  rustc: 'rustc-1.31.1',
  cargo: 'cargo-0.32.0',
  'rust-std': 'rust-std-1.31.1',
  'clippy-preview': 'clippy-0.0.212',
  'rustfmt-preview': 'rustfmt-1.0.0',
  'rls-preview': undefined,
};

const named = (version: string) => ({
  rustc: `rustc-${version}`,
  'rust-std': `rust-std-${version}`,
  'clippy-preview': undefined,
  'rustfmt-preview': undefined,
});

describe("Rust's history", () => {
  test('components had numbers of their own, and previews their longer names', async () => {
    const text = manifest('1.31.1', '2018-12-20', OLD);
    const files = { [`${DIST}/channel-rust-1.31.toml`]: text, [`${DIST}/channel-rust-1.31.1.toml`]: text };
    const upstream = fakeUpstream({ files });
    const request = asked('1.31');
    const release = selectRelease(runtime, request, await official.releases(upstream, request));
    expect(release?.version).toBe('1.31.1');
    const [artifact] = await official.artifacts(upstream, release as never, request);
    expect(artifact?.parts.map(({ at, smaller }) => [at.split('/').pop(), smaller?.at.endsWith('.tar.xz')])).toEqual(
      ['rustc-1.31.1', 'cargo-0.32.0', 'rust-std-1.31.1', 'clippy-0.0.212', 'rustfmt-1.0.0'].map((name) => [
        `${name}-${HOST}.tar.gz`,
        true,
      ]),
    );
    const clippy = official.owns({
      version: '1.31.1' as Version,
      platform: 'linux-x64',
      at: `${DIST}/2018-12-20/clippy-0.0.212-${HOST}.tar.xz`,
    });
    expect(clippy).toEqual({ format: 'tar.xz', root: `clippy-0.0.212-${HOST}/clippy-preview`, skip: ['manifest.in'] });
  });

  test('a line without a manifest of its own is followed number by number, where there is no list', async () => {
    const files = Object.fromEntries(
      ['1.8.0', '1.8.1'].map((version) => [
        `${DIST}/channel-rust-${version}.toml`,
        manifest(version, '2016-04-12', { ...OLD, cargo: undefined }),
      ]),
    );
    const upstream = fakeUpstream({ files });
    const request = asked('1.8');
    const releases = await official.releases(upstream, request);
    expect(releases.map(({ version }) => version)).toEqual(['1.8.1', '1.8.0']);
    await expect(official.artifacts(upstream, releases[0] as never, request)).rejects.toMatchObject({
      code: 'version-not-found',
      message: `rust 1.8.1 has no cargo for ${HOST}`,
    });
  });

  test('the first ones name a nightly of cargo beside dist, or none at all', async () => {
    const { cargo: _, ...bare } = OLD;
    const nightly = 'https://static.rust-lang.org/cargo-dist/2016-05-20/cargo-nightly';
    const files = {
      [`${DIST}/channel-rust-1.10.0.toml`]: manifest('1.10.0', '2016-07-07', { ...named('1.10.0'), cargo: nightly }),
      [`${DIST}/channel-rust-1.8.0.toml`]: manifest('1.8.0', '2016-04-12', { ...bare, ...named('1.8.0') }),
    };
    const upstream = fakeUpstream({ files });
    const partsOf = async (version: string) => {
      const request = asked(version);
      const [release] = await official.releases(upstream, request);
      const [artifact] = await official.artifacts(upstream, release as never, request);
      return artifact?.parts.map(({ at }) => at.split('/').slice(-3).join('/'));
    };
    expect(await partsOf('1.10.0')).toContain(`cargo-dist/2016-05-20/cargo-nightly-${HOST}.tar.gz`);
    expect(await partsOf('1.8.0')).toEqual(
      ['rustc-1.8.0', 'rust-std-1.8.0'].map((name) => `dist/2016-04-12/${name}-${HOST}.tar.gz`),
    );
    const recipe = (version: string, host = HOST) =>
      official.owns({ version: version as Version, platform: 'linux-x64', at: `${nightly}-${host}.tar.gz` });
    expect(recipe('1.10.0')).toEqual({ format: 'tar.gz', root: `cargo-nightly-${HOST}/cargo`, skip: ['manifest.in'] });
    expect(recipe('1.17.0')).toBeUndefined();
    expect(recipe('1.10.0', 'aarch64-unknown-linux-gnu')).toBeUndefined();
  });

  test.each([
    ['1.47.0', 'cargo-0.48.0', true],
    ['1.47.0', 'cargo-0.47.0', false],
    ['1.48.0', 'cargo-0.49.0', false],
    ['1.48.0', 'cargo-1.48.0', true],
    ['1.31.0', 'rustc-1.30.0', false],
    ['1.31.0', 'rust-std-0.1.0', false],
    ['1.31.0', 'clippy-0.0.212', true],
    ['1.60.0', 'clippy-0.0.212', false],
  ])('%s has %s: %s', (version, name, owned) => {
    const at = `${DIST}/2018-12-06/${name}-${HOST}.tar.gz`;
    expect(official.owns({ version: version as Version, platform: 'linux-x64', at }) !== undefined).toBe(owned);
  });
});
