import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestModule } from 'vitest/node';

/**
 * The project's one test command: build, types, lint, then every test. The last line is `N passed, N failed`; what was
 * skipped is named with its reason before it. `--faults` and `--templates` run the long drivers instead.
 */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Tests that need root say so in their names. `.ci/as-user` runs them apart from all the others, on what was built and checked for those. */
const AS_ROOT = '--as-root';
const NEEDS_ROOT = '\\(as root\\)$';

const DRIVERS: Readonly<Record<string, string>> = {
  '--faults': 'test/faults/run.ts',
  '--templates': 'test/templates/run.ts',
};

main(process.argv.slice(2)).then((code) => {
  process.exit(code);
});

async function main(words: readonly string[]): Promise<number> {
  const driver = DRIVERS[words[0] ?? ''];
  if (driver !== undefined) return run('tsx', ['scripts/build.ts']) || run('tsx', [driver, ...words.slice(1)]);
  const asRoot = words.includes(AS_ROOT);
  const steps = asRoot
    ? []
    : [
        check('build', 'tsx', ['scripts/build.ts']),
        check('types', 'tsc', ['--noEmit', '-p', '.']),
        check('lint', 'biome', ['check', '--error-on-warnings', '.']),
      ];
  const tests = await runTests(
    words.filter((word) => word !== AS_ROOT),
    asRoot ? NEEDS_ROOT : undefined,
  );
  const passed = steps.filter((ok) => ok).length + tests.passed;
  const failed = steps.filter((ok) => !ok).length + tests.failed;
  for (const line of tests.skipped) console.log(line);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && tests.passed > 0 ? 0 : 1;
}

async function runTests(
  filters: readonly string[],
  testNamePattern?: string,
): Promise<{ readonly passed: number; readonly failed: number; readonly skipped: readonly string[] }> {
  const { startVitest } = await import('vitest/node');
  const reporters: [string, Record<string, unknown>][] = [['default', { summary: false }]];
  const options = { root, watch: false, reporters, ...(testNamePattern !== undefined && { testNamePattern }) };
  const files = testNamePattern === undefined ? filters : filesThatSay('(as root)');
  const vitest = await startVitest('test', [...files], options);
  let [passed, failed] = [0, vitest.state.getUnhandledErrors().length];
  const skipped: string[] = [];
  for (const file of vitest.state.getTestModules() as readonly TestModule[]) {
    failed += file.errors().length;
    for (const test of file.children.allTests()) {
      const result = test.result();
      if (result.state === 'passed') passed += 1;
      else if (result.state === 'failed') failed += 1;
      else if (testNamePattern === undefined) {
        const note = result.state === 'skipped' && result.note !== undefined ? ` (${result.note})` : '';
        skipped.push(`skipped: ${test.fullName}${note}`);
      }
    }
  }
  await vitest.close();
  return { passed, failed, skipped };
}

/** Test files, and with a table of rows the file that runs it: reading all others would take longer than their tests. */
function filesThatSay(words: string): readonly string[] {
  const files = readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes(words));
  const rows = files.some((file) => file.startsWith('test/faults/')) ? ['test/faults/matrix.test.ts'] : [];
  return [...files.filter((file) => file.endsWith('.test.ts')), ...rows];
}

function check(name: string, program: string, args: readonly string[]): boolean {
  const started = Date.now();
  const ok = run(program, args) === 0;
  console.log(`${name}: ${ok ? 'ok' : 'FAILED'} (${Date.now() - started} ms)`);
  return ok;
}

function run(program: string, args: readonly string[]): number {
  const { status } = spawnSync(resolve(root, 'node_modules/.bin', program), args, { cwd: root, stdio: 'inherit' });
  return status ?? 1;
}
