import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startVitest, type TestCase, type TestModule } from 'vitest/node';

/**
 * The project's one test command: build, types, lint, then every test. The last line is `N passed, N failed`; what was
 * skipped is named with its reason before it.
 */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const wanted = process.argv.slice(2);

let passed = 0;
let failed = 0;

for (const [name, command] of [
  ['build', ['tsx', 'scripts/build.ts']],
  ['types', ['tsc', '--noEmit', '-p', '.']],
  ['lint', ['biome', 'check', '--error-on-warnings', '.']],
] as const) {
  const started = Date.now();
  const [file, ...args] = command;
  const { status } = spawnSync(resolve(root, 'node_modules/.bin', file), args, { cwd: root, stdio: 'inherit' });
  if (status === 0) passed += 1;
  else failed += 1;
  console.log(`${name}: ${status === 0 ? 'ok' : 'FAILED'} (${Date.now() - started} ms)`);
}

const vitest = await startVitest('test', wanted, { root, watch: false, reporters: [['default', { summary: false }]] });
const skipped: string[] = [];
for (const file of vitest.state.getTestModules() as readonly TestModule[]) {
  if (file.errors().length > 0) failed += 1;
  for (const test of file.children.allTests() as Iterable<TestCase>) {
    const { state } = test.result();
    if (state === 'passed') passed += 1;
    else if (state === 'failed') failed += 1;
    else skipped.push(`skipped: ${test.fullName}${noteOf(test)}`);
  }
}
failed += vitest.state.getUnhandledErrors().length;
await vitest.close();

for (const line of skipped) console.log(line);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function noteOf(test: TestCase): string {
  const result = test.result();
  return result.state === 'skipped' && result.note !== undefined ? ` (${result.note})` : '';
}
