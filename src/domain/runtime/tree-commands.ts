import type { Tree } from './layout';

/**
 * The commands of one folder whose names are wanted, by name; `''` is the root. On Windows a command is an `.exe`, `.cmd`
 * or `.bat`, and its name is without that.
 */
export function commandsIn(tree: Tree, folder: string, wanted: RegExp): Readonly<Record<string, string>> {
  const windows = tree.platform.startsWith('windows');
  return Object.fromEntries(
    tree.list(folder).flatMap((file) => {
      const name = windows ? /^(.+)\.(?:exe|cmd|bat)$/i.exec(file)?.[1] : file;
      return name !== undefined && wanted.test(name) ? [[name, folder === '' ? file : `${folder}/${file}`]] : [];
    }),
  );
}

/** As `commandsIn`, of scripts for Node.js, whose names end in `.js`, `.cjs` or `.mjs`. */
export function scriptsIn(tree: Tree, folder: string, wanted: RegExp): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tree.list(folder).flatMap((file) => {
      const name = file.replace(/\.[cm]?js$/, '');
      return wanted.test(name) ? [[name, `${folder}/${file}`]] : [];
    }),
  );
}
