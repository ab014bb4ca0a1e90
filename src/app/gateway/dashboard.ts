import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { controlSocket } from '../../adapters/gateway/place';
import { openInBrowser } from '../../adapters/system/browser';
import { asCount, asObject, asString } from '../../domain/formats/decoders';
import type { Context } from '../base/context';
import { ensureGateway, tell } from './gateway';
import { lookAtStores } from './tls';

export interface OpenedDashboard {
  readonly link: string;
  /** Whether a browser took it. */
  readonly opened: boolean;
  /** Whether a browser of this person believes the certificate. */
  readonly trusted: boolean;
}

/** Starts the gateway if none runs, and sends the browser to a link that is good once. */
export async function openDashboard(
  ctx: Context,
  { print }: { readonly print: true | undefined },
): Promise<OpenedDashboard> {
  await ensureGateway(ctx);
  const { link } = asObject({ link: asString })(await tell(ctx, { op: 'key' }));
  const trusted = (await lookAtStores(ctx)).some(({ state }) => state !== 'not-trusted');
  const opened = print === true ? false : await openInBrowser(ctx.host, await openerOf(ctx, link));
  return { link, opened, trusted };
}

/** How many sessions were ended. */
export async function revokeDashboard(ctx: Context): Promise<number> {
  const answer = await tell(ctx, { op: 'revoke' });
  return answer === undefined ? 0 : asObject({ ended: asCount })(answer).ended;
}

/** A file that sends a browser on: the arguments of a program can be read by every user of the machine. The gateway takes it away. */
async function openerOf(ctx: Context, link: string): Promise<string> {
  const folder = dirname(await controlSocket(ctx));
  const file = join(folder, `open-${randomBytes(8).toString('hex')}.html`);
  const text = `<!doctype html><meta charset="utf-8"><title>polyenv</title><meta http-equiv="refresh" content="0;url=${link}"><p><a href="${link}">Open the dashboard</a></p>\n`;
  await writeFile(file, text, { mode: 0o600, flag: 'wx' });
  return `file://${file}`;
}
