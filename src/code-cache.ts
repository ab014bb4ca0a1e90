import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

/** Where compiled code is kept; and which Node compiled it, for one Node's code is nothing to another. */
export interface CodeCache {
  readonly folder: string;
  readonly node: string;
}

type Wrapper = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  dirname: string,
) => void;

/**
 * Loads a CommonJS file without compiling it anew at every start: by Node's own compile cache where it has one (22.8),
 * else by V8's, which refuses data that does not fit the source or the engine. Any failure of the cache only costs time.
 */
export function loadCached(file: string, cache: CodeCache | undefined): unknown {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
  const require = nodeModule.createRequire(file);
  if (cache === undefined) return require(file);
  if (enableCompileCache !== undefined) {
    enableCompileCache(cache.folder);
    return require(file);
  }
  const source = readFileSync(file, 'utf8');
  const data = dataFile(file, cache);
  const kept = readIfAny(data);
  const script = new Script(nodeModule.wrap(source), {
    filename: file,
    ...(kept !== undefined && { cachedData: kept }),
  });
  const module: { exports: unknown } = { exports: {} };
  (script.runInThisContext() as Wrapper)(module.exports as object, require, module, file, dirname(file));
  if (kept === undefined || script.cachedDataRejected === true) keep(data, () => script.createCachedData());
  return module.exports;
}

/** Named after the file's place, size and time, so that another build never finds it. */
function dataFile(file: string, { folder, node }: CodeCache): string {
  const { size, mtimeMs } = statSync(file);
  const name = createHash('sha256').update(`${file}\n${size}\n${mtimeMs}\n${node}`).digest('hex').slice(0, 24);
  return join(folder, `${name}.code`);
}

function readIfAny(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function keep(file: string, data: () => Buffer): void {
  // After the work, so that the functions that a run needs are in it.
  setImmediate(() => {
    try {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const temporary = `${file}.${Math.random().toString(36).slice(2)}`;
      writeFileSync(temporary, data(), { flag: 'wx', mode: 0o600 });
      renameSync(temporary, file);
    } catch {
      // A home that cannot be written is told by what needs it.
    }
  });
}
