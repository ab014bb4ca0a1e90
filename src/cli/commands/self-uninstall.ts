import { existsSync } from 'node:fs';
import { findOwnTraces, takeSelfAway } from '../../app/changes/self-uninstall';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { quoteSh } from '../../domain/words/shell-quote';
import { flag, type Input } from '../command';
import { confirm } from '../confirm';
import { bytesText } from '../output/columns';
import type { Outcome } from '../output/outcome';

/** `polyenv self uninstall`: everything that polyenv ever made on this machine. */
export async function uninstallSelf(input: Input): Promise<Outcome> {
  const { ctx, output } = input;
  const traces = await findOwnTraces(ctx, flag(input, 'keep-settings') ? 'settings' : 'nothing');
  const { home, settings, startups, trusting, kept } = traces;
  const what = [
    ...[home].filter(existsSync),
    ...settings,
    ...startups.map(({ file }) => `polyenv's lines in ${file}`),
    ...trusting.map((path) => `polyenv's authority in ${path}`),
  ];
  const data = kept.map(
    ({ folder, data: bytes, snapshots }) =>
      `${folder.name} of ${folder.project}: ${bytesText(bytes + snapshots)} of data`,
  );
  if (flag(input, 'dry-run'))
    return {
      data: { dryRun: true, what, data },
      text: [...what, ...data].map((one) => `would take away ${one}`).join('\n'),
    };
  // guard: self-data
  if (kept.length > 0 && !flag(input, 'data')) {
    throw new PolyenvError(
      'in-use',
      `the data of ${counted(kept.length, 'service')} would go too: ${data.join('; ')}`,
      {
        hint: 'keep what you need (polyenv dump NAME -o FILE), then: polyenv self uninstall --data',
      },
    );
  }
  if (!(await confirm(input, `take away:\n${[...what, ...data].map((one) => `  ${one}`).join('\n')}\n`))) {
    throw new PolyenvError('usage', 'nothing was taken away: nobody could be asked', {
      hint: 'polyenv self uninstall --yes',
    });
  }
  const { changed, distrusted, left } = await takeSelfAway(ctx, traces);
  return {
    data: { removed: [home, ...settings], changed, distrusted, left },
    ...(left.length > 0 && { exit: 1 }),
    text: [
      ...[home, ...settings].map((path) => `took away ${path}`),
      ...changed.map((file) => `took polyenv's lines out of ${file}`),
      ...distrusted.map((path) => `took polyenv's authority out of ${path}`),
      ...left.flatMap(({ path, said, name }) => [
        output.out.yellow(`could not take polyenv's authority out of ${path}: ${said}`),
        `  try  certutil -D -d ${quoteSh(`sql:${path}`)} -n ${quoteSh(name)}`,
      ]),
      "projects' own files stay where they are: polyenv.toml, polyenv.lock, .venv",
    ].join('\n'),
  };
}
