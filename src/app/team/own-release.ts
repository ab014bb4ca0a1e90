import { prepareHome } from '../../adapters/home/home';
import { hashBlob, readBlob } from '../../adapters/registry/blob-files';
import { findManifest, putManifest } from '../../adapters/registry/manifests';
import { findBlob, uploadBlob } from '../../adapters/registry/uploads';
import { keepPart } from '../../adapters/upstream/download';
import { parseChecksumList } from '../../domain/runtime/checksum-list';
import { type Digest, formatDigest } from '../../domain/runtime/digest';
import { PLATFORMS } from '../../domain/runtime/platform';
import type { Blob } from '../../domain/team/carried';
import { blobOf, ownReleaseManifest } from '../../domain/team/manifest';
import type { Reference } from '../../domain/team/reference';
import { ownTag } from '../../domain/team/tag';
import { archiveName, releasePlaces, SUMS } from '../../domain/toolchain/own-release';
import { keysFor } from '../../domain/toolchain/release-keys';
import type { Context } from '../base/context';
import { limit } from '../toolchains/slots';
import { openFreight } from './freight';

export interface OwnRelease {
  readonly version: string;
  readonly tag: string;
  readonly state: 'there' | 'sent';
}

/**
 * A release of polyenv itself, for every platform, with its signed list of digests: `self update` then needs nothing but the
 * store. The signature is held against the keys in our own code first, so that nothing goes there that nobody could use.
 */
export async function pushOwnRelease(
  ctx: Context,
  of: { readonly reference: Reference; readonly version: string; readonly base: string },
): Promise<OwnRelease> {
  const { reference, version, base } = of;
  const { stores, http } = await ctx.network();
  const registry = stores.registry(reference, []);
  const tag = ownTag(version);
  if ((await findManifest(registry, tag, 'push')) !== undefined) return { version, tag, state: 'there' };
  await prepareHome(ctx.home);
  const places = releasePlaces(base, version, ctx.platform);
  const [list, signature] = await Promise.all([places.sums, places.signature].map((url) => fetchSmall(ctx, url)));
  if (list === undefined || signature === undefined) throw new TypeError('two files were asked for');
  const { verifySignature } = await import('../../adapters/upstream/signature');
  await verifySignature({ content: list, signature, keys: keysFor(base) });
  const digests = parseChecksumList(Buffer.from(list).toString('utf8'));
  const freight = openFreight(ctx, registry, []);
  const form = await freight.form();
  const send = async (blob: Blob, read: (from: number, to: number) => AsyncIterable<Uint8Array>): Promise<void> => {
    if ((await findBlob(registry, blob.digest, 'push')) !== undefined) return;
    await uploadBlob(registry, { ...blob, read, onBytes: () => undefined });
  };
  const small = await Promise.all(
    [list, signature].map(async (bytes) => {
      const blob = blobOf(bytes);
      await send(blob, (from, to) => only(bytes.subarray(from, to)));
      return blob;
    }),
  );
  const archives = await Promise.all(
    PLATFORMS.flatMap((platform) => {
      const name = archiveName(version, platform);
      const digest = digests.get(name);
      return digest === undefined ? [] : [{ name, digest }];
    }).map(({ name, digest }) =>
      limit(ctx.settings.jobs, async () => {
        const url = `${places.sums.slice(0, -SUMS.length)}${name}`;
        const file = await keepPart({
          ...partOf(url, digest),
          http,
          downloads: ctx.home.downloads,
          offline: ctx.settings.offline,
          onBytes: () => undefined,
        });
        const blob = await hashBlob(file, digest);
        await send(blob, (from, to) => readBlob(file, from, to));
        return { name, digest: formatDigest(digest), blob };
      }),
    ),
  );
  const [listed, signed] = small;
  if (listed === undefined || signed === undefined) throw new TypeError('two files were sent');
  const files = [
    { name: SUMS, blob: listed },
    { name: `${SUMS}.asc`, blob: signed },
  ];
  await putManifest(registry, ownReleaseManifest({ version, files, archives, form }), tag);
  return { version, tag, state: 'sent' };
}

function partOf(url: string, digest: Digest) {
  const part = { at: url, digest, proof: { kind: 'signature' as const, by: 'polyenv' } };
  return { url, part, format: 'tar.gz' as const };
}

async function fetchSmall(ctx: Context, url: string): Promise<Uint8Array> {
  const { http } = await ctx.network();
  return Buffer.from(await (await http.get(url)).text(2 ** 20));
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
