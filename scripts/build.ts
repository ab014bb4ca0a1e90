import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { loadBundled } from './bundled';
import { buildParts } from './parts';
import { late, lateRuntimesModule, rawText, runtimesIn, vendored, WRAPPED } from './plugins';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');

/** Builds the tree at `root` into its `dist/`: a small start, the CLI and the demo as one CJS file each, heavy libraries as files beside them. */
async function buildInto(root: string): Promise<void> {
  const out = mkdtempSync(join(root, 'dist.'));
  const heavy = new Set<string>();
  const shared = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    minify: true,
    sourcemap: 'linked',
    sourcesContent: true,
    legalComments: 'none',
    logLevel: 'warning',
    outdir: out,
    outExtension: { '.js': '.cjs' },
    define: { __VERSION__: JSON.stringify(version(root)) },
    // `require` is quicker, and works in code that was loaded from a cache.
    supported: { 'dynamic-import': false },
  } as const;
  const { CATALOG, nearWords } = await loadBundled<typeof import('../src/cli/catalog')>(root, 'src/cli/catalog.ts');
  const { collectVocabulary } = await loadBundled<typeof import('../src/cli/vocabulary')>(
    root,
    'src/cli/vocabulary.ts',
  );
  const near = nearWords();
  const isNearVerb = (file: string): boolean =>
    file.startsWith('src/cli/commands/') && near.includes(basename(file, '.ts'));
  const { loadRuntimes } = await loadBundled<typeof import('../src/app/base/registry')>(
    root,
    'src/app/base/registry.ts',
  );
  const runtimes = lateRuntimesModule(join(root, 'runtimes'), await loadRuntimes());
  const program = [
    late('node:crypto', 'node:fs/promises'),
    runtimesIn(join(root, 'runtimes'), runtimes),
    rawText(),
    vendored(heavy),
  ];
  await build({
    ...shared,
    entryPoints: { main: 'src/bin.ts', demo: 'scripts/demo.ts' },
    plugins: [elsewhere, ...program],
  });
  await buildParts(
    { ...shared, ...WRAPPED, plugins: [withoutPrograms, ...program] },
    {
      entry: 'src/cli/program.ts',
      isNear: (file, importer) => file.startsWith('runtimes/') || isNearVerb(file) || isNearVerb(importer),
      isLate: (file) => LATE.some((start) => file.startsWith(start)),
    },
  );
  // The one process that stays: nothing of it is in the files that a call parses.
  await build({ ...shared, ...WRAPPED, entryPoints: { gateway: 'src/gateway/main.ts' }, plugins: program });
  // A key is answered by a file of its own, with the words of every verb in it and none of the verbs.
  await build({
    ...shared,
    ...WRAPPED,
    entryPoints: { complete: 'src/cli/complete.ts' },
    define: { ...shared.define, __VOCABULARY__: JSON.stringify(await collectVocabulary(CATALOG)) },
    plugins: program,
  });
  const start = join(out, 'polyenv.cjs');
  writeFileSync(start, `#!/usr/bin/env node\n${readFileSync(join(root, 'src', 'start.cjs'), 'utf8')}`);
  chmodSync(start, 0o755);
  for (const name of heavy) {
    await build({
      ...shared,
      ...WRAPPED,
      entryPoints: { [`vendor/${name}`]: existsSync(partOf(name)) ? partOf(name) : name },
      sourcemap: false,
      // Only ESM-first packages need it: their CJS bundle has no import.meta.url of its own.
      define: { 'import.meta.url': '__filename' },
    });
  }
  await writePages(root, out);
  const odd = [out, join(out, 'vendor')].flatMap((folder) => scriptsIn(folder).filter((file) => !isAscii(file)));
  if (odd.length > 0) throw new Error(`${odd.join(', ')}: not ASCII, as which src/code-cache.ts reads them`);
  publish(out, join(root, 'dist'));
}

/** What polyenv shows of its own docs, and its manual pages. */
async function writePages(root: string, out: string): Promise<void> {
  const { manPages } = await loadBundled<typeof import('./man-pages')>(root, 'scripts/man-pages.ts');
  mkdirSync(join(out, 'man', 'man1'), { recursive: true });
  for (const [name, text] of await manPages(version(root))) writeFileSync(join(out, 'man', 'man1', name), text);
  mkdirSync(join(out, 'pages'));
  for (const folder of ['reference', 'guide']) {
    const from = join(root, 'docs', folder);
    if (!existsSync(from)) continue;
    for (const name of readdirSync(from).filter((one) => one.endsWith('.md') && !/^[A-Z]/.test(one)))
      copyFileSync(join(from, name), join(out, 'pages', name));
  }
}

function scriptsIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.cjs'))
    .map((name) => join(folder, name));
}

function isAscii(file: string): boolean {
  return readFileSync(file).every((byte) => byte < 128);
}

/** What runs from the old build goes on undisturbed: a build that fails or is under way is never seen. */
function publish(built: string, dist: string): void {
  const old = `${built}.old`;
  chmodSync(built, 0o755);
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(built, dist);
  rmSync(old, { recursive: true, force: true });
}

/** What polyenv needs of a library, where that is much less than the whole. */
function partOf(library: string): string {
  return join(root, 'scripts', 'vendor', `${library}.cjs`);
}

/** The start does not contain the program: `bin.ts` loads it from its own file. */
const elsewhere: Plugin = {
  name: 'elsewhere',
  setup: (build) => {
    build.onResolve({ filter: /^\.\/cli\/program$/ }, () => ({ path: './near.cjs', external: true }));
  },
};

/** What the near verbs seldom call, although they import it. */
const LATE: readonly string[] = [
  'src/adapters/archives/',
  'src/adapters/net/',
  'src/adapters/registry/',
  'src/adapters/upstream/',
  'src/domain/team/',
  'src/app/routes/make-overlay',
  'src/adapters/routes/shims.ts',
];

/** commander starts a program only for a subcommand that is a file of its own, and no verb is: loading what starts one takes 2 ms. */
const withoutPrograms: Plugin = {
  name: 'without-programs',
  setup: (build) => {
    build.onResolve({ filter: /^(?:node:)?child_process$/ }, ({ importer }) =>
      importer.includes(`${sep}commander${sep}`) ? { path: 'child_process', namespace: 'absent' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: 'module.exports = {}' }));
  },
};

function version(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version;
}

buildInto(process.argv[2] ?? root).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
