import { isTable } from '../../formats/document-value';
import type { Document, Pin, PinFile, WantedVersion } from '../../runtime/runtime';
import { quoted } from '../../words/printable';
import { at, tableAt, textAt } from './fields';
import { invalidPin } from './pin-text';
import { valueWriter } from './pin-writer';

/**
 * What a `package.json` says of Node.js, in setup-node's order: Volta's pin, `devEngines.runtime`
 * (https://docs.npmjs.com/cli/configuring-npm/package-json#devengines), and `engines.node`, a floor.
 */
export const packageJsonNode = packageJsonEngine('node');

/** `package.json` for the engine of that name. */
function packageJsonEngine(name: string): PinFile {
  return {
    file: 'package.json',
    write: writeVersion,
    ranges: 'kept',
    read: (document) => {
      const top = document.json();
      if (!isTable(top)) throw invalidPin(document, 1, 'package.json must hold an object');
      const volta = readVolta(document, name);
      const pins = [
        volta === undefined ? undefined : pinOf('pin', volta.value, volta.line),
        devEngine(document, top, name),
        engine(document, top, name),
      ];
      const asked = at(top, ['engines', name]);
      const warnings =
        asked === undefined || typeof asked === 'string'
          ? []
          : [{ line: document.lineOf('engines', name), text: `engines.${name} is no text in quotes, and is not read` }];
      return { pins: pins.filter((pin) => pin !== undefined), warnings };
    },
  };
}

/** Volta knows one release only, and so does whoever wrote one below `devEngines`; a range there is a floor in all but name. */
function writeVersion(document: Document, pin: Pin, wanted: WantedVersion): readonly string[] {
  return /^[=vV]?\d[\w.+-]*$/.test(pin.requests[0] ?? '') ? valueWriter({})(document, pin, wanted) : [];
}

/**
 * A tool of `volta`, the file's own before those that it `extends`: https://docs.volta.sh/advanced/workspaces.
 * Throws `pin-file-invalid` for a circle, and for a file that does not exist.
 */
export function readVolta(
  document: Document,
  tool: string,
): { readonly value: string; readonly line: number } | undefined {
  const seen = [document.path];
  let line: number | undefined;
  for (let file = document; ; ) {
    const top = file.json();
    if (tableAt(file, top, ['volta']) === undefined) return undefined;
    const value = textAt(file, top, ['volta', tool]);
    if (value !== undefined) return { value, line: line ?? file.lineOf('volta', tool) };
    const target = textAt(file, top, ['volta', 'extends']);
    if (target === undefined) return undefined;
    const at = file.lineOf('volta', 'extends');
    line ??= at;
    // What is no JSON by its name is not opened: the path comes with the repository.
    const next = target.endsWith('.json') ? file.sibling(target) : undefined;
    if (next === undefined)
      throw invalidPin(file, at, `volta.extends names ${quoted(target)}, and there is no such JSON file`);
    if (seen.includes(next.path)) {
      const circle = [...seen.slice(seen.indexOf(next.path)), next.path].map(baseName).join(' -> ');
      throw invalidPin(document, line, `volta.extends leads in a circle (a cycle): ${circle}`);
    }
    seen.push(next.path);
    if (seen.length > 16) throw invalidPin(document, line, 'volta.extends leads through more than 16 files');
    file = next;
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function devEngine(document: Document, top: unknown, wanted: string): Pin | undefined {
  const keys = ['devEngines', 'runtime'];
  tableAt(document, top, ['devEngines']);
  const runtime = at(top, keys);
  if (runtime === undefined) return undefined;
  const items = Array.isArray(runtime) ? (runtime as readonly unknown[]) : [runtime];
  for (const [index, item] of items.entries()) {
    const here = Array.isArray(runtime) ? [...keys, index] : keys;
    if (!isTable(item))
      throw invalidPin(document, document.lineOf(...here), 'devEngines.runtime must be an object with a name');
    const name = textAt(document, top, [...here, 'name']);
    if (name?.toLowerCase() !== wanted) continue;
    const version = textAt(document, top, [...here, 'version']);
    // npm's empty range is any version.
    if (version === undefined || version.trim() === '' || version.trim() === '*') return undefined;
    return pinOf('pin', version, document.lineOf(...here, 'version'));
  }
  return undefined;
}

/** npm leaves out what it does not understand here, and old packages have lists. */
function engine(document: Document, top: unknown, name: string): Pin | undefined {
  const value = at(top, ['engines', name]);
  if (typeof value !== 'string' || value.trim() === '' || value.trim() === '*') return undefined;
  return pinOf('floor', value, document.lineOf('engines', name));
}

function pinOf(strength: Pin['strength'], text: string, line: number): Pin {
  return { strength, requests: [text.trim()], line };
}
