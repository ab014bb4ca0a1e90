/** A file of an installed wheel, as its RECORD names it: https://packaging.python.org/en/latest/specifications/recording-installed-packages/ */
export interface RecordedFile {
  /** Relative to `site-packages`, with `/`. */
  readonly path: string;
  /** sha256, hex. */
  readonly digest: string;
  readonly size: number;
}

/** The text of RECORD as pip writes it, itself among the rows without a digest. */
export function recordText(files: readonly RecordedFile[], record: string): string {
  const rows = files.map(({ path, digest, size }) => {
    const hash = Buffer.from(digest, 'hex').toString('base64url');
    return `${csvField(path)},sha256=${hash},${size}\r\n`;
  });
  return [...rows, `${csvField(record)},,\r\n`].sort().join('');
}

function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export interface ConsoleScript {
  readonly name: string;
  readonly module: string;
  /** A function of the module, possibly of an object in it. */
  readonly attribute: string;
}

/** The commands that `entry_points.txt` declares: https://packaging.python.org/en/latest/specifications/entry-points/ */
export function consoleScripts(entryPoints: string): readonly ConsoleScript[] {
  const found: ConsoleScript[] = [];
  let section = '';
  for (const line of entryPoints.split(/\r?\n/)) {
    section = /^\s*\[([^\]]*)\]\s*$/.exec(line)?.[1]?.trim() ?? section;
    if (section !== 'console_scripts') continue;
    const [, name, module, attribute] =
      /^\s*([A-Za-z0-9_.-]+)\s*=\s*([A-Za-z_][\w.]*)\s*:\s*([A-Za-z_][\w.]*)\s*$/.exec(line) ?? [];
    if (name !== undefined && module !== undefined && attribute !== undefined) found.push({ name, module, attribute });
  }
  return found;
}

/**
 * The names under which pip installs the commands: its own and easy_install under the interpreter's numbers, whatever
 * numbers the wheel was built with.
 */
export function scriptsFor(scripts: readonly ConsoleScript[], line: string): readonly ConsoleScript[] {
  const major = line.split('.')[0] ?? line;
  const numbered: Readonly<Record<string, readonly string[]>> = {
    pip: ['pip', `pip${major}`, `pip${line}`],
    easy_install: ['easy_install', `easy_install-${line}`],
  };
  return scripts.flatMap((script) => {
    const names = numbered[script.name];
    if (names !== undefined) return names.map((name) => ({ ...script, name }));
    return /^(?:pip\d+(?:\.\d+)?|easy_install-\d+\.\d+)$/.test(script.name) ? [] : [script];
  });
}

/** Linux reads so much of a first line: https://man7.org/linux/man-pages/man2/execve.2.html */
const LONGEST_FIRST_LINE = 127;

/** A command as pip writes it. Where a first line cannot name the interpreter (too long, a blank in it), sh reads what Python takes for a string. */
export function scriptText({ module, attribute }: ConsoleScript, interpreter: string): string {
  const simple = !/\s/.test(interpreter) && Buffer.byteLength(interpreter) + 3 <= LONGEST_FIRST_LINE;
  const quotedPath = /\s/.test(interpreter) ? `"${interpreter}"` : interpreter;
  const first = simple ? `#!${interpreter}\n` : `#!/bin/sh\n'''exec' ${quotedPath} "$0" "$@"\n' '''\n`;
  const head = attribute.split('.')[0] ?? attribute;
  return `${first}# -*- coding: utf-8 -*-
import re
import sys
from ${module} import ${head}
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(${attribute}())
`;
}
