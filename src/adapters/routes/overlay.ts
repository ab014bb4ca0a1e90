import { lstatSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { OverlayFacts } from '../../domain/routes/venv-choice';
import type { Overlay } from '../../domain/runtime/layout';
import { present } from '../../domain/words/present';
import { realPathOr } from '../files/real-path';

/** Looks at what stands at `path`. Nothing of it is run. */
export function readOverlay(path: string, overlay: Overlay): OverlayFacts {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { kind: 'absent' };
  if (found.isSymbolicLink()) return { kind: 'link' };
  if (!found.isDirectory()) return { kind: 'other' };
  const version = claimedVersion(join(path, overlay.marker));
  const interpreter = overlayInterpreter(path, overlay);
  const writtenFor = scriptsFolder(join(path, overlay.bin));
  return {
    kind: 'folder',
    ...present({ version }),
    ...(interpreter !== undefined && version !== undefined && { interpreter }),
    ...(writtenFor !== undefined && writtenFor !== realPathOr(path) && { writtenFor }),
  };
}

/** The files by which a change of the folder shows; those that stand, and those that do not. */
export function overlayTraces(path: string, overlay: Overlay): Record<'inputs' | 'absences', readonly string[]> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return { inputs: [], absences: [path] };
  const files = found.isDirectory() ? [overlay.marker, join(overlay.bin, interpreterName(overlay))] : [''];
  const stands = files.map((file) => join(path, file)).filter((file) => isFile(file));
  return { inputs: stands, absences: [] };
}

function overlayInterpreter(path: string, overlay: Overlay): string | undefined {
  const file = realFile(join(path, overlay.bin, interpreterName(overlay)));
  return file === undefined ? undefined : file;
}

function interpreterName({ commands }: Overlay): string {
  return commands[0] ?? '';
}

function realFile(path: string): string | undefined {
  try {
    return isFile(path) ? realpathSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  try {
    return lstatSync(realpathSync(path)).isFile();
  } catch {
    return false;
  }
}

/** The standard library writes `version`, virtualenv and uv `version_info`: https://docs.python.org/3/library/venv.html */
function claimedVersion(marker: string): string | undefined {
  return /^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?[0-9a-z]*)/m.exec(readText(marker))?.[1] ?? undefined;
}

/**
 * The folder whose interpreter the scripts start, by the first line of one that names an interpreter with its whole
 * path: a folder that was moved or copied still starts the old one. Relocatable scripts name none.
 */
function scriptsFolder(bin: string): string | undefined {
  for (const name of listNames(bin)) {
    if (/^(?:python|activate)/i.test(name)) continue;
    const named = /^#!(\/[^\r\n]*\/)python[0-9.]*\s*$/m.exec(readText(join(bin, name), 512))?.[1];
    const long = /^'''exec' "?(\/[^"\r\n]*\/)python/m.exec(readText(join(bin, name), 1024))?.[1];
    const folder = named ?? long;
    if (folder !== undefined) return realPathOr(dirname(folder.slice(0, -1)));
  }
  return undefined;
}

function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function readText(file: string, most = 16_384): string {
  try {
    if (!lstatSync(file).isFile()) return '';
    return readFileSync(file, 'utf8').slice(0, most);
  } catch {
    return '';
  }
}
