import { relative } from 'node:path';
import { planSync, type Synced, sync } from '../../app/changes/sync';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag } from '../command';
import { columns } from '../output/columns';
import { errorData, errorText } from '../output/error';

export const command: Command = {
  name: 'sync',
  summary: "write the manifest's pins back into the version files beside it",
  describe:
    'Touches only the version in .nvmrc, rust-toolchain.toml, the toolchain line of go.mod, .tool-versions and the like, in the style that the file has, so that colleagues without polyenv agree. Files that do not exist are not made, and floors and ranges (engines, requires-python, rust-version, the go line) stay.',
  options: [{ name: 'check', describe: 'write nothing; exit 10 if a file disagrees' }],
  examples: [
    { run: 'polyenv sync', describe: 'after polyenv use or polyenv upgrade' },
    { run: 'polyenv sync --check', describe: 'in CI' },
  ],
  run: async (input) => {
    const { ctx } = input;
    const dry = flag(input, 'check') ?? flag(input, 'dry-run');
    const plan = await (dry === undefined ? sync : planSync)(ctx, ctx.directory);
    const changed = plan.lines.filter(({ state }) => state === 'changed');
    const refused = plan.lines.filter(({ state }) => state === 'refused');
    const place = ({ file, line }: Synced): string => `${relative(ctx.directory, file)}:${line}`;
    const rows = changed.map((one) => [place(one), one.tool, one.before, '->', one.after ?? '']);
    const errors = refused.map(
      ({ file, line, why = '', tool }) =>
        new PolyenvError('pin-edit-refused', `${relative(ctx.directory, file)} is not written for ${tool}: ${why}`, {
          where: { file, line },
          hint: 'change that line by hand, or delete the file',
        }),
    );
    if (!input.output.modes.json)
      for (const error of errors) ctx.host.stderr.write(errorText(error, input.output.err, undefined));
    const first = errors[0];
    const findings = flag(input, 'check') !== undefined && changed.length + refused.length > 0;
    return {
      data: {
        manifest: plan.manifest,
        ...(dry !== undefined && { dryRun: true }),
        files: plan.lines,
        wrote: dry === undefined ? [...plan.texts.keys()] : [],
        ...(first !== undefined && { error: errorData(first), errors: errors.map(errorData) }),
      },
      text: [columns(rows), summary(plan.lines, { dry: dry !== undefined })].filter((part) => part !== '').join('\n'),
      exit: findings ? 10 : (first?.exit ?? 0),
    };
  },
};

function summary(lines: readonly Synced[], { dry }: { readonly dry: boolean }): string {
  const count = new Set(lines.filter(({ state }) => state === 'changed').map(({ file }) => file)).size;
  if (lines.length === 0) return 'no version file stands beside polyenv.toml';
  if (count > 0) return dry ? 'nothing was written: polyenv sync' : `wrote ${counted(count, 'file')}`;
  return lines.every(({ state }) => state === 'same') ? 'every version file says the same as polyenv.toml' : '';
}
