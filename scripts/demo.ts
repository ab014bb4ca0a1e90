import { execFile } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The main job for real: throw-away projects with conflicting pins, installed by polyenv from whatever this machine
 * reaches; then their commands run at the same time through the shims. Leaves the machine as it was.
 */
const cli = join(__dirname, 'polyenv.cjs');

/** Pins that cannot both be satisfied by one installation. */
const PROJECTS: Readonly<Record<string, readonly Pin[]>> = {
  alpha: [
    { tool: 'node', request: '20', command: ['node', '--version'] },
    { tool: 'go', request: '1.24', command: ['go', 'version'] },
    { tool: 'python', request: '3.11', command: ['python3', '--version'] },
    { tool: 'rust', request: 'stable', command: ['rustc', '--version'] },
    { tool: 'java', request: '17', command: ['java', '-version'] },
  ],
  beta: [
    { tool: 'node', request: '22', command: ['node', '--version'] },
    { tool: 'go', request: '1.25', command: ['go', 'version'] },
    { tool: 'python', request: '3.12', command: ['python3', '--version'] },
    { tool: 'rust', request: 'nightly', command: ['rustc', '--version'] },
    { tool: 'java', request: '25', command: ['java', '-version'] },
  ],
};

interface Pin {
  readonly tool: string;
  readonly request: string;
  readonly command: readonly [string, ...string[]];
}

interface Result {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Installed {
  readonly project: string;
  readonly pin: Pin;
  readonly version?: string;
  readonly source?: string;
  readonly proof?: string;
  readonly linked?: boolean;
  readonly milliseconds: number;
  /** Why it could not be had. */
  readonly reason?: string;
}

async function main(): Promise<number> {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-demo-')));
  const home = join(base, 'home');
  const env = { ...process.env, POLYENV_HOME: home };
  const before = snapshot(homedir());
  try {
    say(`polyenv, for real: two projects with conflicting pins below ${base}\n`);
    for (const name of Object.keys(PROJECTS)) mkdirSync(join(base, name), { recursive: true });
    const installed = await Promise.all(
      Object.entries(PROJECTS).flatMap(([project, pins]) => [installAll(join(base, project), { project, pins, env })]),
    );
    const rows = await Promise.all(installed.flat().map((one) => runThrough(join(base, one.project), one, env)));
    say(`\n${table([['project', 'command', 'asked', 'by', 'answered', 'source', 'proof', 'seconds'], ...rows])}\n`);
    for (const one of installed.flat())
      if (one.reason !== undefined) say(`not here: ${one.project} ${one.pin.tool}@${one.pin.request}: ${one.reason}`);
    const verdict = judge(installed.flat(), rows);
    say(verdict.text);
    return verdict.ok && tellChanges(before, snapshot(homedir())) ? 0 : 1;
  } finally {
    await polyenv(['self', 'uninstall', '--yes', '--quiet', '--keep-settings'], { cwd: base, env });
    await run('rm', ['-rf', base], { cwd: tmpdir(), env });
    say(existsSync(base) ? `could not remove ${base}` : `removed ${base}`);
  }
}

/** One after the other within a project, for each writes its manifest; the projects side by side. */
async function installAll(
  cwd: string,
  of: { readonly project: string; readonly pins: readonly Pin[]; readonly env: NodeJS.ProcessEnv },
): Promise<readonly Installed[]> {
  const results: Installed[] = [];
  for (const pin of of.pins) {
    const started = Date.now();
    const { exit, stdout, stderr } = await useOrLink(pin, cwd, of.env);
    const milliseconds = Date.now() - started;
    const answer = parseLast(stdout);
    const tool = (answer?.tools as readonly Record<string, unknown>[] | undefined)?.[0];
    if (exit === 0 && tool !== undefined) {
      const { version, source, proof, linked } = tool as {
        version: string;
        source: string;
        proof: string;
        linked: boolean;
      };
      results.push({ project: of.project, pin, version, source, proof, linked, milliseconds });
      say(`${of.project}: ${pin.tool} ${version} from ${source} in ${(milliseconds / 1000).toFixed(1)} s`);
    } else {
      const error = answer?.error as { message?: string } | undefined;
      results.push({
        project: of.project,
        pin,
        milliseconds,
        reason: error?.message ?? (stderr.trim().split('\n').pop() || `status ${exit}`),
      });
    }
  }
  return results;
}

/** What this machine has is taken where nothing can be downloaded and proved; the reason is told, and it is called linked. */
async function useOrLink(pin: Pin, cwd: string, env: NodeJS.ProcessEnv): Promise<Result> {
  const words = ['use', `${pin.tool}@${pin.request}`, '--json'];
  const first = await polyenv(words, { cwd, env });
  if (first.exit === 0) return first;
  const second = await polyenv(words, { cwd, env: { ...env, POLYENV_SOURCES_PREFERENCE: 'only-system' } });
  if (second.exit !== 0) return first;
  const error = parseLast(first.stdout)?.error as { message?: string } | undefined;
  say(
    `${pin.tool}@${pin.request} is not downloaded here: ${error?.message ?? 'no reason was given'}; it is linked instead`,
  );
  return second;
}

async function runThrough(cwd: string, one: Installed, env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const { pin, project } = one;
  const [command, ...args] = pin.command;
  const words = pin.command.join(' ');
  if (one.version === undefined) return [project, words, `${pin.tool}@${pin.request}`, '', 'not here', '', '', ''];
  // The go command counts its own uses in the person's configuration: that is Go's doing, and not wanted in a demo.
  const config = join(env.POLYENV_HOME ?? '', '..', 'config');
  const routed = { ...env, PATH: `${join(env.POLYENV_HOME ?? '', 'shims')}:${env.PATH}`, XDG_CONFIG_HOME: config };
  const [ran, why] = await Promise.all([
    run(command, args, { cwd, env: routed }),
    polyenv(['which', command, '--why', '--json'], { cwd, env: routed }),
  ]);
  const from = (parseLast(why.stdout)?.from as { file?: string; line?: number } | undefined) ?? {};
  const by = `${from.file?.split('/').pop() ?? '?'}:${from.line ?? '?'}`;
  const answered = `${ran.stdout}${ran.stderr}`.trim().split('\n')[0] ?? '';
  const matches = ran.exit === 0 && answered.includes(one.version.replace(/[+-].*$/, '').replace(/^nightly.*/, ''));
  const proof = one.linked ? 'linked, not verified' : (one.proof ?? '');
  return [
    project,
    words,
    `${pin.tool}@${pin.request}`,
    by,
    matches ? answered.slice(0, 44) : `WRONG: ${answered.slice(0, 60)}`,
    one.source ?? '',
    proof,
    (one.milliseconds / 1000).toFixed(1),
  ];
}

function judge(
  installed: readonly Installed[],
  rows: readonly (readonly string[])[],
): { readonly ok: boolean; readonly text: string } {
  const wrong = rows.filter((row) => row[4]?.startsWith('WRONG'));
  if (wrong.length > 0) return { ok: false, text: `${wrong.length} commands did not reach their pin` };
  const verified = new Map<string, Set<string>>();
  for (const { pin, version, linked } of installed) {
    if (version === undefined || linked) continue;
    verified.set(pin.tool, (verified.get(pin.tool) ?? new Set()).add(version));
  }
  const twice = [...verified].filter(([, versions]) => versions.size >= 2).map(([tool]) => tool);
  if (twice.length === 0)
    return { ok: false, text: 'no runtime could be downloaded and verified in two versions on this machine' };
  return { ok: true, text: `downloaded and verified in two versions at once: ${twice.join(', ')}` };
}

type Snapshot = ReadonlyMap<string, string>;

const SEEN_MAX = 5_000_000;
/** What other programs write by themselves while we run: npm's and the shell's own logs and caches. */
const NOT_OURS = /(^|\/)(\.npm|\.cache|node_modules|\.bash_history|\.zsh_history|\.viminfo)(\/|$)/;

/** Every file of the person's home by size and time, so that a change made by anything we ran would show. */
function snapshot(root: string): Snapshot {
  const seen = new Map<string, string>();
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined && seen.size < SEEN_MAX; folder = folders.pop()) {
    let names: readonly string[];
    try {
      names = readdirSync(folder);
    } catch {
      continue;
    }
    for (const name of names) {
      const path = join(folder, name);
      if (NOT_OURS.test(path.slice(root.length))) continue;
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) continue;
      if (found.isDirectory()) folders.push(path);
      seen.set(path, found.isDirectory() ? 'folder' : `${found.size} ${found.mtimeMs}`);
    }
  }
  return seen;
}

function tellChanges(before: Snapshot, after: Snapshot): boolean {
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  if (changed.length === 0) {
    say(`nothing outside POLYENV_HOME and the two projects changed: ${before.size} files of your home compared`);
    return true;
  }
  say(
    `CHANGED outside POLYENV_HOME and the projects:\n${changed
      .slice(0, 20)
      .map((path) => `  ${path}`)
      .join('\n')}`,
  );
  return false;
}

function polyenv(
  args: readonly string[],
  at: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Result> {
  return run(process.execPath, [cli, ...args], at);
}

function run(
  file: string,
  args: readonly string[],
  at: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<Result> {
  return new Promise((resolve) => {
    execFile(file, args, { ...at, env: { ...at.env, PWD: at.cwd }, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      const code = (error as { code?: unknown } | null)?.code;
      resolve({ exit: error === null ? 0 : typeof code === 'number' ? code : 1, stdout, stderr });
    });
  });
}

function parseLast(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text.trim().split('\n').pop() ?? '') as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => (row[index] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

main().then((code) => {
  process.exitCode = code;
});
