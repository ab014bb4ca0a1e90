import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Plugin } from 'esbuild';

/** `polyenv:runtimes` is the folder of runtimes as lazy imports: a new file in it is a new runtime. */
export const RUNTIMES_MODULE = 'polyenv:runtimes';

export function runtimesModule(folder: string): string {
  const ids = readdirSync(folder)
    .filter((file) => /^[a-z][a-z0-9]*\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort();
  const entries = ids.map((id) => `${JSON.stringify(id)}: () => import(${JSON.stringify(join(folder, `${id}.ts`))})`);
  return `export const runtimes = { ${entries.join(', ')} };`;
}

/** `polyenv:vendors` is the folder beside the runtime that asks for it: a new file in it is a new vendor. */
export const VENDORS_MODULE = 'polyenv:vendors';

/** `importer` is the runtime's own file. */
export function vendorsModule(importer: string): string {
  const folder = importer.replace(/\.ts$/, '');
  const names = readdirSync(folder)
    .filter((file) => /^[a-z][a-z0-9-]*\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .sort();
  const imports = names.map(
    (name, index) => `import { vendor as v${index} } from ${JSON.stringify(join(folder, `${name}.ts`))};`,
  );
  return `${imports.join('\n')}\nexport const vendors = [${names.map((_, index) => `v${index}`).join(', ')}];`;
}

export function runtimesIn(folder: string, contents = runtimesModule(folder)): Plugin {
  return {
    name: 'runtimes',
    setup(build) {
      build.onResolve({ filter: /^polyenv:runtimes$/ }, () => ({ path: RUNTIMES_MODULE, namespace: 'runtimes' }));
      build.onLoad({ filter: /.*/, namespace: 'runtimes' }, () => ({ contents, resolveDir: folder }));
      build.onResolve({ filter: /^polyenv:vendors$/ }, ({ importer }) => ({ path: importer, namespace: 'vendors' }));
      build.onLoad({ filter: /.*/, namespace: 'vendors' }, ({ path }) => ({
        contents: vendorsModule(path),
        resolveDir: folder,
      }));
    },
  };
}

/**
 * The same with what is plain data written out, for most calls ask of most runtimes only for the names of their files:
 * a runtime's own module runs when something else of it is asked for.
 */
export function lateRuntimesModule(folder: string, known: readonly { readonly id: string }[]): string {
  const entries = known.map((runtime) => {
    const load = `require(${JSON.stringify(join(folder, `${runtime.id}.ts`))}).runtime`;
    return `${JSON.stringify(runtime.id)}: kept(() => (${written(runtime, load)}))`;
  });
  return `const kept = (make) => { let made; return () => (made ??= Promise.resolve({ runtime: make() })); };
export const runtimes = { ${entries.join(', ')} };`;
}

/** A value as source: plain data as it is, all else fetched from where `from` says that it is. */
function written(value: unknown, from: string): string {
  if (Array.isArray(value) && value.every((one) => isPlain(one) || isRecord(one)))
    return `[${value.map((one, index) => written(one, `${from}[${index}]`)).join(', ')}]`;
  if (!isRecord(value)) return isPlain(value) ? JSON.stringify(value) : from;
  const members = Object.entries(value).map(([name, member]) => {
    const [key, place] = [JSON.stringify(name), `${from}[${JSON.stringify(name)}]`];
    const text = SPELLED_OUT.includes(name) || isPlain(member) ? written(member, place) : place;
    return text.includes('require(') && !/^[[{]/.test(text) ? `get ${key}() { return ${text}; }` : `${key}: ${text}`;
  });
  return `{ ${members.join(', ')} }`;
}

/** What is asked of every runtime, though not all of it is plain. */
const SPELLED_OUT: readonly string[] = ['pins', 'options', 'overrides'];

function isPlain(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isPlain);
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value)?.constructor?.name === 'Object';
}

/** `import text from './shim.sh?raw'`, as Vite does it. */
export function rawText(): Plugin {
  return {
    name: 'raw',
    setup(build) {
      build.onResolve({ filter: /\?raw$/ }, (args) => ({
        path: resolve(dirname(args.importer), args.path.slice(0, -'?raw'.length)),
        namespace: 'raw',
      }));
      build.onLoad({ filter: /.*/, namespace: 'raw' }, (args) => ({
        contents: `export default ${JSON.stringify(readFileSync(args.path, 'utf8'))};`,
        loader: 'js',
      }));
    },
  };
}

/**
 * A dynamically imported package becomes a file of its own in `dist/vendor/`: V8 parses what it loads, so a library
 * that one verb needs must not be in the file that every verb loads.
 */
export function vendored(found: Set<string>): Plugin {
  return {
    name: 'vendored',
    setup(build) {
      build.onResolve({ filter: /^[a-z@][^:]*$/ }, (args) => {
        // What only a thread loads is named by `require.resolve`.
        const isHeavy = args.kind === 'dynamic-import' || args.kind === 'require-resolve';
        if (!isHeavy || args.path.startsWith('node:')) return undefined;
        found.add(args.path);
        return { path: `./vendor/${args.path}.cjs`, external: true };
      });
    },
  };
}

/**
 * Builtins that Node compiles only when they are asked for, and that most verbs never call: each is loaded by the first
 * use of one of its members, not by the file that imports it.
 */
export function late(...builtins: readonly string[]): Plugin {
  return {
    name: 'late',
    setup(build) {
      build.onResolve({ filter: /^node:/ }, ({ path, namespace, kind }) =>
        builtins.includes(path) && namespace !== 'late' && kind === 'import-statement'
          ? { path, namespace: 'late' }
          : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: 'late' }, ({ path }) => {
        const members = Object.keys(require(path) as object).filter((name) => /^[A-Za-z_]\w*$/.test(name));
        const getters = members.map((name) => `get ${name}() { return loaded().${name}; }`);
        const loaded = `let made; const loaded = () => (made ??= require(${JSON.stringify(path)}));`;
        return { contents: `${loaded} module.exports = { ${getters.join(', ')} };`, loader: 'js' };
      });
    },
  };
}

/**
 * A CommonJS file whose value as a script is the function that Node would make of it, for src/code-cache.ts: a copy of
 * the text with Node's wrapper around it takes half a millisecond and a collection of garbage. `require` loads it as ever.
 */
export const WRAPPED = {
  banner: {
    js: '((run)=>this===globalThis?run:run(exports,require,module,__filename,__dirname))(function(exports,require,module,__filename,__dirname){"use strict";',
  },
  footer: { js: '});' },
} as const;
