import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { hintsOfSource } from '../support/hints';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';
import { understand } from '../support/understand';

/** A hint that is a command fixes what it stands below: it is run in the situation that produced it. */
let server: TinyNode;
/** Of all situations that leave the home as it was, with two Nodes in the store: an installation for each would be most of the time. */
let common: Machine;
let machine: Machine;
let cwd: string;
let folders = 0;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '22.20.0' },
    { version: '22.18.0' },
    { version: '22.1.0' },
    { version: '20.11.1', lts: 'Iron' },
  ]);
  common = onMachine();
  await setUp('polyenv install node@20', 'polyenv install node@22');
});
afterAll(async () => {
  common.remove();
  await server.close();
});
afterEach(() => {
  if (machine !== common) machine.remove();
});

/** With `polyenv` on PATH. */
function onMachine(): Machine {
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
  const bin = machine.folder('bin');
  writeFileSync(join(bin, 'polyenv'), `#!/bin/sh\nexec '${process.execPath}' '${machine.program}' "$@"\n`);
  chmodSync(join(bin, 'polyenv'), 0o755);
  return machine;
}

/** In an empty folder. */
function begin({ alone }: Situation): void {
  if (alone) {
    onMachine();
    return;
  }
  machine = common;
  cwd = machine.folder(`project-${++folders}`);
}

const path = (): string => `${join(machine.base, 'bin')}:${machine.shims}:/usr/bin:/bin`;
/** A line of sh, as a person types it who has the shims on PATH. */
const type = (line: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  machine.run(['/bin/sh', '-c', line], { cwd, env: { PATH: path(), ...env } });
const write = (name: string, text: string): void => {
  mkdirSync(join(cwd, name, '..'), { recursive: true });
  writeFileSync(join(cwd, name), text);
};
const setUp = async (...lines: readonly string[]): Promise<void> => {
  for (const line of lines) {
    if (/^polyenv [^'"$]*$/.test(line)) await machine.prepare(line.split(' ').slice(1), { cwd, env: { PATH: path() } });
    else expect((await type(line)).exit, line).toBe(0);
  }
};

/** The commands of a hint: all of them where one follows the other, else the first of those to choose from. */
function commandsOf(hint: string): readonly string[] {
  const pieces = hint.split(/,? then |; then /);
  const choices = hint.split(/,? or (?=[a-z])|; |, which /);
  const chosen =
    pieces.length > 1 ? pieces : [choices.find((choice) => choice.includes('polyenv ')) ?? choices[0] ?? ''];
  return chosen.flatMap((piece) => /(?:polyenv|export|mv|rm|chmod) .*$/.exec(piece)?.[0].split(' && ') ?? []);
}

interface Situation {
  readonly name: string;
  readonly make: () => Promise<void> | void;
  readonly type: string;
  /** Of the error. A finding that is no error has none. */
  readonly code?: string;
  /** As the source has it, with X for what is put in; each command of it. */
  readonly hint: string | readonly string[];
  /** It is said, and fails nothing: once the hint was followed, it is said no more. */
  readonly finding?: RegExp;
  /** It changes the home, or needs an empty one. */
  readonly alone?: true;
  /** The hint shows what to choose from or how it is called: what failed stays as it is. */
  readonly shows?: true;
  readonly env?: Readonly<Record<string, string>>;
  /** What the person puts in for a word in capitals. */
  readonly fill?: Readonly<Record<string, string>>;
}

const trusted = async (): Promise<void> => {
  write('polyenv.toml', '[tasks]\nshow = "echo shown"\n');
  await setUp('polyenv trust --yes');
};

const SITUATIONS: readonly Situation[] = [
  {
    name: 'a pin that is not installed, and may not be by itself',
    make: () => write('.nvmrc', '22.18\n'),
    type: 'polyenv exec -- node',
    code: 'not-installed',
    hint: 'polyenv install',
    env: { POLYENV_INSTALL_MISSING: 'false' },
  },
  {
    name: 'a command of a pin that is missing',
    make: () => write('.nvmrc', '22.1.0\n'),
    type: 'polyenv which node',
    code: 'not-installed',
    hint: 'polyenv install',
  },
  {
    name: 'a folder that pins nothing',
    make: () => undefined,
    type: 'polyenv install',
    code: 'manifest-missing',
    hint: 'polyenv use node@lts',
  },
  {
    name: 'a verb with a slip',
    make: () => write('.nvmrc', '20\n'),
    type: 'polyenv instal',
    code: 'usage',
    hint: 'polyenv X',
    shows: true,
  },
  {
    name: 'a task of a manifest that is not trusted',
    make: () => write('polyenv.toml', '[runtimes]\nnode = "20"\n\n[tasks]\nshow = "echo shown"\n'),
    type: 'polyenv run show',
    code: 'not-trusted',
    hint: 'polyenv trust --yes',
  },
  {
    name: 'a lock that lacks a pin',
    make: async () => {
      await setUp('polyenv use node@20');
      write('polyenv.toml', '[runtimes]\nnode = "22"\n');
    },
    type: 'polyenv install --frozen',
    code: 'lock-stale',
    hint: 'polyenv lock',
  },
  {
    name: 'a toolchain that a project needs',
    alone: true,
    make: () => setUp('polyenv use node@20'),
    type: 'polyenv uninstall node@20',
    code: 'in-use',
    hint: 'polyenv uninstall --force X@X',
    shows: true,
  },
  {
    name: 'a default that is to stay',
    alone: true,
    make: () => setUp('polyenv use --default node@20'),
    type: 'polyenv uninstall node@20',
    code: 'in-use',
    hint: 'polyenv uninstall --force X@X',
    shows: true,
  },
  {
    name: 'a lock that is no lock',
    make: async () => {
      await setUp('polyenv use node@20');
      rmSync(join(cwd, 'polyenv.lock'));
      write('polyenv.lock', 'not a lock');
    },
    type: 'polyenv install',
    code: 'lockfile-invalid',
    hint: 'polyenv lock',
  },
  {
    name: 'exec without a command',
    make: () => undefined,
    type: 'polyenv exec',
    code: 'usage',
    hint: 'polyenv exec -- node --version',
    shows: true,
  },
  {
    name: 'a shim of what nothing pins',
    make: () => setUp('polyenv reshim'),
    type: `PATH=\${PATH%%:/usr/bin*} node --version`,
    code: 'command-not-found',
    hint: 'polyenv use X',
  },
  {
    name: 'a runtime with a slip',
    make: () => undefined,
    type: 'polyenv use noed@20',
    code: 'tool-unknown',
    hint: 'polyenv X',
    shows: true,
  },
  {
    name: 'a task with a slip',
    make: trusted,
    type: 'polyenv run shwo',
    code: 'task-unknown',
    hint: 'polyenv run X',
    shows: true,
  },
  {
    name: 'a task that nobody has',
    make: trusted,
    type: 'polyenv run zebra',
    code: 'task-unknown',
    hint: 'polyenv run --list',
    shows: true,
  },
  {
    name: 'a command that no runtime gives',
    make: () => setUp('polyenv use node@20'),
    type: 'polyenv which zebra',
    code: 'command-not-found',
    hint: 'polyenv current',
    shows: true,
  },
  {
    name: 'a toolchain that is not there',
    make: () => undefined,
    type: 'polyenv uninstall node@19',
    code: 'not-installed',
    hint: 'polyenv ls',
    shows: true,
  },
  {
    name: 'a manager that is not here',
    make: () => undefined,
    type: 'polyenv import volta',
    code: 'not-installed',
    hint: 'polyenv import',
    shows: true,
  },
  {
    name: 'a setting with a slip',
    make: () => undefined,
    type: 'polyenv settings get mirror',
    code: 'usage',
    hint: 'polyenv settings get X',
    shows: true,
  },
  {
    name: 'a setting that nobody has',
    make: () => undefined,
    type: 'polyenv settings set zebra 1',
    code: 'settings-invalid',
    hint: 'polyenv settings list',
    shows: true,
  },
  {
    name: 'an option that nobody has',
    make: () => undefined,
    type: 'polyenv use --zebra',
    code: 'usage',
    hint: 'polyenv help X',
    shows: true,
  },
  {
    name: 'a version that nobody released',
    make: () => undefined,
    type: 'polyenv use node@19',
    code: 'version-not-found',
    hint: 'polyenv ls-remote X',
    shows: true,
  },
  {
    name: 'version files without a manifest',
    make: () => write('.nvmrc', '20\n'),
    type: 'polyenv sync --yes',
    code: 'manifest-missing',
    hint: 'polyenv init',
  },
  {
    name: 'a proposal that nobody could be asked about',
    make: () => write('.nvmrc', '20\n'),
    type: 'polyenv init',
    code: 'usage',
    hint: 'polyenv init --yes',
    shows: true,
  },
  {
    name: 'a manifest that is nowhere',
    make: () => undefined,
    type: 'polyenv trust --yes',
    code: 'manifest-missing',
    hint: 'polyenv use node@lts',
  },
  {
    name: 'a change that nobody agreed to take back',
    make: () => setUp('polyenv use node@20', 'polyenv use node@22'),
    type: 'polyenv rollback',
    code: 'usage',
    hint: 'polyenv rollback --yes',
    shows: true,
  },
  {
    name: 'a lock in CI that is behind',
    make: async () => {
      await setUp('polyenv use node@20');
      write('polyenv.toml', '[runtimes]\nnode = "22"\n');
    },
    type: 'polyenv lock --check',
    code: 'lock-stale',
    hint: 'polyenv lock',
  },
  {
    name: 'install with the words of use, frozen',
    make: () => setUp('polyenv use node@20'),
    type: 'polyenv install --frozen node@20',
    code: 'usage',
    hint: 'polyenv install --X',
    shows: true,
  },
  {
    name: 'a version that the template cannot run',
    make: () => undefined,
    type: 'polyenv new node-express svc --node 16',
    code: 'usage',
    hint: 'polyenv new X --X X',
    shows: true,
  },
  {
    name: 'a toolchain whose files were changed',
    alone: true,
    make: async () => {
      await setUp('polyenv use node@20');
      const [key = ''] = readdirSync(join(machine.polyenvHome, 'store')).filter((name) => !name.endsWith('.json'));
      const file = join(machine.polyenvHome, 'store', key, 'bin/node');
      chmodSync(file, 0o755);
      writeFileSync(file, '#!/bin/sh\necho other\n');
    },
    type: 'polyenv verify',
    hint: 'polyenv verify --repair',
  },
  {
    name: 'a shim that somebody wrote over',
    alone: true,
    make: async () => {
      await setUp('polyenv use node@20');
      chmodSync(join(machine.shims, 'node'), 0o755);
      writeFileSync(join(machine.shims, 'node'), '#!/bin/sh\necho other\n');
    },
    type: 'polyenv verify',
    hint: 'polyenv reshim',
  },
  // What is no command line: the hint shows how it is called.
  ...(
    [
      ['polyenv use --default --local node@20', 'polyenv help use'],
      ['polyenv upgrade --latest --patch', 'polyenv help upgrade'],
      ['polyenv self zebra', 'polyenv help self'],
      ['polyenv self update 1 --check', 'polyenv help self'],
      ['polyenv bundle install', 'polyenv help bundle'],
      ['polyenv new node-express svc --set name', 'polyenv help new'],
      ['polyenv resolve node@20 --candidates none.json', 'polyenv help resolve'],
      ['polyenv qqqqqq', 'polyenv help'],
      ['polyenv settings get', 'polyenv settings list'],
      ['polyenv settings set sources.preference', 'polyenv settings unset X'],
      ['polyenv settings unset sources.preference latest', 'polyenv settings unset X'],
      ['polyenv settings set mirrors zebra', 'polyenv settings get mirrors'],
      ['polyenv services adopt', 'polyenv ps --all'],
      ['polyenv setup', 'polyenv setup --yes'],
    ] as const
  ).map(
    ([line, hint]): Situation => ({
      name: `words that are wrong: ${line}`,
      make: () => undefined,
      type: line,
      hint,
      shows: true,
    }),
  ),
  {
    name: 'a manifest that nobody could be asked about',
    make: () => write('polyenv.toml', '[env]\nA = "1"\n'),
    type: 'polyenv trust',
    code: 'not-trusted',
    hint: ['polyenv trust --show', 'polyenv trust --yes'],
  },
  {
    name: 'a task that nobody trusts',
    make: () => write('polyenv.toml', '[tasks]\nshow = "echo shown"\n'),
    type: 'polyenv run show',
    code: 'not-trusted',
    hint: ['polyenv trust --show', 'polyenv trust --yes'],
  },
  {
    name: 'a way back that nobody could be asked about',
    make: () => setUp('polyenv use node@20'),
    type: 'polyenv rollback',
    code: 'usage',
    hint: ['polyenv rollback --dry-run', 'polyenv rollback --yes'],
    shows: true,
  },
  {
    name: 'two files that contradict each other, without a manifest',
    make: () => {
      write('.nvmrc', '20\n');
      write('.node-version', '22\n');
    },
    type: 'polyenv doctor',
    finding: /asks for|decides/,
    hint: ['polyenv init --yes', 'polyenv sync --yes'],
  },
  {
    name: 'a file that contradicts the manifest',
    make: async () => {
      await setUp('polyenv use node@20');
      write('.nvmrc', '22\n');
    },
    type: 'polyenv doctor',
    finding: /\.nvmrc:1/,
    hint: 'polyenv sync',
  },
  {
    name: 'a file that contradicts what use has written',
    make: () => write('.nvmrc', '22\n'),
    type: 'polyenv use node@20',
    finding: /\.nvmrc:1/,
    hint: 'polyenv sync',
  },
  {
    name: 'a manifest of which a part does not apply',
    make: () => write('polyenv.toml', '[runtimes]\nnode = "20"\n\n[env]\nA = "1"\n'),
    type: 'polyenv doctor',
    finding: /is not trusted/,
    hint: 'polyenv trust',
  },
  {
    name: 'a pin that doctor misses',
    alone: true,
    make: () => write('.nvmrc', '20\n'),
    type: 'polyenv doctor',
    finding: /pinned and not installed/,
    hint: 'polyenv install',
  },
  {
    name: 'a home that is not made yet',
    alone: true,
    make: () => undefined,
    type: 'polyenv doctor',
    finding: /has no home yet/,
    hint: 'polyenv use node@lts',
  },
  {
    name: 'a launcher that is gone',
    alone: true,
    make: async () => {
      await setUp('polyenv reshim');
      rmSync(join(machine.polyenvHome, 'bin/polyenv'));
    },
    type: 'polyenv doctor',
    finding: /launcher is missing/,
    hint: 'polyenv reshim',
  },
  {
    name: 'a lock without this platform',
    make: async () => {
      await setUp('polyenv use node@20');
      const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
      const others = lock.replaceAll(new RegExp(`^linux-${process.arch}[\\w-]* = \\[[^\\]]*\\]\n`, 'gm'), '');
      expect(others).not.toBe(lock);
      write('polyenv.lock', others);
    },
    type: 'polyenv doctor',
    finding: /locked/,
    hint: 'polyenv lock --renew',
  },
  {
    name: 'a lock that is not what is asked for',
    make: async () => {
      await setUp('polyenv use node@20');
      const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
      write('polyenv.lock', lock.replaceAll('"20"', '"22"'));
      write('polyenv.toml', '[runtimes]\nnode = "22"\n');
    },
    type: 'polyenv doctor',
    finding: /is locked as/,
    hint: 'polyenv lock --renew',
  },
  {
    name: 'what a killed install left',
    make: async () => {
      await setUp('polyenv use node@20');
      const [key = ''] = readdirSync(join(machine.polyenvHome, 'store')).filter((name) => !name.endsWith('.json'));
      mkdirSync(
        join(
          machine.polyenvHome,
          'tmp',
          key.replace(/\w$/, (sign) => (sign === '0' ? '1' : '0')),
        ),
      );
    },
    type: 'polyenv doctor',
    finding: /left this/,
    hint: 'polyenv prune',
  },
  {
    name: 'pins that are all in folders below',
    make: () => write('part/.nvmrc', '20\n'),
    type: 'polyenv init',
    code: 'manifest-missing',
    hint: 'polyenv install --all',
    shows: true,
  },
  {
    name: 'nothing that could be out of date',
    make: () => undefined,
    type: 'polyenv outdated',
    code: 'manifest-missing',
    hint: 'polyenv use X@latest',
  },
  {
    name: 'an exact pin that is to go up',
    make: () => setUp('polyenv use node@20.11.1'),
    type: 'polyenv upgrade',
    finding: /pinned exactly/,
    hint: 'polyenv upgrade --latest X',
    shows: true,
  },
  {
    name: 'a linked toolchain that has gone',
    alone: true,
    make: async () => {
      await setUp('polyenv use node@20');
      const root = dirname(dirname((await type('polyenv which node')).stdout.trim()));
      await setUp(`cp -r '${root}' mine`, 'chmod -R u+w mine', 'polyenv link node@20.11.1 "$PWD/mine"', 'rm -r mine');
    },
    type: 'polyenv verify',
    finding: /its files are gone/,
    hint: 'polyenv verify --repair',
  },
  {
    name: 'no source that may be used',
    make: () => undefined,
    type: 'polyenv use node@22.1',
    code: 'source-refused',
    hint: 'polyenv settings get sources.allowed',
    shows: true,
    env: { POLYENV_SOURCES_ALLOWED: 'zebra' },
  },
  {
    name: 'only what this machine has, to go up',
    make: () => setUp('polyenv use node@20'),
    type: 'polyenv upgrade',
    finding: /only-system/,
    hint: 'polyenv settings get sources.preference',
    shows: true,
    env: { POLYENV_SOURCES_PREFERENCE: 'only-system' },
  },
  {
    name: 'a place of what is not installed',
    alone: true,
    make: () => undefined,
    type: 'polyenv where node@20',
    code: 'not-installed',
    hint: 'polyenv use X',
  },
  {
    name: 'a settings file that cannot be read',
    alone: true,
    make: () => {
      mkdirSync(join(machine.home, '.config/polyenv'), { recursive: true });
      writeFileSync(join(machine.home, '.config/polyenv/settings.json'), '{\n  "zebra": 1\n}\n');
    },
    type: 'polyenv use node@20',
    code: 'settings-invalid',
    hint: 'polyenv help settings',
    shows: true,
  },
  {
    name: 'a command that the pinned release does not bring',
    make: () => setUp('polyenv use node@20', 'polyenv reshim'),
    type: `PATH=\${PATH%%:/usr/bin*} npx`,
    code: 'command-not-found',
    hint: 'polyenv current',
    shows: true,
  },
  {
    name: 'a version with a slip',
    make: () => undefined,
    type: 'polyenv use node@2O',
    code: 'request-invalid',
    hint: 'polyenv use X@X',
    shows: true,
  },
  {
    name: 'an image that is of another version than the pin',
    make: async () => {
      await setUp('polyenv use node@20');
      write('Dockerfile', 'FROM node:22.18.0\n');
    },
    type: 'polyenv doctor',
    finding: /it says .*22\.18/,
    hint: 'polyenv use X@X',
  },
  {
    name: 'a mirror without signatures, where they are required',
    alone: true,
    make: () => setUp('polyenv settings set verify.signatures required'),
    type: 'polyenv use node@22.1',
    code: 'signature-missing',
    hint: 'polyenv settings set verify.signatures',
    env: { POLYENV_VERIFY_SIGNATURES: '' },
  },
  {
    name: 'a mirror that anyone on the way could change',
    alone: true,
    make: () => undefined,
    type: 'POLYENV_MIRRORS=$(echo "$POLYENV_MIRRORS" | sed s/127.0.0.1/0.0.0.0/g) polyenv use node@22.1',
    code: 'insecure-url',
    hint: 'polyenv settings set network.insecure_http true',
  },
  {
    name: 'a start-up file that puts another Node before the shims',
    alone: true,
    make: async () => {
      await setUp('polyenv use node@20', 'mkdir other', 'cp "$(polyenv which node)" other/node');
      await setUp(`SHELL=/bin/bash polyenv setup --yes`, `echo "PATH='$PWD/other':\\$PATH" >>~/.bashrc`);
    },
    type: `bash -c '. ~/.bashrc && polyenv doctor'`,
    finding: /other\/node comes before polyenv's node on PATH/,
    hint: ['polyenv setup --undo', 'polyenv setup'],
    env: { SHELL: '/bin/bash' },
  },
  {
    name: 'a Node for polyenv itself that does not run it',
    alone: true,
    make: () => undefined,
    type: 'polyenv setup --yes --shell bash',
    finding: /does not run polyenv/,
    hint: 'polyenv setup --no-own-node',
    shows: true,
  },
  {
    name: 'an archive that is not what the lock holds',
    alone: true,
    make: async () => {
      await setUp('polyenv use node@20');
      const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
      write('polyenv.lock', lock.replaceAll(/sha256:[0-9a-f]{8}/g, 'sha256:00000000'));
      await setUp('polyenv uninstall --force node@20', 'rm -rf "$POLYENV_HOME/downloads"');
    },
    type: 'polyenv install',
    code: 'digest-mismatch',
    hint: 'polyenv lock --renew',
  },
  {
    name: 'the words of the wrapper, for a file that calls it',
    make: () => setUp('polyenv use node@20'),
    type: `polyenv generate dockerfile --url https://polyenv.example/p.tgz --digest sha256:${'0'.repeat(64)}`,
    code: 'usage',
    hint: ['polyenv generate wrapper --write', 'polyenv generate X'],
    fill: { URL: 'https://polyenv.example/p.tgz', HEX: '0'.repeat(64) },
    shows: true,
  },
  {
    name: 'polyenv itself, which is to go',
    alone: true,
    make: () => setUp('polyenv reshim'),
    type: 'polyenv self uninstall',
    code: 'usage',
    hint: 'polyenv self uninstall --yes',
    shows: true,
  },
];

describe('the hint fixes it:', () => {
  it.each(SITUATIONS)('$name', { timeout: 90_000 }, async (situation) => {
    const { make, type: line, code, env, hint: shapes, shows, finding, fill = {} } = situation;
    begin(situation);
    await make();
    const failed = await type(line, env);
    const said = failed.stderr + failed.stdout;
    if (finding === undefined) expect(failed.exit, said).not.toBe(0);
    else expect(said).toMatch(finding);
    if (code !== undefined) expect(said).toContain(`error[${code}]`);
    // Of several findings, the one that is meant.
    const from = finding === undefined ? said : said.slice(said.search(finding));
    const hint = /(?:^ +try {2}|: (?=polyenv ))(.*)$/m.exec(from)?.[1] ?? '';
    const commands = commandsOf(hint.replace(/\b[A-Z]{3,}\b/g, (word) => fill[word] ?? word));
    for (const shape of [shapes].flat())
      expect(
        commands.some((command) => asPattern(shape).test(command)),
        `${shape}: ${said}`,
      ).toBe(true);
    for (const command of commands) {
      const fixed = await typeAgreeing(command, env);
      expect([command, fixed.exit, fixed.stderr], hint).toEqual([command, 0, expect.anything()]);
    }
    if (shows) return;
    const again = await type(line, env);
    if (finding !== undefined) expect(again.stderr + again.stdout, hint).not.toMatch(finding);
    else expect([line, again.exit, again.stderr], hint).toEqual([line, 0, expect.anything()]);
  });
});

/** Nobody can be asked here: what a person would be asked, a person would agree to. */
async function typeAgreeing(command: string, env: Readonly<Record<string, string>> | undefined): Promise<Ran> {
  const ran = await type(command, env);
  const agreed = /^ {2}try {2}.*?(polyenv \S+(?: [^,]+)? --yes)$/m.exec(ran.stderr)?.[1];
  return [2, 8].includes(ran.exit) && agreed === `${command} --yes` ? type(agreed, env) : ran;
}

/** X stands for a word that is put in; alone, for all the words of a command. */
function asPattern(shape: string): RegExp {
  const words = shape
    .split(/(\bX\b)/)
    .map((part) => (part === 'X' ? '\\S+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
    .join('');
  return shape === 'polyenv X' ? /^polyenv \w/ : new RegExp(`(?:^|&& )${words}(?: |$)`);
}

/** Hints of the source that no situation above produces, and why none does. */
const NOT_RUN: readonly (readonly [hint: RegExp, reason: string])[] = [
  [/\b(?:[A-Z]{2,}|sha256)\b/, 'a word in capitals is the person to fill in'],
  [/^polyenv help\b/, 'shows a page: help.test.ts asks for them'],
  [
    /^polyenv (?:settings get|ls-remote|info|size|ps|detect|doctor|settings list)\b/,
    'only shows something, like those above',
  ],
  [
    /^polyenv (?:-C X )?(?:connect|down|dump|load|logs|open|prune --data|reset|restart|restore|services|snapshot|stop|up|upgrade X|url)\b/,
    'needs a server: services.test.ts, services-care.test.ts and services-data.test.ts type them',
  ],
  [
    /^polyenv (?:push|store|settings (?:un)?set store|generate compose --registry)\b/,
    'needs a registry: the tests of the team store and generate.test.ts type them',
  ],
  [/^polyenv self\b/, 'replaces or takes away polyenv itself: self-update.test.ts and setup.test.ts type them'],
  [/^polyenv (?:tls|exec -- polyenv tls)\b/, 'changes what browsers believe: tls.test.ts types them'],
  [/^polyenv gateway\b/, 'starts a process that stays: life.test.ts types them'],
  [/^polyenv bundle create$/, 'says who makes a bundle: on another machine'],
  [/^polyenv link\b/, 'needs a build of the machine: linked-last.test.ts types it'],
  [
    /^polyenv (?:prune|lock X|lock --renew|off)$/,
    'needs a full disk, a build from source, an old lock, a shell that is activated',
  ],
  [
    /^polyenv (?:sync|sync --yes|init --yes|install --all|trust|trust --show|rollback|rollback --dry-run)$/,
    'doctor, init and rollback name it: doctor.test.ts, init.test.ts, rollback.test.ts',
  ],
  [
    /^polyenv (?:uninstall X@X|install X@lts|upgrade --latest X|use|use X@latest|use X@X --source X|use --default)$/,
    'with other words one of those above, and the version is what the tests of outdated, upgrade and doctor look at',
  ],
  [
    /^polyenv (?:new X|new --no-git|new X --set X=VALUE|ide vscode --print|exec -- X)$/,
    'says another choice of the same command: new-floor.test.ts, ide.test.ts, doctor.test.ts',
  ],
];

describe('every hint that is a command', () => {
  const hints = [...hintsOfSource()];

  it('is found in the source', () => {
    expect(hints.length).toBeGreaterThan(150);
    expect(hints.map(([hint]) => hint)).toContain('polyenv verify --repair');
  });

  it.each(hints.filter(([hint]) => hint !== 'polyenv X'))('%s is one that polyenv has', async (hint) => {
    await understand(asTyped(hint));
  });

  it('is run in a situation above, or there is a reason', () => {
    const run = new Set(SITUATIONS.flatMap((situation) => situation.hint));
    // The page of an error says in general what each message says for its case.
    const said = hints
      .filter(([, files]) => files.some((file) => !file.endsWith('error-pages.ts')))
      .map(([hint]) => hint);
    expect(said.filter((hint) => !run.has(hint) && !NOT_RUN.some(([pattern]) => pattern.test(hint)))).toEqual([]);
    expect([...run].filter((hint) => !said.includes(hint))).toEqual([]);
    expect(NOT_RUN.filter(([pattern]) => !said.some((hint) => pattern.test(hint))).map(([, reason]) => reason)).toEqual(
      [],
    );
  });
});

/** With words that can stand where the source puts some in. */
function asTyped(hint: string): string {
  if (hint.startsWith('polyenv generate X')) return hint.replace('X', 'dockerfile');
  return hint
    .replace(/\bX@X\b|TOOL@(?:VERSION|REQUEST)|X@VERSION/, 'node@20')
    .replace(/^(polyenv use )(?:X|--default)$/, '$1node')
    .replace(/^polyenv use$/, 'polyenv use node')
    .replace(/X@(?=latest|lts)/, 'node@')
    .replace(/^(polyenv new X) --X X$/, '$1 --node 24')
    .replace(/^(polyenv install) --X$/, '$1 --frozen');
}
