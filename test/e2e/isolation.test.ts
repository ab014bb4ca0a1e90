import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { watchWrites } from '../../src/adapters/files/writes';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { ownConfiguration, takeSettings } from '../support/own-configuration';
import { withRealToolchains } from '../support/real-toolchains';
import { serveTinyNode } from '../support/tiny-node';

const SECONDS = 240_000;

interface Report {
  readonly exit: number;
  readonly shared: readonly { readonly folder: string; readonly count: number }[];
  readonly changed: readonly { readonly path: string; readonly kind: string }[];
}

describe('the report of writes', () => {
  let machine: Machine;
  beforeAll(() => {
    machine = newMachine();
  });
  afterAll(() => machine.remove());

  const reported = async (script: string): Promise<Report> => {
    const cwd = machine.folder('project');
    writeFileSync(join(cwd, 'polyenv.toml'), '');
    const words = ['exec', '--json', '--report-writes', '--in', machine.base, '--', '/bin/sh', '-c', script];
    const ran = await machine.polyenv(words, { cwd });
    return ran.json<Report & Record<string, unknown>>();
  };

  test('names what is made, changed and taken away, and how the command ended', async () => {
    for (const file of ['old', 'kept', 'gone/a']) {
      mkdirSync(dirname(join(machine.home, file)), { recursive: true });
      writeFileSync(join(machine.home, file), 'before');
    }
    const { exit, changed } = await reported(
      'cd "$HOME" && echo x >new && echo x >>old && touch -r kept old && rm gone/a && cat kept && exit 7',
    );
    expect(exit).toBe(7);
    expect(changed).toEqual([
      { path: join(machine.home, 'gone'), kind: 'emptied' },
      { path: join(machine.home, 'new'), kind: 'made' },
      { path: join(machine.home, 'old'), kind: 'changed' },
    ]);
  });

  test('leaves out the project and polyenv itself, and follows no link', async () => {
    const { changed } = await reported('echo x >inside; ln -s / "$HOME/everything"; cd "$HOME" && ls >/dev/null');
    expect(changed).toEqual([{ path: join(machine.home, 'everything'), kind: 'made' }]);
  });

  test('is a few lines for a reader, after what the command itself printed', async () => {
    const cwd = machine.folder('project');
    const words = [
      'exec',
      '--report-writes',
      '--in',
      machine.home,
      '--',
      '/bin/sh',
      '-c',
      'echo out; echo x >"$HOME/z"',
    ];
    const { stdout, stderr } = await machine.polyenv(words, { cwd });
    expect(stdout).toBe('out\n');
    expect(stderr).toMatch(
      /^changed outside the project and polyenv's home \(\d+ files and folders looked at.*\n {2}made {2}~\/z\n$/s,
    );
  });
});

describe('a verb changes nothing outside the project and polyenv', () => {
  let machine: Machine;
  let server: Awaited<ReturnType<typeof serveTinyNode>>;
  beforeAll(async () => {
    server = await serveTinyNode([
      { version: '20.11.1', lts: 'Iron' },
      { version: '22.1.0', lts: 'Jod' },
    ]);
    machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  });
  afterAll(async () => {
    machine.remove();
    await server.close();
  });

  const VERBS: readonly (readonly string[])[] = [
    ['use', 'node@20'],
    ['install'],
    ['install', '--frozen'],
    ['lock'],
    ['current'],
    ['ls'],
    ['ls-remote', 'node'],
    ['which', 'node', '--why'],
    ['where', 'node'],
    ['env'],
    ['status'],
    ['detect'],
    ['doctor'],
    ['verify'],
    ['sbom'],
    ['trust', '--yes'],
    ['untrust'],
    ['exec', '--', 'node', '--version'],
    ['exec', 'node@22', '--', 'node', '--version'],
    ['reshim'],
    ['settings', 'list'],
    ['templates'],
    ['help', 'use'],
    ['uninstall', 'node@22'],
    ['prune', '--dry-run'],
    ['prune'],
    ['remove', 'node'],
  ];

  test(
    'whichever it is',
    async () => {
      const cwd = machine.folder('project');
      const temporary = machine.folder('temporary');
      for (const words of VERBS) {
        await machine.polyenv(['--version']);
        const changes = await watchWrites({
          roots: [machine.home, temporary],
          except: [],
          clock: machine.folder('clock'),
        });
        const ran = await machine.polyenv(words, { cwd, env: { TMPDIR: temporary } });
        expect(`${words.join(' ')}: ${ran.exit} ${ran.exit === 0 ? '' : ran.stderr}`).toBe(`${words.join(' ')}: 0 `);
        expect({ words, others: changes().found }).toEqual({ words, others: [] });
      }
    },
    SECONDS,
  );
});

/**
 * The table of what is private and what is shared, with the real tools: at most the tools' own shared folders may change,
 * and in a project with strict isolation not even those.
 */
describe.each(['default', 'strict'] as const)('real tools, isolation %s', (isolation) => {
  let machine: Machine;
  beforeAll(() => {
    machine = newMachine({ ...ownConfiguration(), POLYENV_NETWORK_RETRIES: '0', CI: '1' });
    takeSettings(machine);
  });
  afterAll(() => machine.remove());

  async function project(name: string, pins: readonly string[], files: Readonly<Record<string, string>>) {
    const cwd = machine.folder(name);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(cwd, file)), { recursive: true });
      writeFileSync(join(cwd, file), text);
    }
    if (isolation === 'strict') writeFileSync(join(cwd, 'polyenv.toml'), 'isolation = "strict"\n');
    for (const preference of ['managed', 'only-system']) {
      const env = { POLYENV_SOURCES_PREFERENCE: preference };
      const used = await withRealToolchains(machine, () => machine.polyenv(['use', ...pins], { cwd, env }));
      if (used.exit === 0) return { cwd };
      if (preference === 'only-system') return { reason: `${pins.join(' ')}: ${used.stderr.split('\n')[0]}` };
    }
    return { reason: 'unreachable' };
  }

  /** What a line of shell changed in the person's home; skipped if it failed for want of a registry. */
  async function watched(cwd: string, script: string): Promise<{ readonly ran: Ran; readonly report: Report }> {
    const words = ['exec', '--json', '--report-writes', '--in', machine.home, '--', '/bin/sh', '-c', script];
    const ran = await machine.polyenv(words, { cwd });
    return { ran, report: ran.json<Report & Record<string, unknown>>() };
  }

  function expectContained({ ran, report }: { readonly ran: Ran; readonly report: Report }, shared: readonly string[]) {
    expect({ exit: report.exit, said: report.exit === 0 ? '' : ran.stderr }).toEqual({ exit: 0, said: '' });
    expect(report.changed).toEqual([]);
    const allowed = shared.map((folder) => join(machine.home, folder));
    expect(report.shared.map(({ folder }) => folder).filter((folder) => !allowed.includes(folder))).toEqual([]);
    if (isolation === 'strict') {
      expect(report.shared.map(({ folder }) => folder).filter((folder) => !folder.endsWith('/telemetry'))).toEqual([]);
    }
  }

  const unreachable = /ENOTFOUND|ECONNREFUSED|ETIMEDOUT|E404|E403|dial tcp|Could not transfer|No matching distribution/;

  test(
    'npm install, and npm install -g',
    async ({ skip }) => {
      const { cwd, reason } = await project('node', ['node@22'], {
        'package.json': '{ "private": true, "dependencies": { "ms": "2.1.3" } }',
        'tool/package.json': '{ "name": "said", "version": "1.0.0", "bin": "said.js" }',
        'tool/said.js': '#!/usr/bin/env node\nconsole.log("said by", process.version);\n',
      });
      if (cwd === undefined) return skip(reason ?? '');
      const result = await watched(cwd, 'npm install --no-audit --no-fund && npm install -g --no-audit ./tool && said');
      if (result.report.exit !== 0 && unreachable.test(result.ran.stderr)) return skip('no npm registry is reached');
      expectContained(result, ['.npm']);
      const routed = await machine.run(['said'], { cwd });
      expect(routed.stdout).toMatch(/^said by v22\./);
      expect((await machine.run(['said'], { cwd: machine.folder('elsewhere') })).exit).toBe(127);
      expect(existsSync(join(machine.home, '.npm'))).toBe(isolation === 'default');
    },
    SECONDS,
  );

  test(
    'pip install',
    async ({ skip }) => {
      const { cwd, reason } = await project('python', ['python@3'], {});
      if (cwd === undefined) return skip(reason ?? '');
      const result = await watched(
        cwd,
        'pip install --disable-pip-version-check -q six==1.17.0 && python -c "import six"',
      );
      if (result.report.exit !== 0 && unreachable.test(result.ran.stderr)) return skip('no package index is reached');
      expectContained(result, ['.cache/pip']);
      expect(existsSync(join(machine.home, '.local'))).toBe(false);
    },
    SECONDS,
  );

  test(
    'go build, and go install',
    async ({ skip }) => {
      const { cwd, reason } = await project('go', ['go@1.24.0'], {
        'go.mod': 'module example.org/tool\n\ngo 1.24\n',
        // Without fmt, half as much of the standard library is compiled into the empty caches.
        'main.go': 'package main\n\nimport "syscall"\n\nfunc main() { syscall.Write(1, []byte("tool\\n")) }\n',
      });
      if (cwd === undefined) return skip(reason ?? '');
      const result = await watched(cwd, 'go build -o built . && ./built && go install . && tool');
      expectContained(result, ['.cache/go-build', 'go/pkg/mod', '.config/go/telemetry']);
      expect(existsSync(join(machine.home, 'go/bin'))).toBe(false);
      expect((await machine.run(['tool'], { cwd })).stdout).toBe('tool\n');
      expect(existsSync(join(machine.home, '.cache/go-build'))).toBe(isolation === 'default');
    },
    SECONDS,
  );

  test(
    'cargo build, and cargo install',
    async ({ skip }) => {
      const { cwd, reason } = await project('rust', ['rust@stable'], {
        'Cargo.toml': '[package]\nname = "crated"\nversion = "0.1.0"\nedition = "2021"\n',
        'src/main.rs': 'fn main() {\n    println!("crated");\n}\n',
      });
      if (cwd === undefined) return skip(reason ?? '');
      const result = await watched(cwd, 'cargo build -q --offline && cargo install -q --offline --path . && crated');
      expectContained(result, ['.cargo']);
      expect(existsSync(join(machine.home, '.cargo/bin/crated'))).toBe(false);
      expect((await machine.run(['crated'], { cwd })).stdout).toBe('crated\n');
    },
    SECONDS,
  );

  test(
    'mvn package',
    async ({ skip }) => {
      const { cwd, reason } = await project('java', ['java@17', 'maven@3.9'], {
        'pom.xml':
          '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>hello</artifactId><version>1</version></project>',
      });
      if (cwd === undefined) return skip(reason ?? '');
      const result = await watched(cwd, 'mvn -B -q package');
      if (result.report.exit !== 0 && unreachable.test(result.ran.stderr))
        return skip('no Maven repository is reached');
      expectContained(result, ['.m2', '.gradle']);
      // Java takes the person's home from the system, not from HOME: of the shared repository only the private one is known.
      const own = join(machine.polyenvHome, `homes/.${cwd}/.polyenv/java/m2`);
      expect(existsSync(own) && readdirSync(own).length > 0).toBe(isolation === 'strict');
    },
    SECONDS,
  );
});
