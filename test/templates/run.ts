/**
 * Makes templates for real: a fresh folder, runtimes by polyenv, dependencies from the registries, build, tests, start,
 * a call, SIGTERM. Prints a table, and fails if one of them failed.
 *
 *   tsx test/templates/run.ts                 a quick part
 *   tsx test/templates/run.ts --all           all of them, each a second time, and two at once in conflicting versions
 *   tsx test/templates/run.ts go-http ...     those
 *   --database                                only what has a database, made with it
 *   --direct                                  without polyenv: with the tools that are on PATH
 *   --keep                                    leave the projects where they are
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  createWriteStream,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'smol-toml';
import { readTemplate } from '../../src/adapters/documents/templates';
import { newProject } from '../../src/app/making/new';
import { discard } from '../support/discard';
import { changedBetween, lookAtHome } from './home';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const templates = join(root, 'templates');
const QUICK = ['go-http', 'node-express'];
/** Two projects of one template whose versions cannot be one: started at the same time. */
const CONFLICT = { template: 'node-express', tool: 'node', requests: ['22', '24'] } as const;
const PATIENCE = 180_000;
const DATABASE = 'with_postgres';

interface Task {
  readonly run: readonly string[];
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly depends: readonly string[];
}

interface Project {
  readonly name: string;
  readonly folder: string;
  readonly runtimes: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly tasks: ReadonlyMap<string, Task>;
  readonly log: string;
}

interface Row {
  readonly template: string;
  readonly versions: string;
  readonly first: string;
  readonly second: string;
  readonly project: string;
  readonly outcome: string;
}

const words = process.argv.slice(2);
const options = new Set(words.filter((word) => word.startsWith('--')));
const chosen = words.filter((word) => !word.startsWith('--'));
const every = readdirSync(templates).filter((name) => existsSync(join(templates, name, 'template.toml')));
const unknown = chosen.filter((name) => !every.includes(name));
if (unknown.length > 0) {
  console.error(`no such template: ${unknown.join(', ')}; there are ${every.join(', ')}`);
  process.exit(2);
}
const names = chosen.length > 0 ? chosen : options.has('--all') ? every : QUICK;

const work = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-templates-')));
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  POLYENV_HOME: join(work, 'home'),
  // One for all crates of all templates would hide what a first build costs, and be of no project.
  CARGO_TARGET_DIR: undefined,
  CI: '1',
};
const running = new Set<ChildProcess>();
/** What was not as the template wants it, by template. */
const remarks = new Map<string, readonly string[]>();
/** Projects whose servers are still there at the end. */
const withServers: string[] = [];
let failed = 0;

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});

async function main(): Promise<void> {
  try {
    const before = lookAtHome();
    const rows: Row[] = [];
    for (const name of names) {
      for (const variant of await variantsOf(name)) rows.push(await tryTemplate(name, variant));
    }
    if (options.has('--all') && !options.has('--direct')) rows.push(await tryConflict());
    const changed = changedBetween(before, lookAtHome());
    console.log(renderTable(rows));
    if (changed.length > 0) {
      failed += 1;
      console.log(`FAILED: these changed in ${homedir()}: ${changed.join(', ')}`);
    }
  } finally {
    for (const child of running) stopGroup(child);
    for (const folder of withServers)
      await polyenv(['down'], { cwd: folder, log: `${folder}.log` }).catch(console.error);
    if (options.has('--keep') || failed > 0) console.log(`kept: ${work}`);
    else discard(work);
  }
  console.log(`${names.length} templates, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function tryTemplate(name: string, { given, label }: Variant): Promise<Row> {
  const row = { template: label, versions: '', first: '', second: '', project: '' };
  // Each is tried as it is meant to be first, and says so for itself if it cannot.
  environment.POLYENV_VERIFY_SIGNATURES = process.env.POLYENV_VERIFY_SIGNATURES;
  try {
    const first = await timed(() => build(name, label.replaceAll(' ', '-'), given));
    const project = first.value;
    const versions = await versionsOf(project);
    if (project.tasks.has('migrate')) await runTask(project, 'migrate');
    await runTask(project, 'check');
    await runTask(project, 'test');
    await tryStart(project);
    if (project.tasks.has('tour')) await runTask(project, 'tour');
    const size = megabytes(sizeOf(project.folder));
    const second = options.has('--all')
      ? (await timed(() => build(name, `${label.replaceAll(' ', '-')}-2`, given))).seconds
      : '';
    console.log(`${label}: ok`);
    const outcome = ['ok', ...(remarks.get(name) ?? [])].join(', ');
    return { ...row, versions, first: first.seconds, second, project: size, outcome };
  } catch (error) {
    failed += 1;
    console.log(`${label}: FAILED\n${String(error)}`);
    return { ...row, outcome: 'FAILED' };
  }
}

interface Variant {
  readonly label: string;
  readonly given: Readonly<Record<string, string>>;
}

/** Options that are off by default are part of what is promised: all of them, and where a database is one of them, all but it too. */
async function variantsOf(name: string): Promise<readonly Variant[]> {
  const { template } = await readTemplate(join(templates, name));
  const switches = template.parameters.filter(({ type }) => type === 'boolean').map((one) => one.name);
  const variant = (label: string, chosen: readonly string[]): Variant => ({
    label,
    given: Object.fromEntries(chosen.map((one) => [one, 'true'])),
  });
  const plain = variant(
    name,
    switches.filter((one) => one !== DATABASE),
  );
  // Only polyenv starts a database.
  const stored =
    switches.includes(DATABASE) && !options.has('--direct') ? [variant(`${name} with postgres`, switches)] : [];
  return options.has('--database') ? stored : [plain, ...stored];
}

async function tryConflict(): Promise<Row> {
  const { template, tool, requests } = CONFLICT;
  const row = { template: `${template} twice`, first: '', second: '', project: '' };
  try {
    const projects = await Promise.all(requests.map((request) => build(template, tool + request, { [tool]: request })));
    const answers = await Promise.all(projects.map((project) => tryStart(project)));
    const versions = answers.map((answer) => (JSON.parse(answer) as Record<string, string>)[tool] ?? '');
    for (const [index, request] of requests.entries()) {
      if (!versions[index]?.startsWith(`v${request}.`)) throw new Error(`${request} was asked for: ${versions[index]}`);
    }
    return { ...row, versions: versions.join(' and '), outcome: 'ok' };
  } catch (error) {
    failed += 1;
    console.log(`${row.template}: FAILED\n${String(error)}`);
    return { ...row, versions: requests.join(' and '), outcome: 'FAILED' };
  }
}

/** A new project with its runtimes, dependencies and build. */
async function build(name: string, label: string, given: Readonly<Record<string, string>>): Promise<Project> {
  const folder = join(work, `${name}-${label}`);
  const log = `${folder}.log`;
  const ports: Record<string, string> = {};
  const read = await readTemplate(join(templates, name));
  for (const parameter of read.template.parameters) {
    if (parameter.type === 'port') ports[parameter.name] = String(await freePort());
  }
  const values = { ...ports, ...given };
  if (options.has('--direct')) {
    await newProject({ read, target: folder, given: values, steps: [] });
    if (existsSync(join(folder, 'polyenv.toml')) && read.template.runtimes.some(({ tool }) => tool === 'python')) {
      await succeed({ command: [process.env.PYTHON ?? 'python3', '-m', 'venv', '.venv'], cwd: folder, log });
    }
  } else {
    await makeProject({ name, folder, log, values, runtimes: read.template.runtimes.map(({ tool }) => tool) });
  }
  const project = readProject(name, folder, log);
  if (given[DATABASE] === 'true') withServers.push(folder);
  if (project.tasks.has('setup')) await runTask(project, 'setup');
  await runTask(project, 'build');
  return project;
}

/**
 * `polyenv new`. Where a runtime cannot be had in the version that the template wants, or without the upstream's signature only, the
 * project is made with what can be had, and that is said.
 */
async function makeProject(wanted: {
  readonly name: string;
  readonly folder: string;
  readonly log: string;
  readonly values: Readonly<Record<string, string>>;
  readonly runtimes: readonly string[];
}): Promise<void> {
  const { name, folder, log, runtimes } = wanted;
  const values = { ...wanted.values };
  for (;;) {
    const sets = Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
    try {
      await polyenv(['new', name, folder, '--yes', '--no-git', ...sets], { cwd: work, log });
      return;
    } catch (error) {
      const [, code = '', why = ''] = /^error\[([\w-]+)\] (.*)$/m.exec(String(error)) ?? [];
      const tool = runtimes.find((one) => why.includes(one) && values[one] !== 'latest');
      if (code === 'signature-missing' && environment.POLYENV_VERIFY_SIGNATURES === undefined) {
        environment.POLYENV_VERIFY_SIGNATURES = 'when-present';
        remark(name, `without the signature that is required: ${why}`);
      } else if (['version-not-found', 'platform-missing'].includes(code) && tool !== undefined) {
        values[tool] = 'latest';
        remark(name, `with the latest ${tool} instead of the one it wants: ${why}`);
      } else throw error;
    }
  }
}

function remark(template: string, text: string): void {
  console.log(`${template}: runs ${text}`);
  remarks.set(template, [...(remarks.get(template) ?? []), text.split(':')[0] ?? '']);
}

function readProject(name: string, folder: string, log: string): Project {
  const manifest = parse(readFileSync(join(folder, 'polyenv.toml'), 'utf8')) as {
    runtimes: Record<string, unknown>;
    env?: Record<string, string>;
    tasks: Record<string, string | (Partial<Omit<Task, 'run'>> & { run?: string | string[] })>;
  };
  const tasks = Object.entries(manifest.tasks).map(([key, body]): [string, Task] => {
    const table: Partial<Omit<Task, 'run'>> & { run?: string | string[] } =
      typeof body === 'string' ? { run: body } : body;
    const run = table.run === undefined ? [] : [table.run].flat();
    return [key, { run, dir: table.dir ?? '.', env: table.env ?? {}, depends: table.depends ?? [] }];
  });
  return {
    name,
    folder,
    runtimes: Object.keys(manifest.runtimes),
    env: manifest.env ?? {},
    tasks: new Map(tasks),
    log,
  };
}

/** The tasks that it comes down to, dependencies first. */
function leavesOf(project: Project, name: string): readonly Task[] {
  const task = project.tasks.get(name);
  if (task === undefined) throw new Error(`${project.name} has no task ${name}`);
  const before = task.depends.flatMap((depended) => leavesOf(project, depended));
  return task.run.length === 0 ? before : [...before, task];
}

async function runTask(project: Project, name: string): Promise<void> {
  if (!options.has('--direct')) {
    await succeed({ ...byPolyenv(project, name), log: project.log });
    return;
  }
  for (const task of leavesOf(project, name)) {
    for (const line of task.run) await succeed({ ...inProject(project, task, line), log: project.log });
  }
}

/** Starts every service of the project, calls each, stops each. The body of the last `GET /`. */
async function tryStart(project: Project): Promise<string> {
  const leaves = leavesOf(project, 'start');
  const ports = leaves.map((task) => task.env.PORT ?? project.env.PORT);
  const children = options.has('--direct')
    ? leaves.map((task) => start({ ...inProject(project, task, task.run.join(' && ')), log: project.log }))
    : [start({ ...byPolyenv(project, 'start'), log: project.log })];
  const services = ports.map((port, index) => ({ port, child: children[index] ?? (children[0] as ChildProcess) }));
  let body = '';
  for (const { child, port } of services) {
    if (port === undefined) {
      await sleep(2000);
      continue;
    }
    const origin = `http://127.0.0.1:${port}`;
    await call(`${origin}/healthz`, child, Date.now() + PATIENCE);
    body = await call(`${origin}/`, child, Date.now() + PATIENCE);
  }
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it stopped by itself; see ${project.log}`);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const [code, signal] = await Promise.race([ended, sleep(30_000, ['no end', undefined] as const, { ref: false })]);
    if (code !== 0) throw new Error(`SIGTERM: ${signal ?? code} instead of exit 0; see ${project.log}`);
  }
  return body;
}

async function call(url: string, child: ChildProcess, deadline: number): Promise<string> {
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const response = await fetch(url).catch(() => undefined);
    if (response?.ok) return response.text();
    if (response !== undefined && response.status !== 503) throw new Error(`${url} answers ${response.status}`);
    await sleep(100);
  }
  throw new Error(`${url} does not answer`);
}

const VERSION_COMMANDS: Readonly<Record<string, string>> = {
  go: 'go version',
  java: 'java --version',
  node: 'node --version',
  python: 'python --version',
  rust: 'rustc --version',
};

async function versionsOf(project: Project): Promise<string> {
  const task = { run: [], dir: '.', env: {}, depends: [] };
  const found: string[] = [];
  for (const tool of project.runtimes) {
    const command = inProject(project, task, VERSION_COMMANDS[tool] ?? `${tool} --version`);
    const output = await succeed({ ...command, log: project.log });
    found.push(`${tool} ${/\d+\.\d+[\w.+-]*/.exec(output)?.[0] ?? '?'}`);
  }
  return found.join(' ');
}

interface Run {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly log: string;
}

/** Through the task runner that a person would use. */
function byPolyenv(project: Project, task: string) {
  return { command: [process.execPath, program(), 'run', task], cwd: project.folder, env: environment };
}

/** A line of shell with the project's runtimes: through polyenv, or with the tools on PATH. */
function inProject(project: Project, task: Task, line: string) {
  const env: Record<string, string | undefined> = { ...environment, ...project.env, ...task.env };
  const cwd = join(project.folder, task.dir);
  const shell = ['sh', '-c', line];
  if (!options.has('--direct')) return { command: [process.execPath, program(), 'exec', '--', ...shell], cwd, env };
  return { command: shell, cwd, env: { ...env, PATH: `${join(project.folder, '.venv/bin')}:${env.PATH}` } };
}

function polyenv(args: readonly string[], where: { readonly cwd: string; readonly log: string }): Promise<string> {
  return succeed({ command: [process.execPath, program(), ...args], ...where });
}

function program(): string {
  const file = join(root, 'dist', 'polyenv.cjs');
  if (!existsSync(file)) throw new Error('dist/polyenv.cjs is missing: npm run build');
  return file;
}

/** What it printed. Rejects with the end of that if it fails. */
async function succeed(run: Run): Promise<string> {
  const child = start(run);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const [code, signal] = await once(child, 'close');
  if (code === 0) return output;
  throw new Error(`${run.command.join(' ')} in ${run.cwd}: ${signal ?? code}\n${output.slice(-3000)}`);
}

function start({ command, cwd, env = environment, log }: Run): ChildProcess {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const written = createWriteStream(log, { flags: 'a' });
  written.write(`\n$ ${command.join(' ')}\n`);
  child.stdout.pipe(written, { end: false });
  child.stderr.pipe(written, { end: false });
  running.add(child);
  child.once('close', () => {
    running.delete(child);
    written.end();
  });
  return child;
}

/** With all that it started: a shell that was stopped by a signal leaves its child behind. */
function stopGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone already.
  }
}

async function timed<T>(action: () => Promise<T>): Promise<{ readonly value: T; readonly seconds: string }> {
  const started = performance.now();
  const value = await action();
  return { value, seconds: `${((performance.now() - started) / 1000).toFixed(1)} s` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function sizeOf(path: string): number {
  const facts = lstatSync(path);
  if (!facts.isDirectory()) return facts.size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function renderTable(rows: readonly Row[]): string {
  const heads: Row = {
    template: 'template',
    versions: 'versions',
    first: 'first time',
    second: 'second time',
    project: 'size',
    outcome: 'outcome',
  };
  const keys = Object.keys(heads) as (keyof Row)[];
  const widths = keys.map((key) => Math.max(...[heads, ...rows].map((row) => row[key].length)));
  const line = (row: Row): string =>
    keys
      .map((key, index) => row[key].padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return [line(heads), ...rows.map(line)].join('\n');
}
