import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { rawText, runtimesIn } from './plugins';

/**
 * Writes the pages of `docs/reference` that the code itself says; with `--check` only compares, and exits 1 with the
 * names of those that differ.
 */
async function main(words: readonly string[]): Promise<number> {
  const folder = join(root, 'docs', 'reference');
  const pages = await (await loadPages()).referencePages();
  const stale = [...pages].filter(([name, text]) => textOf(join(folder, name)) !== text);
  if (words.includes('--check')) {
    for (const [name] of stale) console.log(`docs/reference/${name} is out of date: npx tsx scripts/reference.ts`);
    return stale.length === 0 ? 0 : 1;
  }
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of stale) writeFileSync(join(folder, name), text);
  console.log(stale.length === 0 ? 'up to date' : `wrote ${stale.map(([name]) => name).join(', ')}`);
  return 0;
}

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** The list of runtimes is a module that only the bundler knows, so the pages are bundled before they are run. */
async function loadPages(): Promise<typeof import('./reference-pages')> {
  const made = await build({
    absWorkingDir: root,
    entryPoints: ['scripts/reference-pages.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    define: { __VERSION__: '""' },
    plugins: [runtimesIn(join(root, 'runtimes')), rawText()],
  });
  const module = { exports: {} as typeof import('./reference-pages') };
  const evaluate = new Function('require', 'module', 'exports', made.outputFiles[0]?.text ?? '');
  evaluate(createRequire(join(root, 'scripts', 'reference.ts')), module, module.exports);
  return module.exports;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

main(process.argv.slice(2)).then(
  (exit) => {
    process.exitCode = exit;
  },
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
