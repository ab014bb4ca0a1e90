'use strict';

/**
 * For `node --require`: below FOLDING_ROOT, names that differ only in case are one name and keep the case in which they were
 * made, as on the file systems that macOS and Windows have from the start.
 */
const fs = require('node:fs');
const { join, resolve, sep } = require('node:path');

const root = process.env.FOLDING_ROOT;
const { existsSync, readdirSync } = fs;
const fold = (name) => name.normalize('NFD').toLowerCase();

/** The same path, with the names that are there already as they were made. */
function asMade(path) {
  if (Buffer.isBuffer(path) || path instanceof URL || typeof path !== 'string') return path;
  const whole = resolve(path);
  if (!whole.startsWith(root + sep)) return path;
  let reached = root;
  for (const name of whole.slice(root.length + 1).split(sep)) {
    const exact = join(reached, name);
    reached = existsSync(exact)
      ? exact
      : join(reached, namesIn(reached).find((one) => fold(one) === fold(name)) ?? name);
  }
  return reached;
}

function namesIn(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const FIRST =
  'access appendFile chmod chown exists lchown lstat lutimes mkdir open opendir readFile readdir readlink realpath rm rmdir stat truncate unlink utimes writeFile';
const BOTH = 'copyFile cp link rename';

function wrap(object, name, places) {
  const real = object[name];
  if (typeof real !== 'function') return;
  const wrapped = function (...args) {
    for (const place of places) args[place] = asMade(args[place]);
    return real.apply(this, args);
  };
  object[name] = Object.assign(wrapped, real);
}

for (const [names, places] of [
  [FIRST, [0]],
  [BOTH, [0, 1]],
  ['symlink', [1]],
])
  for (const name of names.split(' ')) {
    wrap(fs, name, places);
    wrap(fs, `${name}Sync`, places);
    wrap(fs.promises, name, places);
  }
