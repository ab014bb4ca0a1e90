import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder, readTextIfAny, removeTree } from '../../adapters/files/fs';
import { writeAtomic } from '../../adapters/files/write-atomic';
import type { Runtime } from '../../domain/runtime/runtime';
import { isStoreKey, type Toolchain } from '../../domain/toolchain/toolchain';
import type { ToolRequest } from '../../domain/versions/request';
import type { Context } from '../base/context';
import { findLinked } from './linked';

/**
 * Which linked toolchain answered a request when no source could be reached, or when the person asked for one. Routes go by
 * it; a linked toolchain that nobody chose never answers in silence. It holds
 * until a lock has an entry; what only could not be reached is tried anew.
 */
export async function chosenLink(
  ctx: Context,
  runtime: Runtime,
  request: ToolRequest,
): Promise<LinkedChoice | undefined> {
  // Few ever chose one, and loading what names the file takes longer than all that `current` reads.
  if (!existsSync(folderOf(ctx))) return undefined;
  const [key = '', why] = (await readTextIfAny(fileOf(ctx, request)).catch(() => undefined))?.trim().split(' ') ?? [];
  if (!isStoreKey(key)) return undefined;
  const toolchain = await findLinked(ctx, runtime, request);
  return toolchain?.key === key ? { toolchain, why: why === 'asked' ? 'asked' : 'unreachable' } : undefined;
}

export interface LinkedChoice {
  readonly toolchain: Toolchain;
  readonly why: 'asked' | 'unreachable';
}

export async function keepLinkedChoice(
  ctx: Context,
  request: ToolRequest,
  { toolchain, why }: LinkedChoice,
): Promise<void> {
  await ensureFolder(folderOf(ctx));
  await writeAtomic(fileOf(ctx, request), `${toolchain.key} ${why}\n`);
}

export async function forgetLinkedChoice(ctx: Context, request: ToolRequest): Promise<void> {
  const file = fileOf(ctx, request);
  if ((await readTextIfAny(file).catch(() => undefined)) !== undefined) await removeTree(file);
}

function folderOf({ home }: Context): string {
  return join(home.state, 'linked');
}

function fileOf(ctx: Context, { tool, text, vendor, variant, options }: ToolRequest): string {
  const asked = JSON.stringify([text, vendor, variant, options]);
  return join(folderOf(ctx), `${tool}-${createHash('sha256').update(asked).digest('hex').slice(0, 24)}`);
}
