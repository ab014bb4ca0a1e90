import { openInBrowser } from '../../adapters/system/browser';
import type { Context } from '../../app/base/context';
import { addressOf } from '../../app/services/reach';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'open',
  summary: 'open a name of this project, or the page of a service, in the browser',
  arguments: [{ name: 'name', describe: 'which name or service; without one, the first name', complete: 'service' }],
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
    const { name, page } = await addressOf(ctx, args[0]);
    if (page === undefined) {
      throw new PolyenvError('service-failed', `${name} has no page for a browser`, {
        hint: `polyenv connect ${name}, or its address: polyenv url ${name}`,
      });
    }
    const opened = flag(input, 'dry-run') ? false : await openInBrowser(ctx.host, page);
    return { data: { name, page, opened }, text: page, verbatim: true };
  },
};

/** A name of the project comes before a service of that name: it may lead to it. */
async function addressNamed(ctx: Context, wanted: string | undefined) {
  const { announceProject, namingManifest } = await import('../../app/services/announce');
  const manifest = await namingManifest(ctx);
  const known = manifest?.domains.some(({ name }) => name === wanted) === true;
  if (manifest === undefined || (wanted !== undefined && !known)) return undefined;
  const names = await announceProject(ctx);
  return wanted === undefined ? names[0] : names.find(({ name }) => name === wanted);
}
