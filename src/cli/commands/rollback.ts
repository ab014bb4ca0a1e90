import { applyRollback, planRollback, planUndo } from '../../app/changes/rollback';
import { PolyenvError } from '../../domain/words/errors';
import { printableLines } from '../../domain/words/printable';
import { type Command, flag } from '../command';
import { canAsk, confirm } from '../confirm';
import type { Style } from '../output/style';

export const command: Command = {
  name: 'rollback',
  summary: 'go back to polyenv.toml and polyenv.lock as they were before the last change',
  describe:
    'Takes back the last use, remove, upgrade, lock or install that changed these files here; once more goes further back, twenty changes at most. What was edited by hand since is kept: the next rollback brings it back. Toolchains stay in the store.',
  options: [{ name: 'undo', describe: 'undo the last rollback' }],
  examples: [
    { run: 'polyenv rollback --dry-run', describe: 'see what would change' },
    { run: 'polyenv rollback --yes', describe: 'without a question' },
    { run: 'polyenv rollback --undo', describe: 'undo the last rollback' },
  ],
  run: async (input) => {
    const { ctx, output } = input;
    const plan = await (flag(input, 'undo') ? planUndo : planRollback)(ctx, ctx.directory);
    const { folder, snapshot, edited, diff } = plan;
    const data = { folder, before: snapshot.taken, edited: edited === 'changed', diff };
    const shown = painted(diff, output.out);
    if (flag(input, 'dry-run')) {
      return {
        data: { dryRun: true, ...data },
        text: `${shown}\n${output.out.dim('nothing was written (--dry-run)')}`,
      };
    }
    if (edited === 'changed') {
      const text = `the files in ${folder} were edited since polyenv wrote them`;
      ctx.emit({ type: 'warning', text, hint: 'that state is kept: polyenv rollback once more brings it back' });
    }
    if (!flag(input, 'yes')) {
      if (!canAsk(input)) {
        throw new PolyenvError('usage', 'polyenv rollback asks before it writes, and nobody can be asked here', {
          hint: 'polyenv rollback --dry-run, then polyenv rollback --yes',
        });
      }
      if (!(await confirm(input, `${shown}\nwrite this to ${folder}?`)))
        return { text: 'nothing was written', exit: 1 };
    }
    const done = await applyRollback(ctx, plan);
    if (done.missing.length > 0) {
      ctx.emit({ type: 'warning', text: `not installed: ${done.missing.join(', ')}`, hint: 'polyenv install' });
    }
    const lines = [...done.wrote.map((path) => `wrote ${path}`), ...done.removed.map((path) => `removed ${path}`)];
    const last =
      plan.way === 'back'
        ? [`both are as they were before ${snapshot.taken}; to undo this: polyenv rollback --undo`]
        : ['the rollback is undone'];
    return { data: { ...data, ...done }, text: [shown, ...lines, ...last].join('\n') };
  },
};

function painted(diff: string, style: Style): string {
  return diff
    .trimEnd()
    .split('\n')
    .map((line) => {
      const text = printableLines(line);
      if (/^(?:---|\+\+\+|@@)/.test(line)) return style.dim(text);
      return line.startsWith('-') ? style.red(text) : line.startsWith('+') ? style.green(text) : text;
    })
    .join('\n');
}
