import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { hintsOfSource } from '../support/hints';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';
import { understand } from '../support/understand';

/** A hint that is a command fixes what it stands below: it is run in the situation that produced it. */
let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '22.20.0' },
    { version: '22.18.0' },
    { version: '22.1.0' },
    { version: '20.11.1', lts: 'Iron' },
  ]);
});
afterAll(() => server.close());
beforeEach(() => {
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
  const bin = machine.folder('bin');
  writeFileSync(join(bin, 'polyenv'), `#!/bin/sh\nexec '${process.execPath}' '${machine.program}' "$@"\n`);
  chmodSync(join(bin, 'polyenv'), 0o755);
});
afterEach(() => machine.remove());

/** A line of sh, as a person types it who has the shims on PATH. */
const type = (line: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  machine.run(['/bin/sh', '-c', line], {
    cwd,
    env: { PATH: `${join(machine.base, 'bin')}:${machine.shims}:/usr/bin:/bin`, ...env },
  });
const write = (name: string, text: string): void => {
  mkdirSync(join(cwd, name, '..'), { recursive: true });
  writeFileSync(join(cwd, name), text);
};
const setUp = async (...lines: readonly string[]): Promise<void> => {
  for (const line of lines) expect(await type(line), line).toMatchObject({ exit: 0 });
};

/** The commands of a hint: all of them where one follows the other, else the first of those to choose from. */
function commandsOf(hint: string): readonly string[] {
  const pieces = hint.split(/,? then |; then /);
  const chosen = pieces.length > 1 ? pieces : [hint.split(/,? or (?=[a-z])|; |, which /)[0] ?? ''];
  return chosen.flatMap((piece) => /(?:polyenv|export|mv|rm|chmod) .*$/.exec(piece)?.[0] ?? []);
}

interface Situation {
  readonly name: string;
  readonly make: () => Promise<void> | void;
  readonly type: string;
  /** Of the error. A finding that is no error has none. */
  readonly code?: string;
  /** As the source has it, with X for what is put in. */
  readonly hint: string;
  /** The hint shows what to choose from or how it is called: what failed stays as it is. */
  readonly shows?: true;
  readonly env?: Readonly<Record<string, string>>;
}

const trusted = async (): Promise<void> => {
  write('polyenv.toml', '[tasks]\nshow = "echo shown"\n');
  await setUp('polyenv trust --yes');
};

const SITUATIONS: readonly Situation[] = [
  {
    name: 'a pin that is not installed, and may not be by itself',
    make: () => write('.nvmrc', '20\n'),
    type: 'polyenv exec -- node',
    code: 'not-installed',
    hint: 'polyenv install',
    env: { POLYENV_INSTALL_MISSING: 'false' },
  },
  {
    name: 'a command of a pin that is missing',
    make: () => write('.nvmrc', '20\n'),
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
    make: () => setUp('polyenv use node@20'),
    type: 'polyenv uninstall node@20',
    code: 'in-use',
    hint: 'polyenv uninstall --force X@X',
    shows: true,
  },
  {
    name: 'a default that is to stay',
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
    make: async () => {
      await setUp('polyenv use node@20');
      chmodSync(join(machine.shims, 'node'), 0o755);
      writeFileSync(join(machine.shims, 'node'), '#!/bin/sh\necho other\n');
    },
    type: 'polyenv verify',
    hint: 'polyenv reshim',
  },
];

describe('the hint fixes it:', () => {
  it.each(SITUATIONS)('$name', { timeout: 90_000 }, async ({ make, type: line, code, env, hint: shape, shows }) => {
    await make();
    const failed = await type(line, env);
    expect(failed.exit, failed.stderr).not.toBe(0);
    const said = failed.stderr + failed.stdout;
    if (code !== undefined) expect(said).toContain(`error[${code}]`);
    const hint = /^ +try {2}(.*)$/m.exec(said)?.[1] ?? '';
    const commands = commandsOf(hint);
    expect(
      commands.some((command) => asPattern(shape).test(command)),
      said,
    ).toBe(true);
    for (const command of commands) {
      const fixed = await typeAgreeing(command, env);
      expect([command, fixed.exit, fixed.stderr], hint).toEqual([command, 0, expect.anything()]);
    }
    if (shows) return;
    const again = await type(line, env);
    expect([line, again.exit, again.stderr], hint).toEqual([line, 0, expect.anything()]);
  });
});

/** Nobody can be asked here: what a person would be asked, a person would agree to. */
async function typeAgreeing(command: string, env: Readonly<Record<string, string>> | undefined): Promise<Ran> {
  const ran = await type(command, env);
  const agreed = /^ {2}try {2}(.* --yes)$/m.exec(ran.stderr)?.[1];
  return ran.exit === 2 && agreed === `${command} --yes` ? type(agreed, env) : ran;
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
  [/^polyenv setup\b/, 'changes a start-up file: setup.test.ts types them'],
  [/^polyenv gateway\b/, 'starts a process that stays: life.test.ts types them'],
  [/^polyenv bundle create$/, 'says who makes a bundle: on another machine'],
  [/^polyenv link\b/, 'needs a build of the machine: linked-last.test.ts types it'],
  [/^polyenv (?:generate X|generate wrapper --write)$/, 'needs a package of polyenv: generate.test.ts types them'],
  [
    /^polyenv settings (?:unset X|set verify\.signatures|set network\.insecure_http true)$/,
    'needs a mirror, or a setting that cannot be read: settings.test.ts reads those',
  ],
  [
    /^polyenv (?:prune|lock X|lock --renew|off)$/,
    'needs a full disk, a build from source, an old lock, a shell that is activated',
  ],
  [
    /^polyenv (?:sync|sync --yes|init --yes|install --all|trust|trust --show|rollback|rollback --dry-run)$/,
    'doctor, init and rollback name it: doctor.test.ts, init.test.ts, rollback.test.ts',
  ],
  [
    /^polyenv (?:uninstall X@X|install X@lts|upgrade --latest X|which --why X|use|use X@X|use X@latest|use X@X --source X|use --default)$/,
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
    const run = new Set(SITUATIONS.map((situation) => situation.hint));
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
