import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { type BuildOptions, build, type ImportKind, type Plugin } from 'esbuild';
import { WRAPPED } from './plugins';

export interface Cut {
  readonly entry: string;
  /** Whether the near part holds a file that another of it imports dynamically. */
  readonly isNear: (file: string, importer: string) => boolean;
  /** Whether a file is fetched by the first use of one of its exports, although it is imported plainly. */
  readonly isLate: (file: string) => boolean;
}

/**
 * One program in two files, each module in one of them: `near.cjs`, which every call loads, and `far.cjs`, which the
 * first use of something in it loads. Each says of which build it is, because a running polyenv may be replaced between the
 * two. All file names are relative to the tree's root, as esbuild writes them.
 */
export async function buildParts(options: BuildOptions & { readonly absWorkingDir: string }, cut: Cut): Promise<void> {
  const root = options.absWorkingDir;
  const plan = await planOf(options, cut);
  const whole = (contents: string, name: string) => ({
    stdin: { contents, resolveDir: root, sourcefile: `${name}.js` },
    entryNames: name,
  });
  const toFar = crossing(root, (file, kind) =>
    plan.near.has(file) ? undefined : `${kind === 'import-statement' ? 'late' : 'far'}:${file}`,
  );
  await build({
    ...options,
    ...whole(nearEntry(cut.entry, plan), 'near'),
    banner: { js: `${WRAPPED.banner.js}${NEAR_REQUIRE}` },
    plugins: [toFar, ...(options.plugins ?? [])],
  });
  const toNear = crossing(root, (file) => (plan.near.has(file) ? `near:${file}` : undefined));
  await build({
    ...options,
    ...whole(farEntry(plan), 'far'),
    banner: { js: `${WRAPPED.banner.js}${farRequire(plan.build)}` },
    plugins: [toNear, ...(options.plugins ?? [])],
  });
}

interface Plan {
  /** The same for the same program. */
  readonly build: string;
  readonly near: ReadonlySet<string>;
  /** Near modules that the far part imports, with the names that they export; those without names are loaded by `require`. */
  readonly shared: ReadonlyMap<string, readonly string[] | undefined>;
  /** Far modules that the near part imports, in either way. */
  readonly fetched: readonly string[];
}

async function planOf(options: BuildOptions, { entry, isNear, isLate }: Cut): Promise<Plan> {
  const analysed = await build({ ...options, entryPoints: [entry], write: false, metafile: true, sourcemap: false });
  const { inputs } = analysed.metafile;
  const hash = createHash('sha256');
  for (const { contents } of analysed.outputFiles ?? []) hash.update(contents);
  const own = (file: string): boolean => inputs[file] !== undefined && !/^[a-z]+:/.test(file);
  // What a made module asks for is loaded when it is asked for, whichever way it is written.
  const imports = (file: string) =>
    (inputs[file]?.imports ?? [])
      .filter(({ path }) => own(path) || isMade(path))
      .map(({ path, kind }) => ({ path, file, plain: kind !== 'dynamic-import' && !isMade(file) }));
  const reach = (follows: (one: { path: string; file: string; plain: boolean }) => boolean): ReadonlySet<string> => {
    const found = new Set([entry]);
    for (const file of found) for (const one of imports(file)) if (follows(one)) found.add(one.path);
    return found;
  };
  const eager = reach(({ path, plain }) => plain && !isLate(path));
  const near = reach(({ path, file, plain }) => (plain ? !isLate(path) : isMade(path) || isNear(path, file)));
  const far = Object.keys(inputs).filter((file) => own(file) && !near.has(file));
  const wanted = new Set(
    far.flatMap((file) => imports(file).map(({ path }) => path)).filter((file) => near.has(file) && own(file)),
  );
  const shared = new Map<string, readonly string[] | undefined>();
  const names = await exportsOf(
    [...wanted].filter((file) => eager.has(file) && inputs[file]?.format === 'esm'),
    options,
  );
  for (const file of wanted) shared.set(file, names.get(file));
  const fetched = [...near]
    .flatMap((file) => imports(file).map(({ path }) => path))
    .filter((file) => own(file) && !near.has(file));
  return { build: hash.digest('hex').slice(0, 16), near, shared, fetched: [...new Set(fetched)] };
}

/** Made by a plugin: it stands in both parts. */
function isMade(file: string): boolean {
  return /^[a-z]+:/.test(file) && !file.startsWith('node:');
}

async function exportsOf(
  files: readonly string[],
  options: BuildOptions,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { metafile } = await build({
    ...options,
    entryPoints: [...files],
    bundle: false,
    format: 'esm',
    plugins: [],
    write: false,
    metafile: true,
    sourcemap: false,
  });
  return new Map(Object.values(metafile.outputs).map(({ entryPoint = '', exports }) => [entryPoint, exports]));
}

/** The near modules by name: getters within a function that is compiled only where the far part asks. */
function nearEntry(entry: string, { build, shared }: Plan): string {
  const lines: string[] = [];
  const cases: string[] = [];
  for (const [file, names] of shared) {
    if (names === undefined) {
      cases.push(`case ${JSON.stringify(file)}: return require(${JSON.stringify(`./${file}`)});`);
      continue;
    }
    const own = names.map((name, index) => ({ name, local: `$${cases.length}_${index}` }));
    lines.push(
      `import { ${own.map(({ name, local }) => `${name} as ${local}`).join(', ')} } from ${JSON.stringify(`./${file}`)};`,
    );
    cases.push(
      `case ${JSON.stringify(file)}: return { ${own.map(({ name, local }) => `get ${name}() { return ${local} }`).join(', ')} };`,
    );
  }
  return `export * from ${JSON.stringify(`./${entry}`)};
${lines.join('\n')}
export const build = ${JSON.stringify(build)};
export function shared(file) { switch (file) { ${cases.join('\n')} } }
`;
}

function farEntry({ fetched }: Plan): string {
  const cases = fetched.map((file) => `case ${JSON.stringify(file)}: return require(${JSON.stringify(`./${file}`)});`);
  return `export function part(file) { switch (file) { ${cases.join('\n')} } }\n`;
}

/** A late module stands for itself: it is fetched when one of its exports is first used. */
const NEAR_REQUIRE = `require = ((own, parts) => Object.assign((id) => {
  const [, kind, file] = /^(far|late):(.+)$/.exec(id) ?? [];
  if (kind === undefined) return own(id);
  const load = () => parts[file] ??= own('./far.cjs').part(file);
  return kind === 'far' ? load() : new Proxy({}, { get: (_, name) => load()[name], ownKeys: () => Reflect.ownKeys(load()) });
}, own))(require, {});`;

function farRequire(build: string): string {
  return `require = ((own) => {
  const near = own('./near.cjs');
  if (near.build !== ${JSON.stringify(build)}) throw new Error('another polyenv took the place of this one while it ran: run the same again');
  return Object.assign((id) => id.startsWith('near:') ? near.shared(id.slice('near:'.length)) : own(id), own);
})(require);`;
}

/** Imports of the other part. */
function crossing(root: string, place: (file: string, kind: ImportKind) => string | undefined): Plugin {
  return {
    name: 'crossing',
    setup(build) {
      build.onResolve({ filter: /./ }, async ({ path, pluginData, namespace, ...args }) => {
        if (pluginData === CROSSED || args.kind === 'entry-point' || path.startsWith('node:')) return undefined;
        const found = await build.resolve(path, { ...args, namespace, pluginData: CROSSED });
        if (found.external || found.errors.length > 0 || found.namespace !== 'file') return found;
        const crossed = place(relative(root, found.path), args.kind);
        return crossed === undefined ? found : { path: crossed, external: true };
      });
    },
  };
}

const CROSSED = Symbol('crossed');
