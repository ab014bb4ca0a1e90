import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { HAND_OVER } from '../../domain/routes/hand-over';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import template from '../../shim/launcher.sh?raw';
import { readTextIfAny } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';
import { ownLauncher } from './own-versions';
import { type Home, SAVED_HOME } from './paths';

/** Variables that act on every Node: the launcher keeps them for the tool and takes them from polyenv's own process. */
const NODE_VARIABLES = ['NODE_OPTIONS', 'NODE_PATH'] as const;

const SAVED = 'POLYENV_SAVED_';

export interface Launcher {
  /** Absolute path of polyenv's own Node. */
  readonly node: string;
  /** Absolute path of the bundle. */
  readonly program: string;
}

export function launcherPath(home: Home): string {
  return join(home.bin, 'polyenv');
}

/** What the launcher starts, or `undefined` if there is none or somebody else wrote it. */
export async function readLauncher(home: Home): Promise<Launcher | undefined> {
  const text = await readTextIfAny(launcherPath(home));
  const [node, program] = ['node', 'program'].map((name) => new RegExp(`^# ${name}: (.+)$`, 'm').exec(text ?? '')?.[1]);
  return node === undefined || program === undefined ? undefined : { node, program };
}

/** Writes `bin/polyenv` and its twin among the shims; keeps the Node of an earlier one while it exists, for it may be polyenv's own. */
export async function ensureLauncher(home: Home, host: Host): Promise<Launcher> {
  const own = ownLauncher(home, host.program);
  if (own !== undefined) return writeLauncher(home, own);
  const known = await readLauncher(home);
  const node = known !== undefined && existsSync(known.node) ? known.node : host.node;
  return writeLauncher(home, { node, program: host.program });
}

export async function writeLauncher(home: Home, launcher: Launcher): Promise<Launcher> {
  const text = launcherText(home, launcher);
  for (const file of [launcherPath(home), join(home.shims, 'polyenv')]) {
    if ((await readTextIfAny(file)) !== text) await writeAtomic(file, text, { mode: 0o755 });
  }
  return launcher;
}

/** The environment for anything that is not polyenv: what the launcher took away is put back. */
export function environmentForTools(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const result: Record<string, string | undefined> = { ...env };
  delete result[SAVED_HOME];
  for (const name of NODE_VARIABLES) {
    const saved = result[SAVED + name];
    delete result[SAVED + name];
    if (saved !== undefined) result[name] = saved;
  }
  return result;
}

/** What `bin/polyenv` and its twin among the shims hold. */
export function launcherText(home: Home, { node, program }: Launcher): string {
  if (/[\n\r\0]/.test(node + program)) {
    throw new PolyenvError('path-refused', 'polyenv or its Node lies in a folder whose name has a line break', {
      hint: 'install polyenv elsewhere',
    });
  }
  const save = NODE_VARIABLES.map(
    (name) => `\tif [ "\${${name}+x}" ]; then ${SAVED}${name}=$${name}; export ${SAVED}${name}; unset ${name}; fi`,
  );
  const values: Readonly<Record<string, string>> = {
    NODE: node,
    PROGRAM: program,
    QUOTEDNODE: quote(node),
    QUOTEDPROGRAM: quote(program),
    HOME: quote(home.root),
    SAVE: save.join('\n'),
    HANDOVER: HAND_OVER,
  };
  return template.replace(/@([A-Z]+)@/g, (whole, name: string) => values[name] ?? whole);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
