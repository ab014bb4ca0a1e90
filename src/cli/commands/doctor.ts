import type { Context } from '../../app/base/context';
import { lockProject } from '../../app/changes/install-project';
import { diagnose } from '../../app/checks/doctor';
import type { Finding } from '../../app/checks/finding';
import { findProject } from '../../app/project/project';
import { refreshEdited } from '../../app/routes/compile';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'doctor',
  summary: 'what is wrong on this machine and in this project, each with its fix',
  describe:
    'Looks at PATH, shims, routes and the store, at the lock, at version files and at every other file that names a version (images, workflows, compose files), at ends of support, at what other versions built, and at missing system libraries. Uses no network and changes nothing; --fix fixes what polyenv itself wrote and never a file of yours.',
  options: [
    { name: 'fix', describe: 'fix what can be fixed safely' },
    { name: 'exit-code', describe: 'exit 10 if an error or a warning was found' },
  ],
  examples: [
    { run: 'polyenv doctor', describe: 'look' },
    { run: 'polyenv doctor --fix', describe: 'fix shims, routes, leftovers and the lock' },
    { run: 'polyenv doctor --exit-code --json', describe: 'in CI' },
  ],
  run: async (input) => {
    const { ctx, output } = input;
    const { directory } = await findProject(ctx, ctx.directory);
    await refreshEdited(ctx, [ctx.directory, directory]);
    const found = await diagnose(ctx, { relock: (folder) => keepLocked(ctx, folder) });
    const fixes = flag(input, 'fix') && !flag(input, 'dry-run') ? await fixAll(found) : new Map<Finding, string>();
    const paint = { error: output.out.red, warning: output.out.yellow, note: output.out.dim };
    const lines = found.flatMap((finding) => {
      const { kind, level, message, where, hint, fix } = finding;
      const wouldFix =
        fix !== undefined && flag(input, 'fix') ? `\n  try  ${hint} (--fix does it)` : `\n  try  ${hint}`;
      const failed = fixes.get(finding);
      const end =
        failed === ''
          ? `\n  fixed (${kind})`
          : failed === undefined
            ? wouldFix
            : `\n  not fixed: ${failed}\n  try  ${hint}`;
      return `${paint[level](level)}  ${message}${where === undefined ? '' : `\n  at   ${where}`}${end}`;
    });
    const open = found.filter((finding) => finding.level !== 'note' && fixes.get(finding) !== '');
    return {
      data: {
        findings: found.map(({ fix, ...finding }) => ({ ...finding, fixable: fix !== undefined })),
        fixed: [...new Set(found.filter((finding) => fixes.get(finding) === '').map(({ kind }) => kind))],
      },
      text: lines.length === 0 ? 'nothing is wrong' : lines.join('\n'),
      exit: flag(input, 'exit-code') && open.length > 0 ? 10 : 0,
    };
  },
};

async function keepLocked(ctx: Context, folder: string): Promise<void> {
  await lockProject(ctx, folder, { sources: 'first', keep: 'keep' });
}

/** What was tried, with why it failed: empty where it did not. */
async function fixAll(found: readonly Finding[]): Promise<ReadonlyMap<Finding, string>> {
  const done = new Map<Finding, string>();
  for (const finding of found) {
    if (finding.fix === undefined) continue;
    try {
      await finding.fix();
      done.set(finding, '');
    } catch (error) {
      if (!(error instanceof PolyenvError)) throw error;
      done.set(finding, error.message);
    }
  }
  return done;
}
