import { relative } from 'node:path';
import { applyProposal, type Proposal, proposeManifest } from '../../app/changes/init';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, type Input } from '../command';
import { canAsk, confirm } from '../confirm';
import { columns } from '../output/columns';
import { errorData, errorText } from '../output/error';

export const command: Command = {
  name: 'init',
  summary: 'propose a polyenv.toml from what this repository already says',
  describe:
    'Looks at version files, floors, lock files and sources, and gives a reason with file and line for each pin. Asks on a terminal, where no is exit 1; --yes takes it. Downloads and installs nothing.',
  examples: [
    { run: 'polyenv init', describe: 'look, then decide' },
    { run: 'polyenv init --yes', describe: 'take the proposal' },
  ],
  run: async (input) => {
    const { ctx } = input;
    const proposal = await proposeManifest(ctx, ctx.directory);
    const data = describe(input, proposal);
    const shown = `${reasons(input, proposal)}\n\n${proposal.text.trimEnd()}`;
    if (flag(input, 'dry-run')) return { data: { ...data, dryRun: true, wrote: [] }, text: shown };
    for (const text of proposal.notes) ctx.emit({ type: 'warning', text });
    if (await confirm(input, `${shown}\n\nwrite ${proposal.manifest}?`)) {
      await applyProposal(ctx, proposal);
      const text = `${reasons(input, proposal)}\nwrote ${proposal.manifest}\nnext: polyenv install`;
      return { data: { ...data, wrote: [proposal.manifest] }, text };
    }
    if (canAsk(input)) {
      ctx.emit({ type: 'note', text: 'nothing was written' });
      return { data: { ...data, wrote: [] }, exit: 1 };
    }
    const error = new PolyenvError('usage', 'nothing was written: nobody has agreed to the proposal', {
      hint: 'polyenv init --yes',
    });
    input.output.settle();
    if (!input.output.modes.json) ctx.host.stderr.write(errorText(error, input.output.err, undefined));
    return { data: { ...data, wrote: [], error: errorData(error) }, text: shown, exit: error.exit };
  },
};

function reasons(input: Input, { pins, services }: Proposal): string {
  const { directory } = input.ctx;
  return columns([
    ...pins.map(({ tool, request, why, file, line }) => [
      `${tool}@${request.text}`,
      `${relative(directory, file)}:${line}`,
      why,
    ]),
    ...services.map(({ name, kind, version, what, file, line }) => [
      `${name} = ${kind}${version === undefined ? '' : `@${version}`}`,
      `${relative(directory, file)}:${line}`,
      `a service: ${what}`,
    ]),
  ]);
}

function describe(
  input: Input,
  { manifest, pins, services, notes, text }: Proposal,
): Readonly<Record<string, unknown>> {
  return {
    manifest,
    text,
    pins: pins.map(({ tool, request, why, file, line }) => ({
      tool,
      request: request.text,
      options: request.options,
      why,
      file: relative(input.ctx.directory, file),
      line,
    })),
    services: services.map(({ file, ...service }) => ({ ...service, file: relative(input.ctx.directory, file) })),
    notes,
  };
}
