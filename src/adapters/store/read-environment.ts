import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../domain/routes/environment';
import { contentOf } from '../files/content';
import { environmentFolder, type Home } from '../home/paths';

/**
 * What is compiled for exactly this folder, if every condition of its routes still holds: the files that were read
 * have their stamps' times, those that must stay absent are, and the toolchains are there. `undefined` otherwise.
 */
export function readStandingEnvironment(home: Home, directory: string): Environment | undefined {
  const folder = environmentFolder(home, directory);
  try {
    const environment = JSON.parse(readFileSync(join(folder, 'env.json'), 'utf8')) as Environment & { schema?: number };
    const stamps = readdirSync(folder).filter((name) => name.startsWith('stamps-'));
    // With two, somebody is publishing just now.
    if (environment.schema !== 1 || environment.directory !== directory || stamps.length !== 1) return undefined;
    const standing = stands(environment, join(folder, stamps[0] as string)) && !isEdited(environment);
    return standing ? environment : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a file that was read holds something else than then, whatever its time says: shims go by the time alone. */
export function isEditedUnseen(home: Home, directory: string): boolean {
  try {
    const text = readFileSync(join(environmentFolder(home, directory), 'env.json'), 'utf8');
    return isEdited(JSON.parse(text) as Environment);
  } catch {
    return false;
  }
}

function isEdited({ inputs, contents }: Environment): boolean {
  return contents !== undefined && inputs.some((file, index) => contents[index] !== contentOf(file));
}

function stands({ inputs, absences, runtimes }: Environment, stamps: string): boolean {
  return (
    inputs.every((file, index) => timeOf(file) === timeOf(join(stamps, String(index)))) &&
    absences.every((file) => found(file) === undefined) &&
    runtimes.every(({ toolchain }) => found(toolchain)?.isDirectory())
  );
}

function timeOf(file: string): bigint {
  return statSync(file, { bigint: true }).mtimeNs;
}

function found(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
