import { damagedKeys, listToolchains } from '../../adapters/store/store';
import { describeProof } from '../../domain/toolchain/toolchain';
import type { Command } from '../command';
import { bytesText, columns } from '../output/columns';

export const command: Command = {
  name: 'ls',
  summary: 'the toolchains that are installed or linked here',
  arguments: [{ name: 'tool', describe: 'only these runtimes', variadic: true, complete: 'tool' }],
  examples: [
    { run: 'polyenv ls', describe: 'all of them' },
    { run: 'polyenv ls node --json', describe: 'for a script' },
  ],
  run: async ({ ctx, args, output }) => {
    const { loadRuntime } = await import('../../app/base/registry');
    const wanted = new Set(await Promise.all(args.map(async (name) => (await loadRuntime(name)).id)));
    const all = await listToolchains(ctx.home);
    const toolchains = all.filter((toolchain) => wanted.size === 0 || wanted.has(toolchain.tool));
    const damaged = (await damagedKeys(ctx.home)).filter(
      (key) => wanted.size === 0 || wanted.has(key.split('-')[0] ?? ''),
    );
    const rows = toolchains.map((toolchain) => [
      output.out.bold(toolchain.tool),
      toolchain.version,
      toolchain.linked === undefined ? toolchain.source : output.out.yellow(`linked (${toolchain.source})`),
      describeProof(toolchain),
      toolchain.bytes === undefined ? '' : bytesText(toolchain.bytes),
      toolchain.root,
    ]);
    for (const key of damaged)
      rows.push([output.out.red('damaged'), key, 'polyenv install or polyenv verify --repair fixes it']);
    return {
      data: { toolchains: toolchains.map((toolchain) => ({ ...toolchain, proof: describeProof(toolchain) })), damaged },
      text: rows.length === 0 ? 'nothing is installed yet; try: polyenv use node@lts' : columns(rows),
    };
  },
};
