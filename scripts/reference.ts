import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadBundled } from './bundled';

/**
 * Writes the pages of `docs/reference` that the code itself says; with `--check` only compares, and exits 1 with the
 * names of those that differ.
 */
async function main(words: readonly string[]): Promise<number> {
  const folder = join(root, 'docs', 'reference');
  const pages = await (
    await loadBundled<typeof import('./reference-pages')>(root, 'scripts/reference-pages.ts')
  ).referencePages();
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
