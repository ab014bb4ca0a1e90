import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { RUNTIMES_MODULE, runtimesModule } from './scripts/plugins';

const { version } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string };

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
    setupFiles: ['test/support/seed.ts'],
    pool: 'forks',
    // Most tests wait for processes of their own: twice as many files as processors keep these busy.
    maxWorkers: availableParallelism() * 2,
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
