import { damagedKeys, listToolchains } from '../../adapters/store/store';
import { describeProof } from '../../domain/toolchain/toolchain';
import type { Command } from '../command';
import { bytesText, columns, lineWidth } from '../output/columns';

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
      toolchain.bytes === undefined ? '' : bytesText(toolchain.bytes),
      describeProof(toolchain),
      toolchain.root,
    ]);
    for (const key of damaged)
      rows.push([output.out.red('damaged'), key, 'polyenv install or polyenv verify --repair fixes it']);
    return {
      data: { toolchains: toolchains.map((toolchain) => ({ ...toolchain, proof: describeProof(toolchain) })), damaged },
      text:
        rows.length === 0
          ? 'nothing is installed yet; try: polyenv use node@lts'
          : fitting(rows, ctx.host.stdout.isTTY === true ? ctx.host.stdout.columns : undefined),
    };
  },
};

/** On a terminal what does not fit is left out from the right: first the folder, then the proof. Elsewhere all is there. */
function fitting(rows: readonly (readonly string[])[], width: number | undefined): string {
  for (let kept = Math.max(...rows.map((row) => row.length)); kept > 3; kept--) {
    const text = columns(rows.map((row) => row.slice(0, kept)));
    if (width === undefined || text.split('\n').every((line) => lineWidth(line) <= width)) return text;
  }
  return columns(rows.map((row) => row.slice(0, 3)));
}
