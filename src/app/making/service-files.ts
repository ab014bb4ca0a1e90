import { imageDigest } from '../../adapters/registry/images';
import { composeFile, type ImagedService, kubernetesFile, PASSWORD } from '../../domain/making/service-files';
import type { ServiceImage } from '../../domain/runtime/service';
import type { ServiceState } from '../../domain/services/state';
import { serviceVariables } from '../../domain/services/variables';
import { parseReference } from '../../domain/team/reference';
import type { Version } from '../../domain/versions/version';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { quoted } from '../../domain/words/printable';
import type { Context } from '../base/context';
import {
  knownServices,
  noServices,
  placeIn,
  servicePlace,
  titleOf,
  wantedDatabases,
  wantedToolchain,
} from '../services/known';

export const SERVICE_FILES = { compose: composeFile, kubernetes: kubernetesFile } as const;

/** The services of the folder as a file for other machines, each by the version that the lock has, and by digest where a registry is named that says it. Throws `lock-missing` where one has none. */
export async function serviceFile(
  ctx: Context,
  kind: keyof typeof SERVICE_FILES,
  registry: string | undefined,
): Promise<string> {
  const known = await knownServices(ctx);
  if (known.length === 0) throw noServices(ctx);
  const imaged: ImagedService[] = [];
  const named = known.map(({ declared, runtime }) => ({
    name: declared.name,
    kind: runtime.id,
    ...present({ prefix: declared.prefix }),
  }));
  for (const [index, one] of known.entries()) {
    const { declared, runtime, service, folder } = one;
    const version = await lockedVersion(ctx, one);
    const [databases, user] = [wantedDatabases(one), service.secret?.user ?? ''];
    const image = service.image?.({ version, databases, user });
    if (image === undefined) {
      ctx.emit({ type: 'warning', text: `${titleOf(one)} has no official image, and is left out` });
      continue;
    }
    const state: ServiceState = {
      project: { path: folder.project, device: '', inode: '' },
      kind: runtime.id,
      version,
      toolchain: '/',
      platform: ctx.platform,
      line: service.line(version),
      ports: { ...image.ports, main: image.ports.main ?? 0 },
      user,
      password: service.secret === undefined ? '' : STAND_IN,
      databases,
      extensions: declared.extensions,
      runAs: { how: 'self', uid: 0, gid: 0 },
    };
    const at = {
      ...servicePlace(ctx, one, { state, databases, extensions: declared.extensions }),
      host: declared.name,
    };
    const own = named.map((other, place) => ({ ...other, variables: place === index ? service.exports(at) : {} }));
    const variables = Object.entries(serviceVariables(own)).map(([key, value]) => [
      key,
      value.replaceAll(STAND_IN, PASSWORD),
    ]);
    imaged.push({
      name: declared.name,
      image: await byDigest(ctx, image, registry),
      variables: Object.fromEntries(variables),
      moreDatabases: databases.slice(1),
      extensions: declared.extensions,
      hasPassword: service.secret !== undefined && JSON.stringify(image).includes(PASSWORD),
    });
  }
  return SERVICE_FILES[kind](imaged);
}

/** A tag can move; a digest cannot. Without one the tag of the exact version stays, and that is said. */
async function byDigest(ctx: Context, image: ServiceImage, host: string | undefined): Promise<ServiceImage> {
  if (host === undefined) return image;
  const [name = '', tag = ''] = image.image.split(':');
  // Docker's own name for the images that it looks after.
  const reference = parseReference(`${host}/${name.includes('/') ? name : `library/${name}`}`);
  if (!('host' in reference)) {
    throw new PolyenvError('usage', `--registry ${quoted(host)} ${reference.problem}`, {
      hint: 'polyenv generate compose --registry registry.example',
    });
  }
  const { stores } = await ctx.network();
  const digest = await imageDigest(stores.registry(reference, []), tag).catch((error: unknown) => {
    if (error instanceof PolyenvError) return error;
    throw error;
  });
  if (typeof digest === 'string') return { ...image, image: `${image.image}@${digest}` };
  const why = digest === undefined ? `${host} names no digest for it` : digest.message;
  ctx.emit({ type: 'warning', text: `${image.image} is named by its tag: ${why}` });
  return image;
}

/** A password that no encoding changes. */
const STAND_IN = 'PASSWORDSTANDSHERE';

async function lockedVersion(ctx: Context, known: Parameters<typeof wantedToolchain>[1]): Promise<Version> {
  const { toolchain, resolution, decision } = await wantedToolchain(ctx, known);
  const version = resolution?.kind === 'entry' ? resolution.entry.version : toolchain?.version;
  if (version !== undefined) return version;
  throw new PolyenvError(
    'lock-missing',
    `${titleOf(known)} is not locked: ${known.runtime.id}@${decision.request.text}`,
    {
      where: placeIn(known),
      hint: 'polyenv lock',
    },
  );
}
