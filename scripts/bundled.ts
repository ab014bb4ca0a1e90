import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';
import { rawText, runtimesIn } from './plugins';

/** A module of the tree at `root`, bundled before it is run: the list of runtimes is a module that only the bundler knows. */
export async function loadBundled<T>(root: string, file: string): Promise<T> {
  const made = await build({
    absWorkingDir: root,
    entryPoints: [file],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    packages: 'external',
    define: { __VERSION__: '""' },
    plugins: [runtimesIn(join(root, 'runtimes')), rawText()],
  });
  const module = { exports: {} as T };
  const evaluate = new Function('require', 'module', 'exports', made.outputFiles[0]?.text ?? '');
  evaluate(createRequire(join(root, file)), module, module.exports);
  return module.exports;
}
