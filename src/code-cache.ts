import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
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
  return cache === undefined ? require(file) : evaluate(file, { cache, loaded: new Map() });
}

interface Loading {
  readonly cache: CodeCache;
  /** What each file exports, by its name: files that need each other share them. */
  readonly loaded: Map<string, { exports: unknown }>;
}

function evaluate(file: string, loading: Loading): unknown {
  const { cache, loaded } = loading;
  // The build writes ASCII only, which is read much faster as what it is.
  const source = sourceOf(file);
  const data = dataFile(file, cache);
  const kept = readIfAny(data);
  const script = new Script(source, {
    filename: file,
    ...(kept !== undefined && { cachedData: kept }),
  });
  const module: { exports: unknown } = { exports: {} };
  loaded.set(file, module);
  const require = requireFrom(file, loading);
  (script.runInThisContext() as Wrapper)(module.exports as object, require, module, file, dirname(file));
  // At the end, so that the functions that a run needs are in it.
  if (kept === undefined || script.cachedDataRejected === true)
    cache.atEnd(() => keep(data, script.createCachedData()));
  return module.exports;
}

/** One that is missing is missed as by Node's own loader. */
function sourceOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw Object.assign(new Error(`Cannot find module '${file}'`), { code: 'MODULE_NOT_FOUND' });
  }
}

function requireFrom(file: string, loading: Loading): NodeJS.Require {
  const requireCached = (id: string): unknown => {
    // What does not lie beside it is Node's own.
    if (!id.startsWith('./')) return require(id);
    const beside = join(dirname(file), id);
    const found = loading.loaded.get(beside);
    return found === undefined ? evaluate(beside, loading) : found.exports;
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
