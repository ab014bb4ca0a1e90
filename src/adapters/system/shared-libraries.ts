import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { packageManagerOf } from '../../domain/toolchain/system-packages';
import type { Host } from '../../host';
import { sortedNames } from '../files/fs';
import { realPathIfAny } from '../files/real-path';
import { discoveredFolders } from './discover';
import { loaderOf, neededOf } from './machine';

/** More than any toolchain's main program reaches. */
const MOST = 200;

/**
 * Libraries that the loader would not find for the program, nor for those of its libraries that lie below `root`: by
 * what the files say (ld.so(8)), nothing is run. Empty for a script, a static program, and where there is no ELF.
 */
export function missingLibraries(host: Host, program: string, root: string): readonly string[] {
  if (host.os !== 'linux') return [];
  const own = realPathIfAny(program);
  const loader = own === undefined ? undefined : loaderOf(own);
  // A missing loader is reported where the toolchain is installed.
  if (own === undefined || loader === undefined || !existsSync(loader)) return [];
  const system = systemFolders(host, loader);
  const top = realPathIfAny(root) ?? root;
  const missing = new Set<string>();
  const seen = new Set<string>();
  const queue: { readonly file: string; readonly inherited: readonly string[] }[] = [{ file: own, inherited: [] }];
  for (let one = queue.shift(); one !== undefined && seen.size < MOST; one = queue.shift()) {
    if (seen.has(one.file)) continue;
    seen.add(one.file);
    const needed = neededOf(one.file);
    if (needed === undefined) continue;
    const origin = dirname(one.file);
    const folders = needed.folders
      .map((folder) => folder.replace(/^\$(?:ORIGIN|\{ORIGIN\})(?=\/|$)/, origin))
      .filter((folder) => isAbsolute(folder));
    const all = [...folders, ...one.inherited];
    for (const name of needed.libraries) {
      const found = find(name, [...all, ...system], loader);
      if (found === undefined) missing.add(name);
      else if (found.startsWith(`${top}/`)) queue.push({ file: found, inherited: all });
    }
  }
  return [...missing].sort();
}

function find(name: string, folders: readonly string[], loader: string): string | undefined {
  if (name.includes('/')) return realPathIfAny(name);
  if (name === loader.slice(loader.lastIndexOf('/') + 1) || /^(?:linux-vdso|ld-)/.test(name)) return loader;
  // musl holds what other C libraries have in libraries of their own.
  if (loader.includes('ld-musl') && /^lib(?:c|m|dl|rt|pthread|util|xnet|resolv|crypt)\./.test(name)) return loader;
  for (const folder of folders) {
    const found = realPathIfAny(join(folder, name));
    if (found !== undefined) return found;
  }
  return undefined;
}

function systemFolders({ env }: Host, loader: string): readonly string[] {
  const given = (env.LD_LIBRARY_PATH ?? '').split(':').filter(isAbsolute);
  if (loader.includes('ld-musl')) {
    const path = `/etc/${loader.slice(loader.lastIndexOf('/') + 1).replace(/\.so\.\d+$/, '')}.path`;
    const listed = textOf(path)?.split(/[\n:]/).filter(isAbsolute);
    return [...given, ...(listed ?? ['/lib', '/usr/local/lib', '/usr/lib'])];
  }
  return [
    ...given,
    ...configured('/etc/ld.so.conf', 0),
    ...['/lib64', '/usr/lib64', '/lib', '/usr/lib'],
    ...discoveredFolders(['/lib/*-linux-gnu', '/usr/lib/*-linux-gnu']),
  ];
}

/** Folders that ldconfig is told of. */
function configured(file: string, depth: number): readonly string[] {
  if (depth > 4) return [];
  return (textOf(file) ?? '').split('\n').flatMap((line) => {
    const text = line.replace(/#.*/, '').trim();
    const include = /^include\s+(\S+)$/.exec(text)?.[1];
    if (include === undefined) return isAbsolute(text) ? [text] : [];
    const path = isAbsolute(include) ? include : join(dirname(file), include);
    return filesLike(path).flatMap((one) => configured(one, depth + 1));
  });
}

/** Files whose base name fits, `*` standing for any text. */
function filesLike(path: string): readonly string[] {
  const [first = '', ...rest] = path.slice(path.lastIndexOf('/') + 1).split('*');
  const last = rest.at(-1);
  if (last === undefined) return [path];
  return sortedNames(dirname(path))
    .filter((name) => name.startsWith(first) && name.endsWith(last))
    .map((name) => join(dirname(path), name));
}

/** Names that pkg-config would not find: https://people.freedesktop.org/~dbn/pkg-config-guide.html */
export function missingPackages({ env, os }: Host, names: readonly string[]): readonly string[] {
  if (os !== 'linux') return [];
  const own = (env.PKG_CONFIG_PATH ?? '').split(':').filter(isAbsolute);
  const standard = env.PKG_CONFIG_LIBDIR?.split(':').filter(isAbsolute) ?? [
    ...['/usr/local/lib', '/usr/local/lib64', '/usr/local/share', '/usr/lib', '/usr/lib64', '/usr/share'].map(
      (folder) => `${folder}/pkgconfig`,
    ),
    ...discoveredFolders(['/usr/lib/*-linux-gnu/pkgconfig', '/usr/local/lib/*-linux-gnu/pkgconfig']),
  ];
  return names.filter((name) => ![...own, ...standard].some((folder) => existsSync(join(folder, `${name}.pc`))));
}

/** The system's own package manager, where it is one that is known. */
export function systemPackageManager(): ReturnType<typeof packageManagerOf> {
  return packageManagerOf(textOf('/etc/os-release') ?? textOf('/usr/lib/os-release') ?? '');
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
