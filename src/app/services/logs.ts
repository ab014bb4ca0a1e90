import { readState } from '../../adapters/services/folders';
import { followLog, lastLines } from '../../adapters/services/logs';
import { withoutSecrets } from '../../domain/words/without-secrets';
import type { Context } from '../base/context';
import { oneService } from './known';

/** The last lines that a service printed, its password taken out. */
export async function serviceLog(
  ctx: Context,
  name: string | undefined,
  count: number,
): Promise<{ readonly name: string; readonly lines: readonly string[] }> {
  const { folder } = await oneService(ctx, name);
  const password = (await readState(folder).catch(() => undefined))?.password ?? '';
  const lines = await lastLines(folder, count);
  return { name: folder.name, lines: lines.map((line) => withoutSecrets(line, [password])) };
}

/** What it prints from now on, until a signal ends it. */
export async function followServiceLog(
  ctx: Context,
  name: string | undefined,
  hear: (text: string) => void,
): Promise<void> {
  const { folder } = await oneService(ctx, name);
  const password = (await readState(folder).catch(() => undefined))?.password ?? '';
  let ended = false;
  const release = ctx.host.onSignal(() => {
    ended = true;
  });
  try {
    await followLog(
      folder,
      (text) => hear(withoutSecrets(text, [password])),
      () => ended,
    );
  } finally {
    release();
  }
}
