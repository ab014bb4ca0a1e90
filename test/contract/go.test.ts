import { describe, expect, test } from 'vitest';
import { runtime } from '../../runtimes/go';
import type { Source } from '../../src/domain/runtime/runtime';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { published } from '../fixtures/upstreams/go';
import { fakeUpstream } from '../support/fake-upstream';
import { NOT_HERE, recorded } from '../support/recorded';

const [official, proxied] = runtime.sources as [Source, Source];
const asked = (text: string) => parseToolRequest(`go@${text}`, () => runtime);
const INDEX = 'https://go.dev/dl/?mode=json&include=all';

describe('go.dev', () => {
  test('is sorted here, as it is not there, and rows that cannot be read are left out', async () => {
    const releases = await official.releases(fakeUpstream(published), asked('latest'));
    expect(releases.map(({ version }) => version)).toEqual(['1.25rc1', '1.24.3', '1.24.2', '1.20', '1.9.2rc2', '1']);
    expect(releases[0]?.prerelease).toBe(true);
  });

  test('takes archives, not installers or sources', async () => {
    const [release] = (await official.releases(fakeUpstream(published), asked('1.24.3'))).filter(
      ({ version }) => version === '1.24.3',
    );
    if (release === undefined) throw new Error('the fixture has 1.24.3');
    const artifacts = await official.artifacts(fakeUpstream(published), release, asked('1.24.3'));
    for (const { parts } of artifacts)
      expect(parts[0].at).toMatch(/^https:\/\/go\.dev\/dl\/go1\.24\.3\.[a-z0-9-]+\.(tar\.gz|zip)$/);
  });

  test('the whole index of 2020', async ({ skip }) => {
    const files = { [INDEX]: recorded('go/go-dl.include-all.2020.setup-go-fixture.json') ?? skip(NOT_HERE) };
    const releases = await official.releases(fakeUpstream({ files }), asked('latest'));
    expect(releases.length).toBe(91);
    const pick = (text: string) => selectRelease(runtime, asked(text), releases);
    expect([
      pick('latest')?.version,
      pick('oldstable')?.version,
      pick('1.9')?.version,
      pick('1.14rc1')?.version,
    ]).toEqual(['1.13.7', '1.12.16', '1.9.7', '1.14rc1']);
    const release = pick('1.13.7');
    const artifacts = release && (await official.artifacts(fakeUpstream({ files }), release, asked('1.13.7')));
    expect(artifacts?.map(({ platform }) => platform)).toEqual([
      'linux-x64',
      'linux-arm64',
      'darwin-x64',
      'windows-x64',
    ]);
  });
});

test('is offered for musl from the first release on whose programs are static', () => {
  const owns = (version: string) =>
    official.owns({
      version: version as Version,
      platform: 'linux-x64-musl',
      at: `https://go.dev/dl/go${version}.linux-amd64.tar.gz`,
    });
  expect([owns('1.21.0') === undefined, owns('1.20.14') === undefined]).toEqual([false, true]);
});

describe('the module proxy', () => {
  const versions = async (text: string, from = published.goproxy) => {
    const upstream = fakeUpstream({ files: {}, ...(from && { goproxy: from }) });
    const releases = await proxied.releases(upstream, asked(text));
    return { found: releases.map(({ version }) => version), asked: upstream.asked };
  };
  const proxy = (listed: readonly string[], there: readonly string[]) => ({
    module: 'golang.org/toolchain',
    listed: listed.map((version) => `v0.0.1-go${version}.linux-amd64`),
    versions: Object.fromEntries(there.map((version) => [`v0.0.1-go${version}.linux-amd64`, 'x'])),
  });

  test('follows a line patch by patch, past what anybody listed, until one is not there', async () => {
    const { found, asked } = await versions('1.24');
    expect(found.filter((version) => version.startsWith('1.24'))).toEqual(['1.24.4', '1.24.3', '1.24.2', '1.24.0']);
    expect(asked.at(-1)).toBe('goproxy:golang.org/toolchain@v0.0.1-go1.24.5.linux-amd64');
  });

  test('finds a line that nobody listed', async () => {
    expect((await versions('1.26', proxy(['1.24.0'], ['1.24.0', '1.26.0', '1.26.1']))).found).toContain('1.26.1');
    expect((await versions('latest', proxy(['1.24.0'], ['1.24.0', '1.25.0', '1.25.1']))).found[0]).toBe('1.25.1');
  });

  test('steps back where the newest is there for other platforms only', async () => {
    const from = { ...proxy([], ['1.24.1']), listed: ['v0.0.1-go1.24.3.darwin-arm64'] };
    expect((await versions('1.24', from)).found).toEqual(['1.24.1']);
  });

  test('asks for an exact version alone, and never for lines before the first', async () => {
    const exact = await versions('1.24.3');
    expect(exact.found).toContain('1.24.3');
    expect(exact.asked).toEqual(['goproxy:golang.org/toolchain@v0.0.1-go1.24.3.linux-amd64']);
    expect((await versions('1.24.0')).asked).toEqual([]);
    expect((await versions('1.19')).asked).toEqual([]);
  });

  test('is unpacked as the go command does it', () => {
    const version = '1.24.3' as Version;
    const at = 'goproxy:golang.org/toolchain@v0.0.1-go1.24.3.linux-amd64';
    const recipe = proxied.owns({ version, platform: 'linux-x64', at });
    expect(recipe).toEqual({
      format: 'zip',
      root: 'golang.org/toolchain@v0.0.1-go1.24.3.linux-amd64',
      executables: ['bin/**', 'pkg/tool/**', 'lib/**/go_*_*_exec'],
      copies: [{ from: '_go.mod', to: 'go.mod' }],
    });
    expect(proxied.owns({ version, platform: 'linux-x64-musl', at })).toEqual(recipe);
    expect(proxied.owns({ version, platform: 'linux-x64', at: at.replace('toolchain@', 'tool@') })).toBeUndefined();
  });
});

test.each([
  [{}, '/home/person/go/pkg/mod'],
  [{ GOPATH: '/data/go:/other' }, '/data/go/pkg/mod'],
  [{ GOPATH: '/data/go', GOMODCACHE: '/cache/mod' }, '/cache/mod'],
])('the module cache stays the person’s (%o) while GOPATH is the project’s', (env, cache) => {
  const place = { toolchain: '/s/go', home: '/h', project: '/p', personHome: '/home/person', env };
  const tree = {
    version: '1.24.3' as Version,
    platform: 'linux-x64' as const,
    has: () => true,
    list: () => ['go', 'gofmt'],
  };
  expect(runtime.layout(tree, { ...place, isolation: 'default' }).variables).toEqual([
    { op: 'set', name: 'GOROOT', value: '/s/go' },
    { op: 'default', name: 'GOTOOLCHAIN', value: 'local' },
    { op: 'default', name: 'GOPATH', value: '/h/gopath' },
    { op: 'default', name: 'GOBIN' },
    { op: 'default', name: 'GOMODCACHE', value: cache, after: ['GOPATH'] },
  ]);
});
