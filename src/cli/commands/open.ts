import { openInBrowser } from '../../adapters/system/browser';
import type { Context } from '../../app/base/context';
import { addressOf } from '../../app/services/reach';
import { LOCAL_SUFFIX, nameOfHost } from '../../domain/gateway/local-name';
import { PolyenvError } from '../../domain/words/errors';
import { nearestName } from '../../domain/words/nearest';
import { quoted } from '../../domain/words/printable';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'open',
  summary: 'open a name of this project, or the page of a service, in the browser',
  arguments: [{ name: 'name', describe: 'a name or a service (default: the first name)', complete: 'service' }],
  examples: [
    { run: 'polyenv open shop', describe: 'https://shop.localhost:8443' },
    { run: 'polyenv open mail', describe: 'see what was sent' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const named = await addressNamed(ctx, args[0]);
    if (named !== undefined) {
      const opened = flag(input, 'dry-run') ? false : await openInBrowser(ctx.host, named.address);
      return { data: { name: named.name, page: named.address, opened }, text: named.address, verbatim: true };
    }
    const { name, page } = await addressOf(ctx, args[0]).catch((error: unknown) => refuse(ctx, args[0], error));
    if (page === undefined) {
      throw new PolyenvError('service-failed', `${name} has no page for a browser`, {
        hint: `polyenv connect ${name}, or its address: polyenv url ${name}`,
      });
    }
    const opened = flag(input, 'dry-run') ? false : await openInBrowser(ctx.host, page);
    return { data: { name, page, opened }, text: page, verbatim: true };
  },
};

/** A project may have names and no service at all: then both are told. */
async function refuse(ctx: Context, wanted: string | undefined, error: unknown): Promise<never> {
  const { namingManifest } = await import('../../app/services/announce');
  const names = (await namingManifest(ctx))?.domains.map(({ name }) => name) ?? [];
  const [first] = names;
  const isUnknown = error instanceof PolyenvError && error.code === 'service-unknown';
  if (!isUnknown || wanted === undefined || first === undefined) throw error;
  throw new PolyenvError('service-unknown', `no name and no service here is called ${quoted(wanted)}`, {
    hint: `its names are ${names.join(', ')}: polyenv open ${nearestName(wanted, names) ?? first}`,
  });
}

/** A name of the project comes before a service of that name: it may lead to it. */
async function addressNamed(ctx: Context, asked: string | undefined) {
  const { announceProject, namingManifest } = await import('../../app/services/announce');
  // As it stands in the address bar of a browser.
  const wanted = asked?.toLowerCase().endsWith(LOCAL_SUFFIX) ? nameOfHost(asked) : asked;
  const manifest = await namingManifest(ctx);
  const known = manifest?.domains.some(({ name }) => name === wanted) === true;
  if (manifest === undefined || (wanted !== undefined && !known)) return undefined;
  const names = await announceProject(ctx);
  return wanted === undefined ? names[0] : names.find(({ name }) => name === wanted);
}
