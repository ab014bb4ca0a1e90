import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { discard } from '../support/discard';
import { makeReleases, type ReleaseServer, type Releases, serveReleases } from '../support/release';

const SHELLS = [
  ['dash', ['dash']],
  ['bash', ['bash', '--posix']],
  ['busybox', ['busybox', 'sh']],
] as const;
const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

let releases: Releases;
let server: ReleaseServer;
let base: string;
let home: string;
beforeAll(async () => {
  releases = await makeReleases();
  server = await serveReleases(releases.folder);
}, 120_000);
afterAll(async () => {
  await server.close();
  releases.remove();
});
beforeEach(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-install-')));
  home = join(base, 'person');
  mkdirSync(home);
  server.instead.clear();
});
afterEach(() => discard(base));

interface Trial {
  readonly shell?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Programs that are not on PATH. */
  readonly without?: readonly string[];
  /** Further programs on PATH. */
  readonly also?: readonly string[];
  /** Programs that answer otherwise: the text of a shell script. */
  readonly fakes?: Readonly<Record<string, string>>;
}

const NEEDED = [
  'sh',
  'uname',
  'getconf',
  'awk',
  'sed',
  'cut',
  'cat',
  'mkdir',
  'mktemp',
  'rm',
  'mv',
  'dirname',
  'tar',
  'gzip',
  'xz',
  'sha256sum',
  'readlink',
  'curl',
  'wget',
  'sysctl',
  'grep',
  'ls',
  'ln',
  'chmod',
];

/** Only what the script may need is on PATH. Not in this process: it serves the release. */
async function install({ shell = ['dash'], args = [], env = {}, without = [], also = [], fakes = {} }: Trial) {
  const bin = mkdtempSync(join(base, 'bin-'));
  for (const name of [...NEEDED, ...also].filter((one) => !without.includes(one) && !(one in fakes))) {
    const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
    if (found !== '') symlinkSync(found, join(bin, name));
  }
  for (const [name, text] of Object.entries(fakes))
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  const program = spawnSync('sh', ['-c', `command -v ${shell[0]}`], { encoding: 'utf8' }).stdout.trim();
  const all = { HOME: home, PATH: bin, SHELL: '/bin/bash', POLYENV_UPDATE_URL: server.url, TMPDIR: base, ...env };
  const child = spawn(program, [...shell.slice(1), join(releases.folder, 'install.sh'), ...args], {
    env: all,
    cwd: base,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const parts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    parts.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    parts.stderr += chunk;
  });
  const exit = await new Promise<number | null>((done) => child.once('close', done));
  return { exit, ...parts };
}

const polyenvHome = (): string => join(home, '.local/share/polyenv');

function nothingDone(): void {
  expect(readdirSync(home)).toEqual([]);
  expect(readdirSync(base).filter((name) => name.startsWith('polyenv.'))).toEqual([]);
}

describe('install.sh', () => {
  const ways = SHELLS.flatMap(([name, shell]) =>
    (['curl', 'wget'] as const).map((client) => [name, client, shell] as const),
  );

  it.for(ways)(
    'under %s with %s: installs, says what it changed, can be run again',
    async ([name, client, shell], { skip }) => {
      if (!has(name) || !has(client)) skip(`there is no ${has(name) ? client : name} here`);
      const trial = { shell, without: [client === 'curl' ? 'wget' : 'curl'] };
      const ran = await install(trial);
      expect(ran.exit, ran.stderr).toBe(0);
      expect(ran.stdout).toContain(`wrote ${polyenvHome()}/self/${releases.version}`);
      expect(ran.stdout).toContain(`${home}/.bashrc`);
      const version = spawnSync(join(polyenvHome(), 'bin/polyenv'), ['--version'], {
        encoding: 'utf8',
        env: { HOME: home, PATH: '/usr/bin:/bin' },
      });
      expect(version.stdout, version.stderr).toBe(`${releases.version}\n`);
      expect(readdirSync(join(polyenvHome(), 'self')).sort()).toEqual([releases.version, 'current']);
      const again = await install(trial);
      expect(again.exit, again.stderr).toBe(0);
      expect(again.stdout).not.toContain('fetching');
      const removed = await install({ ...trial, args: ['--uninstall'] });
      expect(removed.exit, removed.stderr).toBe(0);
      nothingDone();
    },
  );

  it.each([
    'http://localhost.polyenv.invalid',
    'http://127.0.0.1:1@polyenv.invalid/releases',
    'http://127.0.0.1.invalid:1',
  ])('%s is no server of this machine: without TLS nothing is fetched, and no test key holds', async (url) => {
    const ran = await install({ args: ['--no-setup'], env: { POLYENV_UPDATE_URL: url } });
    expect(ran, ran.stderr).toMatchObject({ exit: 2, stderr: expect.stringContaining('over https only') });
    nothingDone();
  });

  it('--dry-run says what it would do, and does nothing', async () => {
    const ran = await install({ args: ['--dry-run'] });
    expect(ran.exit, ran.stderr).toBe(0);
    expect(ran.stdout).toContain(`would unpack it into ${polyenvHome()}/self/${releases.version}`);
    nothingDone();
  });

  describe('the signature of SHA256SUMS', () => {
    const also = ['gpgv', 'base64'];
    const list = (): string => `/${releases.version}/SHA256SUMS`;

    it('is checked where gpgv is here', async ({ skip }) => {
      if (!has('gpgv')) skip('gpgv is not on this machine');
      const ran = await install({ also, args: ['--no-setup'] });
      expect(ran.exit, ran.stderr).toBe(0);
      expect(ran.stdout).toContain('the signature of SHA256SUMS holds\n');
    });

    it.for([
      ['a list that was changed after it was signed', '', (body: Buffer) => Buffer.concat([body, Buffer.from('\n')])],
      ['a list without its signature', '.asc', () => 404],
    ] as const)('%s ends it, and nothing is half done', async ([, end, answer], { skip }) => {
      if (!has('gpgv')) skip('gpgv is not on this machine');
      server.instead.set(`${list()}${end}`, answer);
      const ran = await install({ also });
      expect(ran, ran.stderr).toMatchObject({ exit: 6, stderr: expect.stringContaining('SHA256SUMS') });
      expect(ran.stderr).toContain('nothing was installed');
      nothingDone();
    });

    it('is one line where it cannot be checked', async () => {
      const ran = await install({ args: ['--no-setup'] });
      expect(ran.exit, ran.stderr).toBe(0);
      expect(ran.stdout).toContain('the signature of SHA256SUMS is not checked: gpgv is not here\n');
    });
  });

  it('takes the gzip archive where there is no xz', async () => {
    const ran = await install({ without: ['xz'], args: ['--no-setup'] });
    expect(ran.exit, ran.stderr).toBe(0);
    expect(existsSync(join(polyenvHome(), 'self', releases.version, 'bin/polyenv'))).toBe(true);
    expect(readdirSync(home)).toEqual(['.local']);
  });

  it.each([
    ['a blank', 'a person'],
    ['quotes', `o'ne "two" $HOME`],
    ['what a pattern would take', 'a*b[c]'],
  ])('a home with %s in its name works', async (_, name) => {
    home = join(base, name);
    mkdirSync(home);
    const ran = await install({});
    expect(ran.exit, ran.stderr).toBe(0);
    const shim = spawnSync('bash', ['-c', '. "$HOME/.bashrc"; command -v polyenv; polyenv --version'], {
      encoding: 'utf8',
      env: { HOME: home, PATH: '/usr/bin:/bin' },
    });
    expect(shim.stdout, shim.stderr).toBe(`${polyenvHome()}/shims/polyenv\n${releases.version}\n`);
  });

  const sums = (): string => `/${releases.version}/SHA256SUMS`;
  const archives = (): readonly string[] =>
    ['tar.gz', 'tar.xz'].map((end) => `/${releases.version}/polyenv-${releases.version}-${releases.platform}.${end}`);

  const bad: readonly [name: string, exit: number, says: RegExp, trial: () => Trial][] = [
    [
      'a wrong digest in SHA256SUMS',
      6,
      /not what SHA256SUMS promises/,
      () => {
        server.instead.set(sums(), (body) => Buffer.from(body.toString().replace(/^[0-9a-f]{8}/gm, '00000000')));
        return {};
      },
    ],
    [
      'a cut download with curl',
      5,
      /cannot be fetched whole/,
      () => {
        for (const path of archives()) server.instead.set(path, (body) => body.subarray(0, 1000));
        return { without: ['wget'] };
      },
    ],
    [
      'a cut download with wget',
      5,
      /cannot be fetched whole/,
      () => {
        for (const path of archives()) server.instead.set(path, (body) => body.subarray(0, 1000));
        return { without: ['curl'] };
      },
    ],
    ['a version that does not exist', 5, /is there such a version/, () => ({ args: ['--version', '9.9.9'] })],
    ['a version that is a path', 2, /is no version of polyenv/, () => ({ args: ['--version', '../..'] })],
    [
      'no room for the download',
      5,
      /cannot be fetched whole/,
      () => ({ shell: ['bash', '-c', 'ulimit -f 100; exec sh "$0" "$@"'] }),
    ],
    ['an unknown system', 4, /no release for Plan9/, () => ({ fakes: { uname: 'echo Plan9' } })],
    [
      'an unknown processor',
      4,
      /no release for the processor sparc/,
      () => ({ fakes: { uname: '[ "$1" = -s ] && echo Linux || echo sparc' } }),
    ],
    ['an old glibc', 4, /glibc 2\.17, and polyenv's Node\.js needs/, () => ({ fakes: { getconf: 'echo glibc 2.17' } })],
    [
      'a system with musl, for which this release has nothing',
      4,
      /no release for \w+-\w+-musl/,
      () => ({ fakes: { getconf: 'exit 1', uname: '[ "$1" = -s ] && echo Linux || echo x86_64', ls: 'exit 0' } }),
    ],
    ['neither curl nor wget', 1, /neither curl nor wget/, () => ({ without: ['curl', 'wget'] })],
    ['a line break in HOME', 3, /line break in its name/, () => ({ env: { HOME: `${home}\nx` } })],
    ['no HOME', 3, /HOME is not set/, () => ({ env: { HOME: undefined } })],
    ['a relative POLYENV_HOME', 3, /no absolute path/, () => ({ env: { POLYENV_HOME: 'here' } })],
    [
      'plain http from elsewhere',
      2,
      /over https only/,
      () => ({ env: { POLYENV_UPDATE_URL: 'http://mirror.example/releases' } }),
    ],
    ['another polyenv on PATH', 1, /another polyenv is on PATH: /, () => ({ fakes: { polyenv: 'echo other' } })],
    ['an unknown option', 2, /has no option --nonsense/, () => ({ args: ['--nonsense'] })],
    ['nothing to uninstall', 1, /there is no polyenv in/, () => ({ args: ['--uninstall'] })],
  ];
  it.for(bad)('%s is one clear error, and nothing is half done', async ([name, exit, says, trial], { skip }) => {
    if (name.includes('wget') && !has('wget')) skip('there is no wget here');
    if (name.includes('musl') && !readdirSync('/lib').some((one) => one.startsWith('ld-musl-')))
      skip('there is no musl loader here to be found');
    const ran = await install(trial());
    expect(ran.stderr).toMatch(says);
    expect(ran.exit, ran.stderr).toBe(exit);
    expect(ran.stderr.match(/^error: /gm)).toHaveLength(1);
    nothingDone();
  });

  it('a folder that may not be written is one clear error', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root may write everywhere');
    chmodSync(home, 0o555);
    const ran = await install({});
    chmodSync(home, 0o755);
    expect(ran.stderr).toContain('cannot be written');
    nothingDone();
  });

  it('--force installs beside another polyenv', async () => {
    const ran = await install({ fakes: { polyenv: 'echo other' }, args: ['--force'] });
    expect(ran.exit, ran.stderr).toBe(0);
  });
});

it.for(['install.sh', 'polyenv.sh'])('%s has no fault that shellcheck knows', (name, { skip }) => {
  if (!has('shellcheck')) skip('there is no shellcheck here');
  const file = join(__dirname, '../../scripts/release', name);
  expect(spawnSync('shellcheck', ['-S', 'style', '-s', 'sh', file], { encoding: 'utf8' }).stdout).toBe('');
});
