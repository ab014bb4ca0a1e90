import { rename } from 'node:fs/promises';
import type { Recipe } from '../../domain/runtime/artifact';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { openTreeWriter, type TreeWriter, type Unpacked } from '../archives/tree-writer';
import { closingAfter, syncFolder } from '../files/durable';
import { ensureFolder } from '../files/fs';
import { maskUrl } from '../net/url';
import {
  type AnySink,
  type Consumer,
  fromWhole,
  type NameDigests,
  openNameDigests,
  receive,
  receiveStreaming,
} from './digest-check';
import { type PartDownload, wholePath } from './part-download';
import { openPartial } from './partial-file';
import { withRestarts } from './restart';

export interface PartFetch extends PartDownload {
  readonly recipe: Recipe;
  /** The staging tree's root: exists. Several parts may be fetched into it at once. */
  readonly into: string;
}

/**
 * Downloads a part, or takes the whole archive from `downloads/`, and unpacks it as it comes. A broken connection is
 * resumed where the server proves that the file is the same, else begun anew; what was received outlives us as a
 * partial file. Throws `digest-mismatch` with nothing left in `into`, `archive-refused`, `archive-invalid`, `network`,
 * `http-status`, `offline`, `disk-full`.
 */
export async function fetchPart(options: PartFetch): Promise<Unpacked> {
  const { recipe, into } = options;
  const open = (): TreeWriter => openTreeWriter({ into, recipe });
  return obtain<TreeWriter, Unpacked>(options, {
    format: recipe.format,
    ...present({ nested: recipe.nested }),
    open,
    rollback: (writer) => writer.rollback(),
    finish: (writer) => writer.finish(),
  });
}

/** Downloads a part whole and proved into `downloads/`, unless it is there; returns its path. Throws as `fetchPart` does. */
export async function keepPart(options: PartDownload & Pick<Recipe, 'format'>): Promise<string> {
  const whole = wholePath(options);
  await ensureFolder(options.downloads);
  const consumer: Consumer<NameDigests, undefined> = {
    format: options.format,
    // Its own digest proves it, so its members are read only when it is unpacked.
    unread: options.part.digest.kind !== 'h1',
    open: openNameDigests,
    rollback: async () => undefined,
    finish: async () => undefined,
  };
  if ((await fromWhole(options, consumer)) !== undefined) return whole;
  refuseOffline(options);
  return withRestarts(async () => {
    const partial = await openPartial(options);
    return closingAfter(partial, async () => {
      await receive(options, { partial, consumer });
      await rename(partial.path, whole);
      await syncFolder(options.downloads);
      await partial.drop();
      return whole;
    });
  });
}

async function obtain<S extends AnySink, R>(options: PartDownload, consumer: Consumer<S, R>): Promise<R> {
  await ensureFolder(options.downloads);
  const kept = await fromWhole(options, consumer);
  if (kept !== undefined) return kept.result;
  refuseOffline(options);
  // These are received as a whole first, as a zip is: an archive within another one, and one that only its members
  // prove.
  const format = consumer.nested === undefined && options.part.digest.kind !== 'h1' ? consumer.format : 'zip';
  return withRestarts(async () => {
    const partial = await openPartial(options);
    return closingAfter(partial, async () => {
      const result =
        format === 'zip'
          ? await receive(options, { partial, consumer })
          : await receiveStreaming(options, { partial, consumer, format });
      await partial.drop();
      return result;
    });
  });
}

function refuseOffline({ offline, url }: PartDownload): void {
  if (!offline) return;
  throw new PolyenvError('offline', `${maskUrl(url)} is needed, and the network is switched off`, {
    hint: 'run it once without --offline, or take it from a bundle: polyenv bundle install FILE',
    elsewhere: true,
  });
}
