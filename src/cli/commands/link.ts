import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseRequests } from '../../app/project/requests';
import { compileFolder, refreshShims } from '../../app/routes/compile';
import { linkToolchain, planLink } from '../../app/toolchains/linked';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'link',
  summary: 'use a toolchain that this machine already has, without a copy',
  describe:
    'polyenv runs it to learn its version, and records it as linked. It never counts as verified, never goes into the lock, and --frozen refuses it.',
  arguments: [
    { name: 'tool@request', describe: 'the version that it must have: rust@1.95', required: true, complete: 'request' },
    { name: 'folder', describe: 'its root', required: true, complete: 'folder' },
  ],
  examples: [{ run: 'polyenv link java@17 /usr/lib/jvm/java-17', describe: 'use the JDK of the system' }],
  run: async (input) => {
    const { ctx, args } = input;
    const [text = '', folder = ''] = args;
    const [wanted] = await parseRequests([text]);
    if (wanted === undefined) return undefined;
    const { runtime, request } = wanted;
    let root: string;
    try {
      root = realpathSync(resolve(ctx.directory, folder));
    } catch {
      throw new PolyenvError('usage', `there is no folder ${folder}`, { hint: 'name the root of the toolchain' });
    }
    const at = { root, manager: 'linked' };
    if (flag(input, 'dry-run')) {
      const { version } = await planLink(ctx, runtime, at, request);
      return {
        data: { dryRun: true, tool: runtime.id, version, root },
        text: `would link ${runtime.id} ${version} at ${root}`,
      };
    }
    const toolchain = await linkToolchain(ctx, runtime, at, request);
    await refreshShims(ctx);
    await compileFolder(ctx, ctx.directory);
    return {
      data: { tool: runtime.id, version: toolchain.version, root, linked: true },
      text: `linked ${runtime.id} ${toolchain.version} at ${root}; polyenv has not verified it`,
    };
  },
};
