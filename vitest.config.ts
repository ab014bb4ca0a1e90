import { readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import type { TestSequencer, TestSpecification } from 'vitest/node';
import { RUNTIMES_MODULE, runtimesModule, VENDORS_MODULE, vendorsModule } from './scripts/plugins';

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

const SHARING = ['test/unit/**/*.test.ts', 'test/property/**/*.test.ts'];

class SlowestFirst implements TestSequencer {
  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = SLOWEST.findIndex((name) => moduleId.includes(`/test/${name}`));
      return found === -1 ? SLOWEST.length : found;
    };
    const size = ({ moduleId }: TestSpecification): number => statSync(moduleId).size;
    // At the end, one after another: only then do they share their processes.
    const shares = ({ project }: TestSpecification): number => (project.config.isolate ? 0 : 1);
    return files.toSorted((a, b) => shares(a) - shares(b) || rank(a) - rank(b) || size(b) - size(a));
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
      resolveId: (id, importer) =>
        id === RUNTIMES_MODULE || id === VENDORS_MODULE ? `\0${id}:${importer ?? ''}` : undefined,
      load: (id) => {
        if (id.startsWith(`\0${RUNTIMES_MODULE}:`))
          return runtimesModule(fileURLToPath(new URL('./runtimes', import.meta.url)));
        const vendors = `\0${VENDORS_MODULE}:`;
        return id.startsWith(vendors) ? vendorsModule(id.slice(vendors.length)) : undefined;
      },
    },
  ],
  test: {
    globalSetup: ['test/support/compiled-code.ts'],
    // The runner makes every other style empty, that of the dashboard's pages too.
    css: { include: [/style\.css/] },
    projects: [
      // Loading what they test takes longer than testing it: files that change nothing of their process share one.
      { extends: true, test: { name: 'unit', include: SHARING, isolate: false } },
      { extends: true, test: { name: 'whole', include: ['test/**/*.test.ts'], exclude: SHARING } },
    ],
    pool: 'forks',
    // Most tests wait for processes of their own: twice as many files as processors keep these busy.
    maxWorkers: availableParallelism() * 2,
    sequence: { sequencer: SlowestFirst },
    testTimeout: 30_000,
    // The default of one second is too short for a page in a browser while both processors are busy.
    expect: { poll: { timeout: 10_000 } },
    hookTimeout: 120_000,
  },
});
