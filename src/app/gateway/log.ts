import { open, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readTextIfAny } from '../../adapters/files/fs';
import { gatewayLog } from '../../adapters/gateway/gateway-process';
import type { Context } from '../base/context';

/** The last lines, oldest first. */
export async function gatewayLines(ctx: Context, count = 200): Promise<readonly string[]> {
  const text = (await readTextIfAny(gatewayLog(ctx.home))) ?? '';
  return text.trimEnd().split('\n').slice(-count);
}

/** Resolves when the person ends it. */
export async function followGatewayLog(ctx: Context, write: (text: string) => void): Promise<void> {
  const file = gatewayLog(ctx.home);
  let over = false;
  const release = ctx.host.onSignal(() => {
    over = true;
  });
  let at = 0;
  write(`${(await gatewayLines(ctx)).join('\n')}\n`);
  try {
    at = (await stat(file).catch(() => undefined))?.size ?? 0;
    while (!over) {
      await sleep(200);
      const size = (await stat(file).catch(() => undefined))?.size ?? 0;
      if (size < at) at = 0;
      if (size === at) continue;
      const handle = await open(file);
      const { buffer } = await handle.read(Buffer.alloc(size - at), 0, size - at, at).finally(() => handle.close());
      at = size;
      write(buffer.toString());
    }
  } finally {
    release();
  }
}
