import { createHash } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { consoleScripts, type RecordedFile, recordText, scriptsFor, scriptText } from '../../domain/formats/wheel';
import { PolyenvError } from '../../domain/words/errors';
import { openTreeWriter, type Unpacked } from './tree-writer';
import { readZip } from './zip-reader';

/** Where a wheel is installed. Absolute; the folders exist. */
export interface WheelPlace {
  /** `site-packages`. */
  readonly site: string;
  readonly bin: string;
  /** What starts its commands. */
  readonly interpreter: string;
  /** The interpreter's line: `3.12`. */
  readonly line: string;
}

/**
 * Installs a wheel as pip does: its files, its commands, RECORD, INSTALLER and REQUESTED, so that pip lists and removes it as its
 * own. Throws `archive-refused` for a wheel that is not pure, and what unpacking throws; then nothing is left of it.
 */
export async function installWheel(wheel: string, place: WheelPlace): Promise<void> {
  const writer = openTreeWriter({ into: place.site, recipe: { format: 'zip', root: '' } });
  try {
    await readZip(wheel, writer);
    const unpacked = await writer.finish();
    complete(wheel, place, unpacked);
  } catch (error) {
    await writer.rollback();
    throw error;
  }
}

function complete(wheel: string, place: WheelPlace, { files }: Unpacked): void {
  const { site, bin, interpreter, line } = place;
  const info = infoFolder(wheel, files);
  // The writer makes files for the store, which nobody writes; these belong to a person.
  for (const { path, mode } of files) chmodSync(join(site, path), mode | 0o200);
  const made: RecordedFile[] = [];
  const add = (path: string, text: string, mode = 0o666): void => {
    writeFileSync(join(site, path), text, { mode });
    const digest = createHash('sha256').update(text).digest('hex');
    made.push({ path, digest, size: Buffer.byteLength(text) });
  };
  for (const script of scriptsFor(consoleScripts(readIfAny(join(site, info, 'entry_points.txt'))), line)) {
    add(relative(site, join(bin, script.name)), scriptText(script, interpreter), 0o777);
  }
  add(`${info}/INSTALLER`, 'pip\n');
  add(`${info}/REQUESTED`, '');
  const record = `${info}/RECORD`;
  const kept = files.flatMap(({ path, digest = '', size }) => (path === record ? [] : [{ path, digest, size }]));
  writeFileSync(join(site, record), recordText([...kept, ...made], record));
}

function infoFolder(wheel: string, files: Unpacked['files']): string {
  const tops = new Set(files.map(({ path }) => path.slice(0, path.indexOf('/'))));
  const infos = [...tops].filter((name) => name.endsWith('.dist-info'));
  const plain = files.every(({ link }) => link === undefined) && ![...tops].some((name) => name.endsWith('.data'));
  const [info] = infos;
  if (info === undefined || infos.length > 1 || !plain) {
    throw new PolyenvError('archive-refused', `${wheel} is no wheel of plain modules`);
  }
  return info;
}

function readIfAny(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
