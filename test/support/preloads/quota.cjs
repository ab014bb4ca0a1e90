'use strict';

/** For `node --require`: what lies below QUOTA_ROOT may have QUOTA_BYTES bytes in all; a write of more ends as a used up quota does. */
const fs = require('node:fs');
const { constants } = require('node:os');
const { join, sep } = require('node:path');

const root = process.env.QUOTA_ROOT;
/** libuv has no name for it. */
const UNNAMED = `Unknown system error -${constants.errno.EDQUOT}`;
const allowed = Number(process.env.QUOTA_BYTES);
const { existsSync, lstatSync, readdirSync, readlinkSync } = fs;

function used(folder = root) {
  let bytes = 0;
  if (!existsSync(folder)) return bytes;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    try {
      const found = lstatSync(path);
      bytes += found.isDirectory() ? used(path) : found.size;
    } catch {
      // Another thread took it away.
    }
  }
  return bytes;
}

function charge(target, data) {
  const path = typeof target === 'number' ? readlinkSync(`/proc/self/fd/${target}`) : String(target);
  if (path.startsWith(root + sep) && used() + Buffer.byteLength(data) > allowed)
    throw Object.assign(new Error(`${UNNAMED}, write`), {
      code: UNNAMED,
      errno: -constants.errno.EDQUOT,
      syscall: 'write',
    });
}

for (const name of ['writeSync', 'writeFileSync']) {
  const real = fs[name];
  fs[name] = (target, data, ...rest) => {
    charge(target, data);
    return real(target, data, ...rest);
  };
}
for (const name of ['write', 'writev']) {
  const real = fs[name];
  fs[name] = (target, data, ...rest) => {
    try {
      charge(target, name === 'writev' ? Buffer.concat(data) : data);
    } catch (error) {
      return process.nextTick(rest.at(-1), error);
    }
    return real(target, data, ...rest);
  };
}
const { open, writeFile } = fs.promises;
fs.promises.writeFile = async (target, data, ...rest) => {
  if (typeof target === 'string') charge(target, data);
  return writeFile(target, data, ...rest);
};
fs.promises.open = async (...args) => {
  const file = await open(...args);
  for (const name of ['write', 'writeFile']) {
    const real = file[name];
    file[name] = async (data, ...rest) => {
      charge(file.fd, data);
      return real.call(file, data, ...rest);
    };
  }
  return file;
};
