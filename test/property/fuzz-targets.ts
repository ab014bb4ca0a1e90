import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runtime as goRuntime } from '../../runtimes/go';
import { runtime as javaRuntime } from '../../runtimes/java';
import { runtime as nodeRuntime } from '../../runtimes/node';
import { runtime as pythonRuntime } from '../../runtimes/python';
import { runtime as rustRuntime } from '../../runtimes/rust';
import { openTreeWriter } from '../../src/adapters/archives/tree-writer';
import { unpackFile, unpackTarGz } from '../../src/adapters/archives/unpack';
import { openXzFormat } from '../../src/adapters/archives/xz-format';
import { openDocument } from '../../src/adapters/documents/documents';
import { parseToml } from '../../src/adapters/documents/toml';
import { pinFilesOf } from '../../src/domain/pins/files/of-runtime';
import { decodeManifest } from '../../src/domain/project/manifest';
import { renderHookSh } from '../../src/domain/routes/activation';
import type { Environment } from '../../src/domain/routes/environment';
import { renderDotenv, renderEnvSh } from '../../src/domain/routes/environment-texts';
import { parseChecksumList } from '../../src/domain/runtime/checksum-list';
import type { Document } from '../../src/domain/runtime/runtime';
import { openTreeNote, parseLookup } from '../../src/domain/runtime/sumdb';
import { decodeLockfile } from '../../src/domain/toolchain/lockfile-decode';
import { decodeReceipt } from '../../src/domain/toolchain/receipt';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import { versionFrom } from '../../src/domain/versions/version';
import { PolyenvError } from '../../src/domain/words/errors';
import { published as go } from '../fixtures/upstreams/go';
import { published as java } from '../fixtures/upstreams/java';
import { published as node } from '../fixtures/upstreams/node';
import { published as python } from '../fixtures/upstreams/python';
import { published as rust } from '../fixtures/upstreams/rust';
import { gnuLong, tar, tarGz, xz, zip } from '../support/archives';
import { fakeUpstream } from '../support/fake-upstream';
import { RUNTIMES } from '../support/pin-project';
import type { Published } from '../support/published';

/** Their readers of lists are tried for real. */
const REAL = [goRuntime, javaRuntime, nodeRuntime, pythonRuntime, rustRuntime];

/** Something that reads what outsiders say. */
export interface Target {
  readonly name: string;
  /** Good inputs, from which others are made. */
  readonly seeds: readonly (string | Buffer)[];
  /** Words that mean something to it. */
  readonly tokens?: readonly string[];
  /** Throws a `PolyenvError` where it refuses; may write in `folder` only. */
  run(input: Buffer, folder: string): Promise<void> | void;
}

const PUBLISHED: Readonly<Record<string, Published>> = { node, go, rust, python, java };

const MEMBERS = [
  { name: 'top/', type: '5', mode: 0o755 },
  { name: 'top/bin/tool', content: '#!/bin/sh\n', mode: 0o755 },
  { name: 'top/bin/link', type: '2', target: 'tool' },
  { name: 'top/hard', type: '1', target: 'top/bin/tool' },
];

const PIN_SEEDS: Readonly<Record<string, string>> = {
  'package.json': '{"engines":{"node":">=20 <23"},"volta":{"node":"20.11.1"},"packageManager":"pnpm@9.0.0+sha256.ab"}',
  'go.mod': 'module example.com/x\n\ngo 1.24.0\n\ntoolchain go1.24.3\n',
  'go.work': 'go 1.24\nuse ./a\n',
  'rust-toolchain.toml':
    '[toolchain]\nchannel = "1.88"\ncomponents = ["clippy"]\ntargets = ["wasm32-unknown-unknown"]\n',
  'Cargo.toml': '[package]\nname = "x"\nrust-version = "1.80"\n',
  'pyproject.toml': '[project]\nrequires-python = ">=3.11,<3.14"\n',
  'pom.xml': '<project><properties><maven.compiler.release>21</maven.compiler.release></properties></project>',
  'build.gradle': 'java { toolchain { languageVersion = JavaLanguageVersion.of(21) } }\n',
  'mise.toml': '[tools]\nnode = "20"\npython = ["3.11", "3.12"]\n',
  '.tool-versions': 'nodejs 20.11.1\npython 3.11.4 3.12.0\njava temurin-21.0.2+13\n',
  '.sdkmanrc': 'java=21.0.2-tem\n',
  Pipfile: '[requires]\npython_version = "3.11"\n',
};

export const TARGETS: readonly Target[] = [
  {
    name: 'tar',
    seeds: [tar(MEMBERS), tar([gnuLong(`top/${'long'.repeat(40)}`), { name: 'cut', content: 'x' }, ...MEMBERS])],
    tokens: ['ustar\0', '../', '/etc/passwd\0', '00000000001\0', '\0'.repeat(512)],
    run: async (input, folder) => unpackTo(folder, async (sink) => unpackTarGz(pieces(gzipped(input)), sink)),
  },
  {
    name: 'tar.gz',
    seeds: [tarGz(MEMBERS)],
    run: async (input, folder) => unpackTo(folder, async (sink) => unpackTarGz(pieces(input), sink)),
  },
  {
    name: 'xz',
    seeds: [xz(Buffer.from('content'.repeat(50))), xz(tar(MEMBERS), { block: 700 })],
    tokens: ['\xfd7zXZ\0', '\x21\x01', '\xff\xff\xff\xff', 'YZ', '\0'],
    run: async (input) => {
      const format = openXzFormat();
      for await (const piece of pieces(input)) format.take(piece);
      format.end();
    },
  },
  {
    name: 'zip',
    seeds: [
      zip([
        { name: 'top/bin/tool', content: 'x', mode: 0o755 },
        { name: 'top/a', content: 'y'.repeat(100) },
      ]),
    ],
    tokens: ['PK\u0001\u0002', 'PK\u0003\u0004', 'PK\u0005\u0006', '../', '\xff\xff\xff\xff'],
    run: async (input, folder) => {
      mkdirSync(join(folder, 'download'));
      const file = join(folder, 'download', 'a.zip');
      writeFileSync(file, input);
      await unpackTo(folder, async (sink) => unpackFile(file, { format: 'zip', sink }), 'zip');
    },
  },
  {
    name: 'manifest',
    seeds: [
      '[runtimes]\nnode = "20"\nrust = { version = "1.88", components = ["clippy"], targets = ["wasm32-unknown-unknown"] }\n',
      'isolation = "strict"\n[env]\nA = "b"\n[paths]\nprepend = ["bin"]\n[tasks]\na = "b"\nc = { run = ["x"], depends = ["a"], dir = "d" }\n[sources]\nnode = ["npm"]\n',
    ],
    tokens: ['[', ']', '"""', "'''", '{', '}', '=', '.', '[[', '1979-05-27T07:32:00Z', 'inf', '\\u0000', '[runtimes]'],
    run: (input) => {
      const path = '/p/polyenv.toml';
      const text = input.toString('utf8');
      const parsed = parseToml(text, path);
      decodeManifest({ ...parsed, runtimes: RUNTIMES } as Parameters<typeof decodeManifest>[0]);
    },
  },
  {
    name: 'lockfile',
    seeds: [
      'version = 1\n\n[[runtime]]\ntool = "node"\nrequest = "20"\nversion = "20.11.1"\nsource = "nodejs.org"\n\n[[runtime.artifact]]\nplatform = "linux-x64"\n',
    ],
    tokens: ['[[', 'https://nodejs.org/dist/', 'npm:node@20', `sha256:${'a'.repeat(64)}`],
    run: (input) => {
      decodeLockfile(parseToml(input.toString('utf8'), '/p/polyenv.lock'));
    },
  },
  ...RUNTIMES.map(
    (runtime): Target => ({
      name: `pins-${runtime.id}`,
      seeds: pinFilesOf(runtime).map(({ file }) => `${file}\n${PIN_SEEDS[file] ?? '20.11.1\n'}`),
      tokens: [
        'lts/*',
        'v',
        '^',
        '||',
        '>=',
        '<dependencies>',
        '{',
        '"',
        '#',
        '//',
        '/*',
        '*/',
        '<!--',
        '&lt;',
        '<![CDATA[',
      ],
      run: (input, folder) => {
        const text = input.toString('latin1');
        const pin = pinFilesOf(runtime).find(({ file }) => text.startsWith(`${file}\n`));
        if (pin === undefined) return;
        const path = join(folder, pin.file);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, input.subarray(pin.file.length + 1));
        const document = openDocument({ path, boundary: () => folder }) as Document | undefined;
        if (document === undefined) return;
        for (const { requests } of pin.read(document).pins)
          for (const request of requests) requestOf(`${runtime.id}@${request}`);
      },
    }),
  ),
  ...REAL.filter(({ id }) => PUBLISHED[id] !== undefined).map((runtime): Target => {
    const { files } = PUBLISHED[runtime.id] as Published;
    const texts = Object.entries(files).filter(([, content]) => content.length < 40_000);
    return {
      name: `index-${runtime.id}`,
      seeds: texts.map(([url, content]) => `${url}\n${content.toString()}`),
      tokens: ['{', '[', 'null', 'true', '"', ':', ',', '\\u0000', '""'],
      run: async (input) => {
        const text = input.toString('utf8');
        const url = text.slice(0, text.indexOf('\n'));
        if (files[url] === undefined) return;
        const upstream = fakeUpstream({
          ...PUBLISHED[runtime.id],
          files: { ...files, [url]: text.slice(url.length + 1) },
        } as Published);
        const request = requestOf(`${runtime.id}@latest`);
        if (request === undefined) return;
        for (const source of runtime.sources) await refusing(() => source.releases(upstream, request));
      },
    };
  }),
  {
    name: 'checksums',
    seeds: [`${'a'.repeat(64)}  one.tar.gz\n${'b'.repeat(64)} *two.zip\n`],
    run: (input) => {
      parseChecksumList(input.toString('utf8'));
    },
  },
  {
    name: 'tree-note',
    seeds: [
      '12\ngolang.org/toolchain v0.0.1 h1:abc=\n\ngo.sum database tree\n100\nabc=\n\n— sum.golang.org Az3grkpyVQ==\n',
      'go.sum database tree\n100\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— sum.golang.org Az3grkpyVQ==\n',
    ],
    run: (input) => {
      const text = input.toString('utf8');
      refusingNow(() => parseLookup(text));
      openTreeNote(text, 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8');
    },
  },
  {
    name: 'requests',
    seeds: [
      'node@20',
      'node@^20.1 || >=22 <23',
      'python@>=3.11,!=3.12.1',
      'rust@nightly-2025-06-01',
      'java@temurin-21.0.2+13',
      'go@1.25rc1',
      'node@lts/iron',
    ],
    tokens: ['@', '^', '~', '||', ' - ', '>=', '<', '*', 'x', '.', '-', '+', 'lts', 'latest', 'rc', '1.', 'v', '==='],
    run: (input) => {
      const text = input.toString('utf8');
      versionFrom(text);
      requestOf(text);
    },
  },
  {
    name: 'receipt',
    seeds: ['{"schema":1,"key":"node-20.11.1-linux-x64-0123456789ab","tool":"node","version":"20.11.1","parts":[]}'],
    tokens: ['{', '[', 'null', '"', '1e999'],
    run: (input) => {
      decodeReceipt(input.toString('utf8'), { key: 'node-20.11.1-linux-x64-0123456789ab', store: '/store' });
    },
  },
  {
    name: 'env',
    seeds: ['value', "it's", '$(id)', '`id`', 'a\nb', '"', '\\', '-n'],
    tokens: ["'", '"', '$(touch pwned)', '`', '\\', '\n', '!', '%', ';', '&', '|', '$IFS', '${x}', '=~', '~'],
    run: (input, folder) => {
      // Text that is no UTF-8, or has a NUL, is no value of a variable.
      const value = input.subarray(0, 2000).toString('utf8').replaceAll('\0', '');
      const environment = {
        directory: value.startsWith('/') ? value : `/${value}`,
        runtimes: [],
        pending: [],
        variables: [{ op: 'set', name: 'VALUE', value }],
        inputs: [],
        absences: [],
        traces: [],
        shims: '/shims',
        home: '/home',
      } as Environment;
      renderDotenv(environment);
      renderHookSh(environment, '/stamps', 'id');
      // One shell for many values would hide which one it was; one for each is slow: only some are run.
      if (input.length % 16 !== 0) return;
      const script = join(folder, 'env.sh');
      writeFileSync(script, `${renderEnvSh(environment)}printf '%s' "$VALUE"\n`);
      const ran = spawnSync('/bin/sh', [script], { cwd: folder, env: { PATH: '/usr/bin:/bin' } });
      if (!ran.stdout.equals(Buffer.from(value)))
        throw new Error(`${JSON.stringify(value)} came as ${JSON.stringify(ran.stdout.toString())}`);
    },
  },
];

function requestOf(text: string) {
  return refusingNow(() =>
    parseToolRequest(text, (name) => {
      const runtime = RUNTIMES.find(({ id }) => id === name);
      if (runtime === undefined) throw new PolyenvError('tool-unknown', 'no such runtime');
      return runtime;
    }),
  );
}

/** What is refused is an answer too, and not the end. */
function refusingNow<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}

async function refusing(action: () => Promise<unknown>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
  }
}

async function unpackTo(
  folder: string,
  action: (sink: ReturnType<typeof openTreeWriter>) => Promise<unknown>,
  format: 'tar.gz' | 'zip' = 'tar.gz',
): Promise<void> {
  const root = join(folder, 'staging');
  mkdirSync(root);
  const sink = openTreeWriter({ into: root, recipe: { format, root: 'top' } });
  try {
    await action(sink);
    await sink.finish();
  } catch (error) {
    await sink.rollback();
    throw error;
  }
}

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

function gzipped(bytes: Buffer): Buffer {
  return gzipSync(bytes, { level: 1 });
}
