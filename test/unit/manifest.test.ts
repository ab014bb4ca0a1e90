import { describe, expect, it } from 'vitest';
import { parseToml } from '../../src/adapters/documents/toml';
import { decodeManifest, type Manifest } from '../../src/domain/project/manifest';
import type { KnownRuntime } from '../../src/domain/project/manifest-values';
import type { PolyenvError } from '../../src/domain/words/errors';

const RUNTIMES: readonly KnownRuntime[] = [
  {
    id: 'node',
    aliases: ['nodejs'],
    sources: [{ id: 'nodejs.org', mirrors: [{ variable: 'EXAMPLE_DIST_MIRROR' }] }, { id: 'npm' }],
  },
  {
    id: 'java',
    sources: [
      { id: 'a', vendors: ['temurin'] },
      { id: 'b', vendors: ['zulu'] },
    ],
  },
  {
    id: 'rust',
    options: [
      { name: 'components', flag: 'component', describe: 'a component', pattern: /^[a-z-]+$/ },
      { name: 'profile', flag: 'profile', describe: 'a profile', single: true, pattern: /^[a-z]+$/ },
    ],
  },
];

function decode(text: string): Manifest {
  return decodeManifest({ ...parseToml(text, 'polyenv.toml'), runtimes: RUNTIMES });
}

function refusal(text: string): PolyenvError {
  try {
    decode(text);
  } catch (error) {
    return error as PolyenvError;
  }
  throw new Error(`accepted: ${text}`);
}

describe('a manifest', () => {
  it('is decoded whole, with lines', () => {
    const manifest = decode(`root = true
isolation = "strict"
[runtimes]
nodejs = " 20 "
rust = { version = "1.88", components = ["rustfmt", "clippy", "clippy"], profile = "minimal" }
[runtimes.java]
version = "21"
vendor = "Temurin"
[env]
RUST_LOG = "info"
GONE = { unset = true }
[paths]
prepend = [
  "./node_modules/.bin",
  "a/../tools/",
]
append = ["."]
[tasks]
build = "make"
all = { depends = ["build", "test"], parallel = true, description = "everything" }
test = { run = ["one", "two"], dir = "sub", env = { CI = "1" } }
[sources]
node = ["npm", "nodejs.org"]
`);
    expect(manifest).toEqual({
      path: 'polyenv.toml',
      root: true,
      isolation: 'strict',
      runtimes: [
        { tool: 'node', key: 'nodejs', version: '20', options: {}, line: 4 },
        {
          tool: 'rust',
          key: 'rust',
          version: '1.88',
          options: { components: ['clippy', 'rustfmt'], profile: ['minimal'] },
          line: 5,
        },
        { tool: 'java', key: 'java', version: '21', vendor: 'temurin', options: {}, line: 6 },
      ],
      services: [],
      domains: [],
      envFiles: [],
      aliases: [],
      env: [
        { op: { op: 'set', name: 'RUST_LOG', value: 'info' }, line: 10 },
        { op: { op: 'unset', name: 'GONE' }, line: 11 },
      ],
      paths: [
        { op: 'prepend', folder: 'node_modules/.bin', line: 14 },
        { op: 'prepend', folder: 'tools', line: 15 },
        { op: 'append', folder: '.', line: 17 },
      ],
      tasks: [
        {
          name: 'build',
          run: ['make'],
          dir: '.',
          env: [],
          depends: [],
          parallel: false,
          services: [],
          inputs: [],
          outputs: [],
          description: '',
          line: 19,
        },
        {
          name: 'all',
          run: [],
          dir: '.',
          env: [],
          depends: ['build', 'test'],
          parallel: true,
          services: [],
          inputs: [],
          outputs: [],
          description: 'everything',
          line: 20,
        },
        {
          name: 'test',
          run: ['one', 'two'],
          dir: 'sub',
          env: [{ op: { op: 'set', name: 'CI', value: '1' }, line: 21 }],
          depends: [],
          parallel: false,
          services: [],
          inputs: [],
          outputs: [],
          description: '',
          line: 21,
        },
      ],
      sources: [{ tool: 'node', order: ['npm', 'nodejs.org'], line: 23 }],
    });
  });

  it('may be empty, or begin with a byte order mark', () => {
    expect(decode('').runtimes).toEqual([]);
    expect(decode('\ufeff[runtimes]\r\nnode = "20"\r\n').runtimes[0]?.line).toBe(2);
  });

  const refused: readonly [name: string, text: string, line: number, message: string, hint?: string][] = [
    ['an unknown table', '\n[runtime]\nnode = "20"', 2, 'no table "runtime"', 'runtimes'],
    ['a runtime at the top', 'node = "20"', 1, 'no key "node"', 'below [runtimes]'],
    ['an unknown runtime', '[runtimes]\n\nndoe = "20"', 3, '"ndoe"', 'did you mean node'],
    ['a runtime twice', '[runtimes]\nnode = "20"\nnodejs = "22"', 3, 'twice'],
    ['a number for a version', '[runtimes]\nnode = 20', 2, 'in quotes', 'node = "20"'],
    ['a table without a version', '[runtimes]\nnode = {}', 2, 'version is missing'],
    ['an option that the runtime has not', '[runtimes]\nnode = { version = "20", components = [] }', 2, '"components"'],
    ['an option of a wrong shape', '[runtimes.rust]\nversion = "1"\ncomponents = [\n"a",\n"../b"]', 5, '"../b"'],
    ['a vendor that is none', '[runtimes.java]\nversion = "21"\nvendor = "temurim"', 3, 'temurim', 'temurin'],
    ['a schema of the future', '\nschema = 2', 2, 'schema 2', 'self update'],
    ['an isolation that is none', 'isolation = "none"', 1, 'isolation'],
    ['a root in quotes', 'root = "true"', 1, 'without quotes'],
    ['a number in env', '[env]\nPORT = 80', 2, 'in quotes', 'PORT = "80"'],
    ['a NUL in env', '[env]\nA = "\\u0000"', 2, 'NUL'],
    ['a name with a sign', '[env]\n"x=y" = "1"', 2, 'x=y'],
    ['a mirror of a runtime in env', '[env]\nEXAMPLE_DIST_MIRROR = "https://x"', 2, 'downloads of node'],
    ['a variable of the loader in a task', '[tasks.t]\nrun = "x"\nenv.LD_PRELOAD = "/x"', 3, 'LD_PRELOAD'],
    ['a folder above', '[paths]\nprepend = ["a/../../b"]', 2, 'a/../../b'],
    ['an absolute folder', '[paths]\nprepend = ["ok",\n"/usr/bin"]', 3, '/usr/bin'],
    ['a home folder', '[paths]\nappend = ["~/bin"]', 2, '~/bin'],
    ['two folders in one', '[paths]\nappend = ["tools:more"]', 2, 'colon'],
    ['a folder of Windows', '[paths]\nappend = ["C:\\\\x"]', 2, 'C:'],
    ['a task that depends on none', '[tasks]\nbuild = "x"\ntest = { depends = ["biuld"] }', 3, 'biuld', 'build'],
    [
      'tasks in a circle',
      '[tasks]\na = { depends = ["b"] }\nb = { depends = ["c"] }\nc = { depends = ["b"] }',
      3,
      'b -> c -> b',
    ],
    ['a task that does nothing', '[tasks]\na = {}', 2, 'neither'],
    ['a task with a name for a shell', '[tasks]\n"$(id)" = "x"', 2, 'no name for a task'],
    ['a source that the runtime has not', '[sources]\nnode = "evil"', 2, '"evil"', 'nodejs.org'],
    ['a version with a line end', '[runtimes]\nnode = "20\\n1"', 2, 'control character'],
    ['a date for a table', 'env = 2024-01-01', 1, 'must be a table'],
    ['the prototype', '[__proto__]\nx = 1', 1, '__proto__'],
  ];
  it.each(refused)('refuses %s', (_name, text, line, message, hint) => {
    const error = refusal(text);
    expect(error).toMatchObject({ code: 'manifest-invalid', where: { file: 'polyenv.toml', line } });
    expect(error.message).toContain(message);
    if (hint !== undefined) expect(error.hint).toContain(hint);
  });

  it.each([
    'PATH path LD_PRELOAD LD_LIBRARY_PATH DYLD_INSERT_LIBRARIES BASH_ENV ENV PROMPT_COMMAND PS1 PS4 IFS SHELLOPTS ZDOTDIR HOME',
    'NODE_EXTRA_CA_CERTS NODE_TLS_REJECT_UNAUTHORIZED SSL_CERT_FILE HTTPS_PROXY https_proxy no_proxy GIT_SSH_COMMAND POLYENV_HOME',
    'npm_config_registry GOPROXY GOSUMDB XDG_CONFIG_HOME status argv fish_user_paths PPID OPENSSL_CONF',
  ])('refuses what would act on a shell or on polyenv: %s', (names) => {
    for (const name of names.split(' ')) expect(refusal(`[env]\n${name} = "x"`).message).toContain(name);
  });

  it('lets a project set what acts on its own tools only', () => {
    for (const name of [
      'NODE_ENV',
      'NODE_OPTIONS',
      'VERSION',
      'GOFLAGS',
      'JAVA_OPTS',
      'DATABASE_URL',
      'TZ',
      'FISHING',
    ]) {
      expect(decode(`[env]\n${name} = "x"`).env).toHaveLength(1);
    }
  });

  it('prints no control character of the file', () => {
    expect(refusal('[runtimes]\n"no\\u001b]0;de\\u202e" = "20"').message).not.toMatch(/\p{C}/u);
  });

  it('walks thousands of dependent tasks', () => {
    const tasks = Array.from({ length: 3000 }, (_, index) => `t${index} = { depends = ["t${(index + 1) % 3001}"] }`);
    expect(decode(`[tasks]\n${tasks.join('\n')}\nt3000 = "x"`).tasks).toHaveLength(3001);
  });
});
