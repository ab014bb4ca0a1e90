import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { rawText, runtimesIn, vendored } from './plugins';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

await buildInto(process.argv[2] ?? root);

/** Builds the tree at `root` into its `dist/`: the CLI and the demo as one CJS file each, heavy libraries as files beside them. */
async function buildInto(root: string): Promise<void> {
  const out = join(root, 'dist');
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const heavy = new Set<string>();
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: true,
    legalComments: 'none',
    logLevel: 'warning',
  } as const;
  await build({
    ...shared,
    entryPoints: { polyenv: 'src/bin.ts', demo: 'scripts/demo.ts' },
    outdir: out,
    outExtension: { '.js': '.cjs' },
    define: { __VERSION__: JSON.stringify(version(root)) },
    banner: { js: '#!/usr/bin/env node' },
    plugins: [runtimesIn(join(root, 'runtimes')), rawText(), vendored(heavy)],
  });
  for (const name of heavy) {
    await build({
      ...shared,
      entryPoints: [name],
      sourcemap: false,
      outfile: join(out, 'vendor', `${name}.cjs`),
      // Only ESM-first packages need it: their CJS bundle has no import.meta.url of its own.
      define: { 'import.meta.url': '__filename' },
    });
  }
}

function version(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}
