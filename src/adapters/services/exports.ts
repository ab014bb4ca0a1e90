import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asArray, asObject, asRecord, asString } from '../../domain/formats/decoders';
import type { ServiceExports } from '../../domain/services/variables';
import { ensureFolder } from '../files/fs';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import { type Home, servicesFolder } from '../home/paths';

/** What the services of one project say to its commands, as it was when one of them last started: mode 0600, for passwords stand in it. */
export function exportsFile(home: Home, project: string): string {
  return join(servicesFolder(home, project), 'exports.json');
}

const decode = asObject({
  services: asArray(asObject({ name: asString, kind: asString, variables: asRecord(asString) })),
});

/** Nothing where none was started yet, and where the file cannot be read: the next start writes it anew. */
export function readExports(home: Home, project: string): readonly ServiceExports[] {
  try {
    return decode(JSON.parse(readFileSync(exportsFile(home, project), 'utf8'))).services;
  } catch {
    return [];
  }
}

/** Says whether anything changed: what did not is not written, so that its time stays. */
export async function writeExports(
  home: Home,
  project: string,
  services: readonly ServiceExports[],
): Promise<'written' | 'unchanged'> {
  const file = exportsFile(home, project);
  const text = `${JSON.stringify({ schema: 1, services }, undefined, 1)}\n`;
  if (textOf(file) === text) return 'unchanged';
  await ensureFolder(servicesFolder(home, project));
  await writeAtomic(file, text, { mode: 0o600 });
  return 'written';
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
