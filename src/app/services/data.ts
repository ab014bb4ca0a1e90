import { randomBytes } from 'node:crypto';
import { readFileSync, statfsSync, statSync } from 'node:fs';
import { chmod, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../adapters/files/durable';
import { ensureFolder, makeFolders, namesIn, removeTree } from '../../adapters/files/fs';
import { translateFsError } from '../../adapters/files/fs-errors';
import { megabytes } from '../../adapters/files/room';
import { joinInside } from '../../adapters/home/paths';
import { ensureServiceFolder, isFolderAt, type ServiceFolder } from '../../adapters/services/folders';
import { runStep } from '../../adapters/services/launch';
import { giveTo } from '../../adapters/services/users';
import type { Service, ServiceFiles, ServicePlace, ServiceSteps } from '../../domain/runtime/service';
import type { RunAs, ServiceState } from '../../domain/services/state';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { withoutSecrets } from '../../domain/words/without-secrets';
import type { Context } from '../base/context';
import { type KnownService, placeIn, servicePlace, titleOf, wantedDatabases } from './known';

/**
 * Data that the server can be started on: made if there are none, taken back if a restore was interrupted, checked for whose they are
 * and which line wrote them. Called under the service's lock, when nobody runs. The state with what the data hold.
 */
export async function readyData(ctx: Context, known: KnownService, state: ServiceState): Promise<ServiceState> {
  const { folder } = known;
  await ensureServiceFolder(folder);
  await settleRestore(ctx, folder);
  await sweepAttempts(folder);
  if (!(await isFolderAt(folder.data))) return makeData(ctx, known, state);
  checkData(ctx, known, state);
  return provisioned(ctx, known, state);
}

const ATTEMPT = 'data.initialising-';

/** Each attempt has a folder of its own: what a killed one started may still be writing into it. */
async function makeData(ctx: Context, known: KnownService, state: ServiceState): Promise<ServiceState> {
  const { folder, service, declared } = known;
  checkDisk(known);
  const attempt = `${folder.root}/${ATTEMPT}${randomBytes(4).toString('hex')}`;
  const wants = { databases: wantedDatabases(known), extensions: declared.extensions };
  const at = servicePlace(ctx, known, { state, ...wants, data: attempt });
  try {
    await privateFolder(attempt, state.runAs);
    const steps = service.initialise?.(at);
    if (steps !== undefined) await runSteps(ctx, known, { steps, at, runAs: state.runAs, doing: 'making its data' });
    await syncFolder(attempt);
    await rename(attempt, folder.data);
    await syncFolder(folder.root);
  } catch (error) {
    // The first error is the one to report, not that its traces cannot be taken away.
    await removeTree(attempt).catch(() => undefined);
    throw translateFsError(error, attempt) ?? error;
  }
  return { ...state, ...wants, line: service.line(state.version as Version) };
}

/** What the manifest names and the data lack, while nobody runs. */
async function provisioned(ctx: Context, known: KnownService, state: ServiceState): Promise<ServiceState> {
  const { service } = known;
  const missing = missingIn(known, state);
  if (missing.databases.length + missing.extensions.length === 0 || service.provision === undefined) return state;
  const databases = [...state.databases, ...missing.databases];
  const extensions = [...state.extensions, ...missing.extensions];
  const at = servicePlace(ctx, known, { state, databases, extensions });
  const steps = service.provision(at, missing);
  await runSteps(ctx, known, { steps, at, runAs: state.runAs, doing: 'making databases' });
  return { ...state, databases, extensions };
}

/** Databases and extensions that the manifest asks for beyond those that the data hold. */
export function missingIn(
  known: KnownService,
  state: Pick<ServiceState, 'databases' | 'extensions'>,
): { readonly databases: readonly string[]; readonly extensions: readonly string[] } {
  return {
    databases: wantedDatabases(known).filter((name) => !state.databases.includes(name)),
    extensions: known.declared.extensions.filter((name) => !state.extensions.includes(name)),
  };
}

/** Throws `data-refused` or `data-line` before a server is started on data that are not for it. */
function checkData(ctx: Context, known: KnownService, state: ServiceState): void {
  const { folder } = known;
  const found = statSync(folder.data);
  const owner = state.runAs.how === 'user' ? state.runAs.uid : ctx.host.uid;
  // guard: data-owner
  if (owner !== undefined && found.uid !== owner) {
    throw new PolyenvError(
      'data-refused',
      `the data of ${titleOf(known)} belong to user ${found.uid}, and the server runs as user ${owner}`,
      { where: { file: folder.data }, hint: `as root: chown -R ${owner} ${folder.data}` },
    );
  }
  if (state.platform !== ctx.platform) {
    throw new PolyenvError(
      'data-refused',
      `the data of ${titleOf(known)} were written on ${state.platform}, and this is ${ctx.platform}`,
      {
        where: { file: folder.data },
        hint: `take them over as text: polyenv dump ${folder.name} there, polyenv load ${folder.name} here; or polyenv reset ${folder.name}`,
      },
    );
  }
  refuseOtherLine(known, state, state.version as Version);
}

/** Throws `data-line` where a server of that version does not read the data. */
export function refuseOtherLine(known: KnownService, state: ServiceState, version: Version): void {
  const { folder, service } = known;
  const line = service.line(version);
  const wrote = lineOfData(known, state);
  // guard: data-line
  if (wrote !== line && service.opens?.(line, wrote) !== true) {
    throw new PolyenvError(
      'data-line',
      `the data of ${titleOf(known)} were written by ${known.runtime.id} ${wrote}, and ${version} is asked for`,
      {
        where: placeIn(known),
        hint: `polyenv upgrade ${folder.name}, which keeps the old data; or ask for ${known.runtime.id}@${wrote}`,
      },
    );
  }
}

/** Which line wrote the data: as they say themselves, else as the state says. */
export function lineOfData({ folder, service }: KnownService, state: ServiceState): string {
  return lineOfFolder(service, folder.data) ?? state.line;
}

/** Which line wrote what lies in a folder, as it says itself. */
export function lineOfFolder(service: Service, folder: string): string | undefined {
  return service.dataLine?.((file) => {
    try {
      return readFileSync(joinInside(folder, file), 'utf8');
    } catch {
      return undefined;
    }
  });
}

/** Throws `disk-full` before anything is written where the data would not fit. */
function checkDisk({ folder, service }: KnownService): void {
  const { minimumDisk } = service;
  if (minimumDisk === undefined) return;
  const { bavail, bsize } = statfsSync(folder.root);
  const free = bavail * bsize;
  if (free >= minimumDisk) return;
  throw new PolyenvError(
    'disk-full',
    `${folder.name} needs ${megabytes(minimumDisk)} for new data, and ${megabytes(free)} are free`,
    { where: { file: folder.root }, hint: 'polyenv size shows what polyenv holds; df -h shows the disk' },
  );
}

/** The data that a restore was replacing when it was interrupted: back where they were, or kept, but never an empty database in their place. */
export async function settleRestore(ctx: Pick<Context, 'emit'>, folder: ServiceFolder): Promise<void> {
  if (!(await isFolderAt(folder.restoring))) return;
  if (await isFolderAt(folder.data)) {
    const kept = join(folder.snapshots, `before-restore-${statSync(folder.restoring).mtimeMs.toFixed(0)}`);
    await ensureFolder(kept);
    await rename(folder.restoring, join(kept, 'data'));
    return;
  }
  await rename(folder.restoring, folder.data);
  ctx.emit({
    type: 'warning',
    text: `a restore of ${folder.name} was interrupted; its data are as they were before`,
    hint: `polyenv restore ${folder.name}`,
  });
}

/** What killed attempts left, of making data and of copying them. */
async function sweepAttempts({ root, snapshots }: ServiceFolder): Promise<void> {
  for (const name of await namesIn(root)) {
    if (name.startsWith(ATTEMPT) || name.startsWith('data.copying-')) await removeTree(join(root, name));
  }
  for (const name of await namesIn(snapshots)) if (name.endsWith('.making')) await removeTree(join(snapshots, name));
}

/** Runs what a kind wants done. Throws `service-failed` with the end of what it printed. */
async function runSteps(
  ctx: Context,
  known: KnownService,
  of: { readonly steps: ServiceSteps; readonly at: ServicePlace; readonly runAs: RunAs; readonly doing: string },
): Promise<void> {
  const { steps, at, runAs, doing } = of;
  await writeSecrets(at.secrets, steps.secrets ?? {}, runAs);
  for (const command of steps.steps) {
    const { exit, output, interrupted } = await runStep(ctx.host, command, { runAs, home: at.secrets });
    if (interrupted) {
      throw new PolyenvError('interrupted', `${doing} was interrupted for ${titleOf(known)}: nothing of it is left`, {
        hint: `polyenv up ${known.declared.name}`,
      });
    }
    if (exit === 0) continue;
    const said = withoutSecrets(output, [at.password]).trim().split('\n').slice(-LINES);
    if (/no space left on device|disk quota exceeded/i.test(output)) {
      throw new PolyenvError('disk-full', `no space is left for ${titleOf(known)}: ${doing} failed`, {
        where: { file: known.folder.root },
        hint: 'polyenv size shows what polyenv holds; df -h shows the disk',
      });
    }
    throw new PolyenvError('service-failed', `${doing} failed for ${titleOf(known)} (status ${exit})`, {
      said,
      where: placeIn(known),
      hint: 'see what it said above; polyenv doctor looks at the machine',
    });
  }
  for (const [name, text] of Object.entries(steps.files ?? {})) {
    const file = joinInside(at.data, name);
    await makeFolders(dirname(file), 0o700);
    await writeFile(file, text, { mode: 0o600 });
    await giveTo(runAs, file);
  }
}

const LINES = 12;

/** Files that only the server's user may read, in a folder that holds nothing else. */
export async function writeSecrets(folder: string, files: ServiceFiles, runAs: RunAs): Promise<void> {
  await privateFolder(folder, runAs);
  for (const [name, text] of Object.entries(files)) {
    const file = joinInside(folder, name);
    await removeTree(file);
    await writeFile(file, text, { mode: 0o600, flag: 'wx' });
    await giveTo(runAs, file);
  }
}

async function privateFolder(path: string, runAs: RunAs): Promise<void> {
  await makeFolders(path, 0o700);
  await chmod(path, 0o700);
  await giveTo(runAs, path);
}
