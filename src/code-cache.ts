import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { basename, dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Where compiled code is kept, which Node compiled it, for one Node's code is nothing to another, and for which verb. */
export interface CodeCache {
  readonly folder: string;
  readonly node: string;
  /** What a verb calls is compiled and kept; what only others call would have to be read back for nothing. */
  readonly verb: string;
  /** Has the action done once the work is over and went well. */
  atEnd(action: () => void): void;
}

type Wrapper = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  dirname: string,
) => void;

/**
 * Loads a CommonJS file, and what it requires from `vendor/` beside it, without compiling it anew at every start: by V8's
 * cached data, which it refuses where it does not fit the source or the engine. Node's own compile cache (22.8) keeps one
 * for all verbs, made by whichever came first. Any failure of the cache only costs time.
 */
export function loadCached(file: string, cache: CodeCache | undefined): unknown {
  return cache === undefined ? nodeModule.createRequire(file)(file) : evaluate(file, cache);
}

function evaluate(file: string, cache: CodeCache): unknown {
  // The build writes ASCII only, which is read much faster as what it is.
  const source = readFileSync(file, 'latin1');
  const data = dataFile(file, cache);
  const kept = readIfAny(data);
  const script = new Script(nodeModule.wrap(source), {
    filename: file,
    ...(kept !== undefined && { cachedData: kept }),
  });
  const module: { exports: unknown } = { exports: {} };
  const require = requireFrom(file, cache);
  (script.runInThisContext() as Wrapper)(module.exports as object, require, module, file, dirname(file));
  // At the end, so that the functions that a run needs are in it.
  if (kept === undefined || script.cachedDataRejected === true)
    cache.atEnd(() => keep(data, script.createCachedData()));
  return module.exports;
}

function requireFrom(file: string, cache: CodeCache): NodeJS.Require {
  const require = nodeModule.createRequire(file);
  const loaded = new Map<string, unknown>();
  const requireCached = (id: string): unknown => {
    if (!id.startsWith('./vendor/')) return require(id);
    if (!loaded.has(id)) loaded.set(id, evaluate(join(dirname(file), id), cache));
    return loaded.get(id);
  };
  return Object.assign(requireCached, require);
}

/** Named after the file's identity, size and time, so that another build never finds it: without a digest, for loading what makes one takes 3 ms. */
function dataFile(file: string, { folder, node, verb }: CodeCache): string {
  const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
  const build = [dev, ino, size, mtimeNs].map((part) => part.toString(36)).join('.');
  return join(folder, `${basename(file)}-${build}-${node}-${verb}.code`);
}

function readIfAny(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function keep(file: string, data: Uint8Array): void {
  try {
    // Not with all their parents: a home that was just uninstalled must not come back.
    for (const folder of [dirname(dirname(file)), dirname(file)]) {
      if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    }
    const temporary = `${file}.${Math.random().toString(36).slice(2)}`;
    writeFileSync(temporary, data, { flag: 'wx', mode: 0o600 });
    renameSync(temporary, file);
  } catch {
    // Whatever needs the home reports that it cannot be written.
  }
}
