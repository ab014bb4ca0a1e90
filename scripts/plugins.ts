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

export function runtimesIn(folder: string): Plugin {
  return {
    name: 'runtimes',
    setup(build) {
      build.onResolve({ filter: /^polyenv:runtimes$/ }, () => ({ path: RUNTIMES_MODULE, namespace: 'runtimes' }));
      build.onLoad({ filter: /.*/, namespace: 'runtimes' }, () => ({
        contents: runtimesModule(folder),
        resolveDir: folder,
      }));
    },
  };
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
        const getters = members.map((name) => `get ${name}() { return require(${JSON.stringify(path)}).${name}; }`);
        return { contents: `module.exports = { ${getters.join(', ')} };`, loader: 'js' };
      });
    },
  };
}
