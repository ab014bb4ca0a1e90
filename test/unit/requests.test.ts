import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pickCandidate } from '../../src/domain/runtime/candidates';
import type { Release } from '../../src/domain/versions/release';
import type { ToolRequest } from '../../src/domain/versions/request';
import type { VersionScheme } from '../../src/domain/versions/scheme';
import { nearestReleases, selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { PolyenvError } from '../../src/domain/words/errors';
import { goScheme, javaScheme, npmScheme, pep440Scheme, rustScheme } from '../../src/kit';
import { processorTime } from '../support/processor-time';
import { fc } from '../support/seed';

interface Tool {
  readonly id: string;
  readonly scheme: VersionScheme;
  readonly sources?: readonly { readonly vendors?: readonly string[] }[];
}

const TOOLS = {
  node: { id: 'node', scheme: npmScheme },
  python: { id: 'python', scheme: pep440Scheme },
  go: { id: 'go', scheme: goScheme },
  rust: { id: 'rust', scheme: rustScheme },
  java: { id: 'java', scheme: javaScheme, sources: [{ vendors: ['temurin'] }] },
} satisfies Record<string, Tool>;

type ToolName = keyof typeof TOOLS;

function toolOf(name: string): Tool {
  return TOOLS[(name === 'any' ? 'node' : name) as ToolName];
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return 'none';
  } catch (error) {
    if (error instanceof PolyenvError) return error.code;
    throw error;
  }
}

/** The version chosen, or the code of the error. */
function pick(tool: string, request: string, versions: readonly string[], more: Record<string, unknown> = {}): string {
  let picked = '';
  const code = codeOf(() => {
    const content = JSON.stringify({ versions, ...more });
    picked = pickCandidate(toolOf(tool), `${tool}@${request}`, { content, file: 'versions.json' });
  });
  return code === 'none' ? picked : code;
}

function ask(tool: ToolName, text: string): ToolRequest {
  return parseToolRequest(`${tool}@${text}`, () => TOOLS[tool]);
}

const shared = fileURLToPath(new URL('../../../shared/conformance/version-requests.json', import.meta.url));

interface Expected {
  readonly pick?: string | null;
  readonly pick_in?: readonly string[];
  readonly error?: string;
  readonly parse?: Readonly<Record<string, unknown>>;
  readonly valid?: boolean;
}

interface Case {
  readonly id: string;
  readonly tool: string;
  readonly request: string;
  readonly available: readonly string[] | null;
  readonly expect: Expected;
  readonly tier: 'must' | 'owner' | 'choice';
  readonly lts?: Readonly<Record<string, string>>;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly alternatives?: readonly { readonly expect: Expected }[];
}

/** Whether the case holds, and what came out. */
function judge(one: Case): { readonly holds: boolean; readonly outcome: string } {
  const { lts, aliases } = one;
  const outcome = pick(one.tool, one.request, one.available ?? [], {
    ...(lts && { lts }),
    ...(aliases && { aliases }),
  });
  const refused = ['request-invalid', 'request-unsupported'].includes(outcome);
  const holds = [one.expect, ...(one.alternatives ?? []).map((alternative) => alternative.expect)].some((expected) => {
    if (expected.pick === null) return outcome === 'version-not-found';
    if (expected.pick !== undefined) return outcome === expected.pick;
    if (expected.pick_in !== undefined) return expected.pick_in.includes(outcome);
    if (expected.error !== undefined) return refused || outcome === 'version-not-found';
    if (expected.valid !== undefined) return expected.valid === !refused;
    return !refused && agrees(one, expected.parse ?? {});
  });
  return { holds, outcome };
}

/** The structural reading, for the keys that are modelled. */
function agrees({ tool, request }: Case, parse: Readonly<Record<string, unknown>>): boolean {
  const { version, variant, vendor } = toolOf(tool).scheme.request(request);
  if ('freethreaded' in parse && (variant === 'freethreaded') !== parse.freethreaded) return false;
  if ('vendor' in parse && (vendor ?? null) !== parse.vendor) return false;
  if ('stable' in parse && (version.kind === 'channel') === parse.stable) return false;
  if ('floating' in parse && (version.kind !== 'exact') !== parse.floating) return false;
  if ('target' in parse && (variant ?? null) !== parse.target) return false;
  if ('major' in parse && version.kind === 'prefix') {
    const { major, minor, patch } = parse;
    return version.numbers.join('.') === [major, minor, patch].filter((part) => part !== undefined).join('.');
  }
  return true;
}

describe.skipIf(!existsSync(shared))('the shared cases (skipped where ../shared is absent)', () => {
  const cases = existsSync(shared) ? (JSON.parse(readFileSync(shared, 'utf8')) as Case[]) : [];

  test.each(['must', 'choice'] as const)('every case of tier %s holds', (tier) => {
    const wrong = cases
      .filter((one) => one.tier === tier)
      .map((one) => ({ one, ...judge(one) }))
      .filter(({ holds }) => !holds)
      .map(({ one, outcome }) => `${one.id}: ${JSON.stringify(one.request)} gave ${outcome}`);
    expect(wrong).toEqual([]);
  });

  test('every case of tier owner holds', () => {
    const owner = cases.filter((one) => one.tier === 'owner').map((one) => ({ one, ...judge(one) }));
    const wrong = owner.filter(({ holds }) => !holds).map(({ one, outcome }) => `${one.id} gave ${outcome}`);
    expect(wrong.length, wrong.join('; ')).toBe(0);
  });
});

const NODE = ['22.0.0', '20.9.0', '20.11.1', '20.2.0', '18.20.1', '19.9.0', '22.1.0-rc.1', '23.0.0-nightly20240901ab'];
const NODE_LTS = { '20.9.0': 'Iron', '20.11.1': 'Iron', '18.20.1': 'Hydrogen' };

describe('node', () => {
  test.each([
    ['20', '20.11.1'],
    ['v20', '20.11.1'],
    ['V20', '20.11.1'],
    ['20.x', '20.11.1'],
    ['20.9.*', '20.9.0'],
    ['20.9', '20.9.0'],
    ['20.9.0', '20.9.0'],
    ['=20.9.0', '20.9.0'],
    ['latest', '22.0.0'],
    ['Node', '22.0.0'],
    ['current', '22.0.0'],
    ['stable', '22.0.0'],
    ['*', '22.0.0'],
    ['lts', '20.11.1'],
    ['LTS/*', '20.11.1'],
    ['lts/iron', '20.11.1'],
    ['lts-hydrogen', '18.20.1'],
    ['Hydrogen', '18.20.1'],
    ['lts/-1', '18.20.1'],
    ['lts/-2', 'version-not-found'],
    ['lts/-0', 'request-invalid'],
    ['lts/', 'request-invalid'],
    ['>=18 <20', '19.9.0'],
    ['18 || 20', '20.11.1'],
    ['18 - 19', '19.9.0'],
    ['~20.2', '20.2.0'],
    ['22.1', 'version-not-found'],
    ['22.1.0-rc.1', '22.1.0-rc.1'],
    ['>=22.1.0-rc.0', '22.1.0-rc.1'],
    ['>=22.1', 'version-not-found'],
    ['rc', '22.1.0-rc.1'],
    ['22-rc', '22.1.0-rc.1'],
    ['nightly/v23', '23.0.0-nightly20240901ab'],
    ['v8-canary', 'version-not-found'],
    ['rc/soon', 'request-invalid'],
    ['beta/20', 'request-invalid'],
    ['>=18 latest', 'request-invalid'],
    ['>=18 <', 'request-invalid'],
    ['18.', 'request-invalid'],
    ['018', 'request-invalid'],
    ['99999999999999999999.1', 'request-invalid'],
    ['prefix:18', '18.20.1'],
    ['latest:18', '18.20.1'],
    ['sub-1:latest', 'request-unsupported'],
    ['ref:main', 'request-unsupported'],
    ['path:/opt/node', 'request-unsupported'],
    ['tag:v20', 'request-unsupported'],
    ['iojs-v3', 'request-unsupported'],
    ['default', 'request-unsupported'],
    ['unstable', 'request-unsupported'],
    ['mine', 'version-not-found'],
    ['system', 'version-not-found'],
  ])('%s means %s', (request, expected) => {
    expect(pick('node', request, NODE, { lts: NODE_LTS })).toBe(expected);
  });

  test('build metadata counts only where it was asked for', () => {
    expect(pick('node', '1.2.3', ['1.2.3+b'])).toBe('1.2.3+b');
    expect(pick('node', '1.2.3+a', ['1.2.3+b'])).toBe('version-not-found');
  });
});

const PYTHON = ['3.12.1', '3.13.0', '3.13.1t', '3.13.1', '3.14.0rc3', '3.14.0rc3t', '3.10.0', '3.9.1.post1', '2.7.18'];

describe('python', () => {
  test.each([
    ['3', '3.13.1'],
    ['3.13', '3.13.1'],
    ['3.13.x', '3.13.1'],
    ['3.13.*', '3.13.1'],
    ['313', '3.13.1'],
    ['cp312', '3.12.1'],
    ['cpython@3.12', '3.12.1'],
    ['cpython-3.12', '3.12.1'],
    ['python3.12', '3.12.1'],
    ['313t', '3.13.1t'],
    ['3.13+freethreaded', '3.13.1t'],
    ['3.10t', 'version-not-found'],
    ['3.13tt', 'request-invalid'],
    ['3.13d', 'request-unsupported'],
    ['pypy3.10', 'request-unsupported'],
    ['pypy@3.10', 'request-unsupported'],
    ['pp310', 'request-unsupported'],
    ['graalpy-24.1', 'request-unsupported'],
    ['mambaforge-22.9', 'request-unsupported'],
    ['3.14', 'version-not-found'],
    ['3.14-dev', '3.14.0rc3'],
    ['3.14t-dev', '3.14.0rc3t'],
    ['3.14rc3', '3.14.0rc3'],
    ['3.14.0-rc.3', '3.14.0rc3'],
    ['cpython-3.13.1+freethreaded-linux-x86_64-gnu', '3.13.1t'],
    ['cpython-3.13.0-macos-aarch64-none', '3.13.0'],
    ['cpython-3.12-linux', '3.12.1'],
    ['>=3.14', 'version-not-found'],
    ['<=3.14,>3.13.1', '3.14.0rc3'],
    ['<3.15,>=3.14.0.dev0', '3.14.0rc3'],
    ['<3.14,>3.13.1', 'version-not-found'],
    ['>=3.14.0a1', '3.14.0rc3'],
    ['!=3.14.0rc1', '3.13.1'],
    ['>=3.10,<3.13', '3.12.1'],
    ['>= 3.10 , < 3.13', '3.12.1'],
    ['>=3.10 <3.13', '3.12.1'],
    ['>=3.10,<3.14t', '3.13.1t'],
    ['~=3.12', '3.13.1'],
    ['~=3.12.0', '3.12.1'],
    ['~=3', 'request-invalid'],
    ['==3.13', '3.13.0'],
    ['==3.13.*', '3.13.1'],
    ['!=3.13.*', '3.12.1'],
    ['===3.13.0', '3.13.0'],
    ['===3.13', 'version-not-found'],
    ['>3.9.1,<3.10', 'version-not-found'],
    ['>=3.9.1,<3.10', '3.9.1.post1'],
    ['<3', '2.7.18'],
    ['<1!0', '3.13.1'],
    ['>=1!3', 'version-not-found'],
    ['^3.9', '3.13.1'],
    ['~3.12', '3.12.1'],
    ['3.9 || 3.12', '3.12.1'],
    ['latest', '3.13.1'],
    ['3.13.1.1', 'request-invalid'],
    ['3.13.post1', 'request-invalid'],
    ['>=3.13,oops', 'request-invalid'],
    ['>>3', 'request-invalid'],
    ['==3.*.1', 'request-invalid'],
    ['31000', 'request-invalid'],
  ])('%s means %s', (request, expected) => {
    expect(pick('python', request, PYTHON)).toBe(expected);
  });

  test("versions have PEP 440's normal form and order", () => {
    const inOrder = [
      '1.0.dev4',
      '1a1.dev1',
      '1.0-alpha.1',
      '1b2',
      '1.0c1',
      '1.0',
      '1.0+a',
      '1.0+1',
      '1.0.post1.dev1',
      '1.0-1',
    ];
    const read = inOrder.map((text) => pep440Scheme.version(text));
    expect(read).toEqual([
      '1.0.dev4',
      '1a1.dev1',
      '1.0a1',
      '1b2',
      '1.0rc1',
      '1.0',
      '1.0+a',
      '1.0+1',
      '1.0.post1.dev1',
      '1.0.post1',
    ]);
    const versions = read as Version[];
    expect([...versions].reverse().sort(pep440Scheme.compare)).toEqual(versions);
    expect(pep440Scheme.version('1!1.0')).toBe('1_1.0');
    expect(pep440Scheme.compare('1_1.0' as Version, '2.0' as Version)).toBeGreaterThan(0);
  });
});

const GO = ['1.13', '1.13.5', '1.14rc1', '1.20', '1.21.0', '1.21rc2', '1.21.5', '1.22beta1', '1.22rc1'];

describe('go', () => {
  test.each([
    ['1', '1.21.5'],
    ['1.13', '1.13.5'],
    ['go1.13', '1.13.5'],
    ['1.13.0', '1.13'],
    ['1.20.0', '1.20'],
    ['1.21.0', '1.21.0'],
    ['1.21.x', '1.21.5'],
    ['1.14', 'version-not-found'],
    ['1.14rc1', '1.14rc1'],
    ['go1.14rc1', '1.14rc1'],
    ['1.14.0-rc.1', '1.14rc1'],
    ['1.22', 'version-not-found'],
    ['latest', '1.21.5'],
    ['stable', '1.21.5'],
    ['oldstable', '1.20'],
    ['>=1.20', '1.21.5'],
    ['>=go1.20 <go1.21', '1.20'],
    ['~1.21.0', '1.21.5'],
    ['^1.13', '1.21.5'],
    ['>=1.22beta1', '1.22rc1'],
    ['gotip', 'request-unsupported'],
    ['1.21.0-x', 'request-invalid'],
    ['1.22rc', 'request-invalid'],
    ['1.2.3.4', 'request-invalid'],
  ])('%s means %s', (request, expected) => {
    expect(pick('go', request, GO)).toBe(expected);
  });
});

const RUST = ['1.87.0', '1.88.0', '1.88.1', '1.89.0-beta.1', '1.89.0-beta.10', '1.89.0-beta.9', 'nightly-2025-06-01'];
const LISTING = [
  'stable 1.1.0 2020-01-02',
  'beta 1.2.0 2020-01-02',
  'nightly 1.3.0 2020-01-02 (ab12)',
  'beta 1.1.0 2020-01-01',
];

describe('rust', () => {
  test.each([
    ['1', '1.88.1'],
    ['1.88', '1.88.1'],
    ['1.88.0', '1.88.0'],
    ['1.89', 'version-not-found'],
    ['1.89-beta', '1.89.0-beta.10'],
    ['1.89.0-beta', '1.89.0-beta.10'],
    ['1.89.0-beta.9', '1.89.0-beta.9'],
    ['beta', '1.89.0-beta.10'],
    ['stable', '1.88.1'],
    ['latest', '1.88.1'],
    ['nightly', 'nightly-2025-06-01'],
    ['nightly-2025-06-01', 'nightly-2025-06-01'],
    ['nightly-2025-06-02', 'version-not-found'],
    ['1.88-x86_64-pc-windows-gnu', 'version-not-found'],
    ['^1.88', 'request-invalid'],
    ['>=1.88', 'request-invalid'],
    ['1.088', 'request-invalid'],
    ['1.88.', 'request-invalid'],
    ['stable-', 'request-invalid'],
    ['mine', 'request-invalid'],
  ])('%s means %s', (request, expected) => {
    expect(pick('rust', request, RUST)).toBe(expected);
  });

  test.each([
    ['stable', '1.1.0'],
    ['beta', '1.2.0'],
    ['beta-2020-01-01', '1.1.0'],
    ['nightly-2020-01-02', '1.3.0 (ab12)'],
    ['nightly-2020-01-01', 'version-not-found'],
    ['1.2', 'version-not-found'],
  ])('%s in the listing of a distribution server means %s', (request, expected) => {
    expect(pick('rust', request, LISTING)).toBe(expected);
  });

  test('a host behind the channel is the variant', () => {
    expect(ask('rust', 'nightly-2025-06-01-aarch64-apple-darwin')).toMatchObject({
      version: { kind: 'channel', name: 'nightly-2025-06-01' },
      variant: 'aarch64-apple-darwin',
    });
  });
});

const JAVA = [
  'temurin-21.0.9+11',
  'temurin-21.0.10+7',
  'temurin-25.0.1+9',
  'zulu-21.0.12',
  '21.0.2+13',
  '8u412-b08',
  '17.0.4+8',
  '17.0.4+101',
  '27-ea+32',
  'temurin-jre-21.0.11+3',
  '21+35',
];

describe('java', () => {
  test.each([
    ['21', 'temurin-21.0.10+7'],
    ['temurin-21', 'temurin-21.0.10+7'],
    ['temurin@21', 'temurin-21.0.10+7'],
    ['21-tem', 'temurin-21.0.10+7'],
    ['adoptopenjdk-21', 'temurin-21.0.10+7'],
    ['temurin', 'temurin-25.0.1+9'],
    ['temurin-', 'request-invalid'],
    ['temurin-jre-21', 'temurin-jre-21.0.11+3'],
    ['zulu-21', 'zulu-21.0.12'],
    ['corretto-21', 'version-not-found'],
    ['21.0.2', '21.0.2+13'],
    ['21.0.2+13', '21.0.2+13'],
    ['21.0.2+1', 'version-not-found'],
    ['21.0.2+13.0.LTS', '21.0.2+13'],
    ['21.0.2+13-LTS', '21.0.2+13'],
    ['jdk-21.0.2+13', '21.0.2+13'],
    ['21.0.0+35', '21+35'],
    ['8', '8u412-b08'],
    ['1.8', '8u412-b08'],
    ['8u412', '8u412-b08'],
    ['8u412-b08', '8u412-b08'],
    ['1.8.0_412-b08', '8u412-b08'],
    ['8.0.412+8', '8u412-b08'],
    ['17.0.4', '17.0.4+101'],
    ['17.0.4.1', '17.0.4+101'],
    ['17.0.4.1+1', '17.0.4+101'],
    ['17.0.4+8', '17.0.4+8'],
    ['27', 'version-not-found'],
    ['27-ea', '27-ea+32'],
    ['27-ea+32', '27-ea+32'],
    ['lts', 'temurin-25.0.1+9'],
    ['lts/-1', 'temurin-21.0.10+7'],
    ['temurin-lts', 'temurin-25.0.1+9'],
    ['LATEST', 'temurin-25.0.1+9'],
    ['21.x', 'temurin-21.0.10+7'],
    ['>=17 <22', 'temurin-21.0.10+7'],
    ['^temurin-21.0.2', 'temurin-21.0.10+7'],
    ['temurin-17 || temurin-21', 'temurin-21.0.10+7'],
    ['temurin-8 || zulu-21', 'version-not-found'],
    ['11g', 'request-invalid'],
    ['21.0.5-unknown', 'request-invalid'],
    ['latest-ea', 'request-invalid'],
    ['>=17 || ', 'request-invalid'],
  ])('%s means %s', (request, expected) => {
    expect(pick('java', request, JAVA)).toBe(expected);
  });

  test('a vendor that is not offered is refused by name, outside a list that has it', () => {
    expect(() => ask('java', 'acme-21')).toThrow(/acme.*not offered/);
    // One that is known may be linked, whether or not a source offers it.
    expect(ask('java', '21-open').vendor).toBe('openjdk');
    expect(ask('java', 'corretto').vendor).toBe('corretto');
    expect(ask('java', '21-tem').vendor).toBe('temurin');
    // jenv's, Foojay's, asdf-java's and mise's names, and builds behind the version.
    for (const [text, ...named] of [
      ['corretto64-11.0.16.9.1', 'corretto', undefined, [11, 0, 16]],
      ['openjdk64-1.8.0.332', 'openjdk', undefined, [8, 0, 332]],
      ['sap_machine-21', 'sapmachine', undefined, [21]],
      ['semeru-openj9-11', 'semeru', undefined, [11]],
      ['graalvm_community-21', 'graalvm-community', undefined, [21]],
      ['liberica-full-17', 'liberica', 'javafx', [17]],
      ['zulu+fx-17', 'zulu', 'javafx', [17]],
      ['17.0.13.crac-librca', 'liberica', 'crac', [17, 0, 13]],
      ['17.0.15-jre-tem', 'temurin', 'jre', [17, 0, 15]],
      ['17-jre', undefined, 'jre', [17]],
      ['21-temurin', 'temurin', undefined, [21]],
    ] as const) {
      const { vendor, variant, version } = javaScheme.request(text);
      expect([vendor, variant, version.kind === 'prefix' && version.numbers], text).toEqual(named);
    }
    expect(javaScheme.request('lts-tem')).toEqual({ version: { kind: 'channel', name: 'lts' }, vendor: 'temurin' });
    for (const [text, version] of [
      ['semeru-openj9-17.0.9+9_openj9-0.41.0', '17.0.9+9'],
      ['semeru-openj9-8u345-b01_openj9-0.33.1', '8.0.345+1'],
      ['liberica-8u265+1', '8.0.265+1'],
    ] as const) {
      expect(javaScheme.request(text).version, text).toEqual({ kind: 'exact', version });
    }
  });

  test.each([
    ['dragonwell-17.0.13.0.13+11', '17.0.13'],
    ['corretto-17.0.15.6.1', '17.0.15'],
    ['corretto-8.432.06.1', '8.0.432'],
    ['temurin-17.0.4.1', '17.0.4.1'],
  ])("%s is a build of %s: what follows is the vendor's own", (text, expected) => {
    const { version } = ask('java', text);
    expect(version.kind === 'prefix' ? version.numbers.join('.') : version).toBe(expected);
  });

  test("semver's spelling of a fourth number is read as one", () => {
    expect(javaScheme.version('21.0.12+101.0.LTS')).toBe('21.0.12.1+1');
    expect(javaScheme.version('21.0.12.1+1')).toBe('21.0.12.1+1');
  });
});

describe('what every ecosystem refuses', () => {
  test.each([
    '',
    ' ',
    '1.0$(id)',
    '1.0`id`',
    '$HOME',
    '-1',
    '--version',
    '1.0\nrm',
    '1.0\rrm',
    '1.0\tx',
    '1.0\0x',
    '../etc',
    '1.0/../etc',
    '1..2',
    '1.0;id',
    '1.0&id',
    "1.0'",
    '1.0"',
    '1.0\\x',
    '1.0#x',
    '%2e%2e',
    '1.0\u00a0',
    '\u202e1.0',
    '/etc/passwd',
    '~/x',
    'x'.repeat(100_000),
    `>=${'1'.repeat(100_000)}`,
    '1 '.repeat(50_000),
  ])('request %#', (request) => {
    for (const tool of Object.keys(TOOLS) as ToolName[]) {
      expect(
        codeOf(() => ask(tool, request)),
        tool,
      ).toBe('request-invalid');
    }
  });

  test('no request that is short enough to be read takes long', () => {
    const pieces = [
      '1',
      'a',
      '.',
      ' ',
      '-',
      '*',
      '^',
      '<',
      '~',
      '|',
      ',',
      '1.',
      'a-',
      '0+',
      '1 ',
      'u',
      '.x',
      'lts/',
      '-0',
      'b1',
    ];
    const used = processorTime();
    for (const piece of pieces) {
      const text = `1${piece.repeat(Math.floor(254 / piece.length))}!`.slice(0, 256);
      for (const tool of Object.keys(TOOLS) as ToolName[]) codeOf(() => ask(tool, text));
    }
    expect(used()).toBeLessThan(1000);
  });

  test('the message names the part that is wrong', () => {
    expect(() => ask('node', '1.0$x')).toThrow('"$" (character 4)');
    expect(() => ask('node', '>=18 && <20')).toThrow('"&"');
    expect(() => ask('node', '>=18 foo <20')).toThrow('"foo"');
    expect(() => ask('python', '>=3.10,=<3.13')).toThrow('"=<3.13"');
    expect(() => ask('rust', '^1.80')).toThrow('"^"');
  });
});

describe('a tool with its request', () => {
  test('a tool alone asks for its latest release, and an empty request is an error', () => {
    expect(parseToolRequest('node', () => TOOLS.node)).toEqual({
      tool: 'node',
      text: 'latest',
      version: { kind: 'latest' },
      options: {},
    });
    expect(codeOf(() => parseToolRequest('node@', () => TOOLS.node))).toBe('request-invalid');
  });

  test('the tool is looked up by what stands before the first @, and its id is kept', () => {
    const asked: string[] = [];
    const request = parseToolRequest('py@cpython@3.12', (name) => {
      asked.push(name);
      return TOOLS.python;
    });
    expect(asked).toEqual(['py']);
    expect(request).toMatchObject({
      tool: 'python',
      text: 'cpython@3.12',
      version: { kind: 'prefix', numbers: [3, 12] },
    });
  });
});

describe('the candidates of a file', () => {
  const more = {
    aliases: { a: 'alias:b', b: 'c', c: '1', loop: 'alias:pool', pool: 'loop', lost: 'alias:nowhere', gone: '9.9.9' },
  };

  test.each([
    ['a', '1.10.0'],
    ['c', '1.10.0'],
    ['loop', 'request-invalid'],
    ['lost', 'request-invalid'],
    ['gone', 'version-not-found'],
    ['toString', 'version-not-found'],
    ['__proto__', 'request-invalid'],
  ])('alias %s means %s', (request, expected) => {
    expect(pick('node', request, ['1.9.0', '1.10.0', '2.0.0'], more)).toBe(expected);
  });

  test('the version is printed as the file spells it, and what is no version is passed over', () => {
    expect(pick('node', '10', ['v10.99.0', 'v10.34.5', 'rubbish', 'x'.repeat(5000)])).toBe('v10.99.0');
    expect(pick('go', '1', ['go1.9', 'go1.10'])).toBe('go1.10');
  });

  test('where the file says which lines are long-term, nothing else does', () => {
    expect(pick('java', 'lts', ['17.0.1+1', '21.0.2+13'], { lts: { '17.0.1+1': '' } })).toBe('17.0.1+1');
    expect(pick('java', 'lts', ['17.0.1+1', '21.0.2+13'])).toBe('21.0.2+13');
  });

  test.each(['', '[]', '{}', '{"versions":[1]}', '{"versions":[],"lts":[]}', '{"versions":[],"aliases":{"a":1}}'])(
    'a file that is not of that form is told by name: %s',
    (content) => {
      const read = () => pickCandidate(TOOLS.node, 'node@1', { content, file: 'versions.json' });
      expect(codeOf(read)).toBe('usage');
    },
  );
});

describe('the nearest releases', () => {
  const near = (tool: ToolName, text: string, versions: readonly string[]) =>
    nearestReleases(
      TOOLS[tool],
      ask(tool, text),
      versions.map((version) => ({ version: version as Version })),
    ).map((release) => release.version);

  test.each([
    ['node', '25', ['27.1.0', '26.0.2', '26.0.1', '24.1.0', '24.0.0', '9.1.1'], ['27.1.0', '26.0.2', '24.1.0']],
    ['node', '24.5', ['24.1.0', '24.9.1', '24.9.0', '23.0.0'], ['24.9.1', '24.1.0', '23.0.0']],
    ['node', '99', ['24.1.0', '23.0.0'], ['24.1.0', '23.0.0']],
    ['node', 'iron', ['24.1.0', '24.2.0', '23.0.0'], ['24.2.0', '23.0.0']],
    ['python', '3.14', ['3.14.0rc3', '3.13.1'], ['3.14.0rc3', '3.13.1']],
    ['node', '20.11.9', ['20.11.1', '20.11.0', '20.9.0', '18.1.0'], ['20.11.1', '20.11.0', '20.9.0']],
    ['node', '1', [], []],
  ] as const)('%s@%s', (tool, text, versions, expected) => {
    expect(near(tool, text, versions)).toEqual(expected);
  });
});

describe('selecting', () => {
  const release = (version: string, more: Partial<Release> = {}): Release => ({ version: version as Version, ...more });

  test('vendor and variant must be the ones asked for', () => {
    const releases = [
      release('21.0.3', { vendor: 'zulu' }),
      release('21.0.2', { vendor: 'temurin', variant: 'jre' }),
      release('21.0.1', { vendor: 'temurin' }),
    ];
    expect(selectRelease(TOOLS.java, ask('java', '21'), releases)?.version).toBe('21.0.1');
    expect(selectRelease(TOOLS.java, { ...ask('java', '21'), variant: 'jre' }, releases)?.version).toBe('21.0.2');
    expect(selectRelease(TOOLS.java, { ...ask('java', '21'), vendor: 'zulu' }, releases)?.version).toBe('21.0.3');
  });

  test('a release that its source calls early answers nobody who did not ask for it', () => {
    const releases = [release('21.0.0'), release('22.0.0', { prerelease: true })];
    expect(selectRelease(TOOLS.node, ask('node', 'latest'), releases)?.version).toBe('21.0.0');
    expect(selectRelease(TOOLS.node, ask('node', '22'), releases)).toBeUndefined();
    expect(selectRelease(TOOLS.node, ask('node', '22.0.0'), releases)?.version).toBe('22.0.0');
  });

  test('of equal versions the later date counts', () => {
    const releases = [
      release('1.2.0', { channel: 'nightly', date: '2020-01-01' }),
      release('1.2.0', { channel: 'nightly', date: '2020-01-02' }),
    ];
    expect(selectRelease(TOOLS.rust, ask('rust', 'nightly'), releases)?.date).toBe('2020-01-02');
  });
});

const number = fc.integer({ min: 0, max: 30 });
const pair = fc.tuple(number, number).map((numbers) => numbers.join('.'));
const triple = fc.tuple(number, number, number).map((numbers) => numbers.join('.'));
const VERSIONS: Readonly<Record<ToolName, fc.Arbitrary<string>>> = {
  node: fc.tuple(triple, fc.constantFrom('', '-rc.1', '-rc.2', '-nightly2024', '+b')).map((parts) => parts.join('')),
  python: fc
    .tuple(fc.oneof(pair, triple), fc.constantFrom('', 'a1', 'rc2', '.post1', '.dev3', '+x', 'b1.dev2', '+1.a'))
    .map((parts) => parts.join('')),
  go: fc.tuple(fc.oneof(pair, triple), fc.constantFrom('', 'rc1', 'beta2')).map((parts) => parts.join('')),
  rust: fc.oneof(
    fc.tuple(triple, fc.constantFrom('', '-beta.1', '-beta', '-nightly')).map((parts) => parts.join('')),
    fc
      .tuple(fc.constantFrom('nightly', 'beta'), fc.constantFrom('2025-01-01', '2024-12-31'))
      .map((parts) => parts.join('-')),
  ),
  java: fc
    .tuple(
      fc.oneof(
        pair,
        triple,
        fc.tuple(triple, number).map((parts) => parts.join('.')),
      ),
      fc.constantFrom('', '+7', '-ea+3', '-ea'),
    )
    .map((parts) => parts.join('')),
};

describe.each(Object.keys(TOOLS) as ToolName[])('laws of %s', (name) => {
  const { scheme } = TOOLS[name];
  const version = VERSIONS[name].map((text) => scheme.version(text) as Version);
  const sign = (a: Version, b: Version) => Math.sign(scheme.compare(a, b));

  test('the order is total', () => {
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(sign(a, a)).toBe(0);
        expect(sign(a, b)).toBe(0 - sign(b, a));
        if (sign(a, b) <= 0 && sign(b, c) <= 0) expect(sign(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });

  test('a canonical version is its own canonical form, and as a request finds itself', () => {
    fc.assert(
      fc.property(version, (one) => {
        expect(scheme.version(one)).toBe(one);
        if (codeOf(() => scheme.request(one)) !== 'none') return;
        const { version: request } = scheme.request(one);
        const other = request.kind === 'prefix' && scheme.prerelease(one);
        expect(scheme.matches(request, { version: one })).toBe(!other);
      }),
    );
  });

  test('a prefix is answered by its newest final release, and by nothing else', () => {
    fc.assert(
      fc.property(fc.array(version, { maxLength: 30 }), number, (versions, major) => {
        if (name === 'java' && major < 1) return;
        const releases = versions.map((one) => ({ version: one }));
        const request: ToolRequest = {
          tool: name,
          text: String(major),
          version: { kind: 'prefix', numbers: [major] },
          options: {},
        };
        const answering = versions.filter((one) => !scheme.prerelease(one) && Number.parseInt(one, 10) === major);
        const newest = [...answering].sort(scheme.compare).at(-1);
        const chosen = selectRelease(TOOLS[name], request, releases)?.version;
        expect(chosen === undefined).toBe(newest === undefined);
        if (chosen !== undefined && newest !== undefined) expect(sign(chosen, newest)).toBe(0);
      }),
    );
  });

  test('any text is read or refused by a code, never with a defect', () => {
    const characters = fc.constantFrom(...'0123456789..--++*x^~<>=!|,/:@ tvbrclsuea_'.split(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: characters, maxLength: 40 })), (text) => {
        expect(['none', 'request-invalid', 'request-unsupported']).toContain(codeOf(() => ask(name, text)));
        expect(['none', 'usage', 'request-invalid', 'request-unsupported', 'version-not-found']).toContain(
          codeOf(() =>
            pickCandidate(TOOLS[name], `${name}@${text}`, { content: JSON.stringify({ versions: [text] }), file: 'x' }),
          ),
        );
      }),
      { numRuns: 500 },
    );
  });
});
