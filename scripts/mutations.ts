import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { GUARDS, guardsIn, type Standing } from './guards';
import { readReport, reportingArguments } from './vitest-report';

/**
 * `npx tsx scripts/mutations.ts [NAME...]`: takes each guard out, in a copy of the project, and sees whether a test
 * fails without it. Exits 1 if no test does, or if a guard cannot be taken out.
 */
async function main(words: readonly string[]): Promise<number> {
  const unknown = words.filter((word) => GUARDS[word] === undefined);
  if (unknown.length > 0) {
    console.error(`no guard is called ${unknown.join(', ')}`);
    return 2;
  }
  const queue = findGuards().filter(({ name }) => words.length === 0 || words.includes(name));
  const copies = Array.from({ length: Math.min(AT_ONCE, queue.length) }, copyProject);
  try {
    const bad = await findRed(copies[0] ?? '', queue);
    const verdicts: Verdict[] = [];
    const waiting = [...queue];
    await Promise.all(
      copies.map(async (copy) => {
        for (let guard = waiting.shift(); guard !== undefined; guard = waiting.shift()) {
          const verdict = guard.tests.some((test) => bad.has(test))
            ? { outcome: 'unclear' as const, why: 'its tests fail already' }
            : await tryWithout(copy, guard);
          verdicts.push(verdict);
          console.log(
            `${verdict.outcome.padEnd(8)} ${guard.name.padEnd(20)} ${guard.stops}${verdict.why && `: ${verdict.why}`}`,
          );
        }
      }),
    );
    const missed = verdicts.filter(({ outcome }) => outcome === 'missed').length;
    console.log(`${missed} of ${verdicts.length} guards missed when taken out, ${verdicts.length - missed} not`);
    return missed === verdicts.length ? 0 : 1;
  } finally {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  }
}

interface Found extends Standing {
  readonly file: string;
  readonly stops: string;
  readonly tests: readonly string[];
}

/** Every guard of the table with the file in which it stands. */
function findGuards(): readonly Found[] {
  return readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:ts|sh)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .flatMap((file) =>
      guardsIn(readFileSync(join(root, file), 'utf8'), file).flatMap((standing) => {
        const guard = GUARDS[standing.name];
        return guard === undefined ? [] : [{ ...standing, ...guard, file }];
      }),
    );
}

/** `missed`: a test failed without the guard. `SURVIVED`: none did. `unclear`: the trial itself went wrong. */
interface Verdict {
  readonly outcome: 'missed' | 'SURVIVED' | 'unclear';
  readonly why: string;
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const AT_ONCE = 2;
const TIMEOUT = 240_000;

/** What tests read; `node_modules` is shared. */
const COPIED = ['src', 'runtimes', 'test', 'scripts', 'templates', 'docs', 'package.json', 'tsconfig.json'];
const COPIED_TOO = ['vitest.config.ts', 'biome.json', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE'];

function copyProject(): string {
  const copy = mkdtempSync(join(tmpdir(), 'polyenv-mutations-'));
  for (const name of [...COPIED, ...COPIED_TOO]) cpSync(join(root, name), join(copy, name), { recursive: true });
  mkdirSync(join(copy, 'dist'));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** Test files that fail with every guard in place: their failures say nothing. */
async function findRed(copy: string, guards: readonly Found[]): Promise<ReadonlySet<string>> {
  const tests = [...new Set(guards.flatMap((guard) => guard.tests))];
  if (tests.some(needsBuild)) await run(copy, 'tsx', ['scripts/build.ts']);
  const red = new Set<string>();
  for (const test of tests) {
    const { failed, passed } = await runTest(copy, test, { bail: false });
    if (failed > 0 || passed === 0) red.add(test);
  }
  if (red.size > 0) console.log(`red without any change: ${[...red].join(', ')}`);
  return red;
}

async function tryWithout(copy: string, guard: Found): Promise<Verdict> {
  const path = join(copy, guard.file);
  const text = readFileSync(path, 'utf8');
  const changed = text.slice(0, guard.from) + text.slice(guard.to);
  if (guard.file.endsWith('.ts')) {
    const wrong = await transform(changed, { loader: 'ts' }).then(
      () => undefined,
      (error: Error) => error.message.split('\n')[0],
    );
    if (wrong !== undefined) return { outcome: 'unclear', why: `without it the file is no TypeScript: ${wrong}` };
  }
  writeFileSync(path, changed);
  try {
    if (guard.tests.some(needsBuild) && (await run(copy, 'tsx', ['scripts/build.ts'])).status !== 0)
      return { outcome: 'unclear', why: 'without it nothing can be built' };
    let broken = false;
    for (const test of guard.tests) {
      const ran = await runTest(copy, test, { bail: true });
      if (ran.failed > 0) return { outcome: 'missed', why: '' };
      broken ||= ran.broken;
    }
    return broken
      ? { outcome: 'unclear', why: 'without it the tests cannot be loaded' }
      : { outcome: 'SURVIVED', why: '' };
  } finally {
    writeFileSync(path, text);
  }
}

/** These run the built command line. */
function needsBuild(test: string): boolean {
  return /^test\/(?:e2e|faults)\/|^test\/gateway\/(?:life|tls|browser)\.|\/(?:activation|callers|completions|slow-path|sixth-runtime)\.test\.ts$/.test(
    test,
  );
}

async function runTest(
  copy: string,
  test: string,
  { bail }: { readonly bail: boolean },
): Promise<{ readonly failed: number; readonly passed: number; readonly broken: boolean }> {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  const args = [...reportingArguments(test, report), ...(bail ? ['--bail=1'] : [])];
  const { status } = await run(copy, 'vitest', args);
  try {
    return { ...readReport(report), broken: status !== 0 };
  } catch {
    // A test that never ends is one that failed.
    return { failed: status === undefined ? 1 : 0, passed: 0, broken: true };
  }
}

/** `status` is `undefined` if it had to be stopped. */
function run(cwd: string, program: string, args: readonly string[]): Promise<{ readonly status: number | undefined }> {
  return new Promise((done, fail) => {
    const child = spawn(join(cwd, 'node_modules/.bin', program), args, { cwd, stdio: 'ignore', detached: true });
    const timer = setTimeout(() => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, TIMEOUT);
    child.once('error', fail);
    child.once('close', (code) => {
      clearTimeout(timer);
      done({ status: code ?? undefined });
    });
  });
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
