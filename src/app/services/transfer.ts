import type { Readable, Writable } from 'node:stream';
import { unpacked } from '../../adapters/services/compressed';
import { captureCommand, pipeCommand } from '../../adapters/services/pipes';
import type { ServicePlace, ServiceTransfer } from '../../domain/runtime/service';
import { PolyenvError } from '../../domain/words/errors';
import { orNearest } from '../../domain/words/nearest';
import { quoted } from '../../domain/words/printable';
import { withoutSecrets } from '../../domain/words/without-secrets';
import type { Context } from '../base/context';
import { type KnownService, titleOf } from './known';
import { reachService } from './reach';

export interface Reached {
  readonly known: KnownService;
  readonly at: ServicePlace;
  readonly transfer: ServiceTransfer;
  /** The database that is meant; the service's name for a kind that has only one content. */
  readonly database: string;
}

/** The running service whose content leaves or comes in. */
export async function reachContent(ctx: Context, name: string | undefined, database?: string): Promise<Reached> {
  const { known, at } = await reachService(ctx, name, 'running');
  const transfer = transferOf(known, at);
  if (transfer.list === undefined || database === undefined) {
    return { known, at, transfer, database: database ?? at.databases[0] ?? known.declared.name };
  }
  const there = await databasesIn(ctx, known, { at, transfer });
  if (there.includes(database)) return { known, at, transfer, database };
  const what = `${known.declared.name} has no database ${quoted(database)}`;
  throw new PolyenvError('usage', what, orNearest(database, there, `it has ${there.join(', ')}`));
}

export function transferOf(known: KnownService, at: ServicePlace): ServiceTransfer {
  const transfer = known.service.transfer?.(at);
  if (transfer !== undefined) return transfer;
  throw new PolyenvError('service-failed', `${titleOf(known)} has no program here that dumps or loads its content`, {
    hint: `polyenv snapshot ${known.declared.name} keeps its data as they are`,
  });
}

/** Writes the content; resolves to the bytes. */
export async function dump(
  ctx: Context,
  { known, at, transfer, database }: Reached,
  to: Writable,
  progress: (bytes: number) => void,
): Promise<number> {
  const { bytes, ...ended } = await pipeCommand(ctx.host, transfer.dump(database), { to, progress });
  if (ended.exit !== 0) throw failed(known, at, { doing: 'the dump', ...ended });
  return bytes;
}

/** Whether nothing of a person's is there yet. */
export async function isEmpty(ctx: Context, { known, at, transfer, database }: Reached): Promise<boolean> {
  const { text, ...ended } = await captureCommand(ctx.host, transfer.empty(database));
  if (ended.exit !== 0) throw failed(known, at, { doing: 'looking what is there', ...ended });
  return text.trim() === '';
}

/** Reads what was dumped, plain or packed or in the kind's own format; resolves to the bytes that were loaded. */
export async function load(
  ctx: Context,
  { known, at, transfer, database }: Reached,
  from: Readable,
  progress: (bytes: number) => void,
): Promise<number> {
  const { first, all } = await unpacked(from);
  if (first.length === 0) {
    throw new PolyenvError('usage', 'there is nothing to load: the input is empty', {
      hint: `polyenv load ${known.declared.name} < FILE`,
    });
  }
  const { bytes, ...ended } = await pipeCommand(ctx.host, transfer.load(database, first), { from: all, progress });
  if (ended.exit !== 0) throw failed(known, at, { doing: 'loading', ...ended });
  return bytes;
}

/** Databases of the running server that a person may have made. */
export async function databasesIn(
  ctx: Context,
  known: KnownService,
  { at, transfer }: { readonly at: ServicePlace; readonly transfer: ServiceTransfer },
): Promise<readonly string[]> {
  if (transfer.list === undefined) return [];
  const { text, ...ended } = await captureCommand(ctx.host, transfer.list);
  if (ended.exit !== 0) throw failed(known, at, { doing: 'listing databases', ...ended });
  return text.split('\n').filter((line) => line !== '');
}

export function failed(
  known: KnownService,
  at: ServicePlace,
  ended: {
    readonly doing: string;
    readonly exit: number;
    readonly said: string;
    readonly interrupted: boolean;
  },
): PolyenvError {
  const { doing, exit, said, interrupted } = ended;
  if (interrupted) return new PolyenvError('interrupted', `${doing} was interrupted for ${titleOf(known)}`);
  const lines = withoutSecrets(said, [at.password]).trim().split('\n').slice(-8);
  return new PolyenvError('service-failed', `${doing} failed for ${titleOf(known)} (status ${exit})`, {
    said: lines,
    hint: `what the server says: polyenv logs ${known.declared.name}`,
  });
}
