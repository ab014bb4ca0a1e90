import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { TestSequencer, TestSpecification } from 'vitest/node';
import { RUNTIMES_MODULE, runtimesModule } from './scripts/plugins';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string };

/** Those that take longest alone: begun first, so that nothing is waited for at the end. */
const SLOWEST = [
  'faults/matrix',
  'faults/interrupted',
  'shell/activation',
  'gateway/proxy',
  'e2e/isolation',
  'e2e/real-environments',
  'e2e/existing-projects',
  'e2e/main-job',
  'shell/shim',
  'e2e/conflicts',
];

class SlowestFirst implements TestSequencer {
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = SLOWEST.findIndex((name) => moduleId.includes(`/test/${name}`));
      return found === -1 ? SLOWEST.length : found;
    };
    const size = ({ moduleId }: TestSpecification): number => statSync(moduleId).size;
    return files.toSorted((a, b) => rank(a) - rank(b) || size(b) - size(a));
  }

  async shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files;
  }
}

export default defineConfig({
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [
    {
      name: 'runtimes',
      resolveId: (id) => (id === RUNTIMES_MODULE ? `\0${RUNTIMES_MODULE}` : undefined),
      load: (id) =>
        id === `\0${RUNTIMES_MODULE}`
          ? runtimesModule(fileURLToPath(new URL('./runtimes', import.meta.url)))
          : undefined,
    },
  ],
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/compiled-code.ts'],
    setupFiles: ['test/support/seed.ts'],
    // The runner makes every other style empty, that of the dashboard's pages too.
    css: { include: [/style\.css/] },
    pool: 'forks',
    // Most tests wait for processes of their own: twice as many files as processors keep these busy.
    maxWorkers: availableParallelism() * 2,
    sequence: { sequencer: SlowestFirst },
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
