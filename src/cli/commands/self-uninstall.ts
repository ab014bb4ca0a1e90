import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { removeEmptyFolders, removeTree } from '../../adapters/files/fs';
import { settingsFile } from '../../adapters/home/settings';
import { holdsLines, removeLines, SHELLS, type StartupFile, startupFile } from '../../adapters/routes/startup-file';
import { keptServices } from '../../app/services/care';
import { down } from '../../app/services/down';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { flag, type Input } from '../command';
import { confirm } from '../confirm';
import { bytesText } from '../output/columns';
import type { Outcome } from '../output/outcome';

/** `polyenv self uninstall`: everything that polyenv ever made on this machine. */
export async function uninstallSelf(input: Input): Promise<Outcome> {
  const { ctx } = input;
  const { lookAtStores } = await import('../../app/gateway/tls');
  const all = SHELLS.map((shell) => startupFile(ctx.host, ctx.home, { shell, activate: 'shims' }));
  const startups: StartupFile[] = [];
  for (const startup of all) if (await holdsLines(startup)) startups.push(startup);
  const settings = flag(input, 'keep-settings') ? [] : [settingsFile(ctx.host)].filter(existsSync);
  const trusting = (await lookAtStores(ctx)).filter(({ state }) => state === 'trusted');
  const what = [
    ...[ctx.home.root].filter(existsSync),
    ...settings,
    ...startups.map(({ file }) => `polyenv's lines in ${file}`),
    ...trusting.map(({ path }) => `polyenv's authority in ${path}`),
  ];
  const kept = (await keptServices(ctx)).filter(({ data, snapshots, running }) => running || data + snapshots > 0);
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
  if (kept.some(({ running }) => running)) await down(ctx, [], { all: true });
  const changed: string[] = [];
  for (const startup of startups) if (await removeLines(startup)) changed.push(startup.file);
  for (const file of settings) await removeTree(file);
  const distrusted = await letGatewayGo(input);
  await removeTree(ctx.home.root);
  // Folders that were made for these files and hold nothing else.
  for (const file of [...settings, ...changed, ctx.home.root])
    if (!existsSync(file)) await removeEmptyFolders(dirname(file), ctx.host.personHome);
  return {
    data: { removed: [ctx.home.root, ...settings], changed },
    text: [
      ...[ctx.home.root, ...settings].map((path) => `took away ${path}`),
      ...changed.map((file) => `took polyenv's lines out of ${file}`),
      ...distrusted.map((path) => `took polyenv's authority out of ${path}`),
      "projects' own files stay where they are: polyenv.toml, polyenv.lock, .venv",
    ].join('\n'),
  };
}

/** The process that serves names ends, and browsers believe its authority no longer. */
async function letGatewayGo({ ctx }: Input): Promise<readonly string[]> {
  const { stopGateway } = await import('../../app/gateway/gateway');
  const { distrustAuthority } = await import('../../app/gateway/tls');
  await stopGateway(ctx);
  try {
    return (await distrustAuthority(ctx)).filter(({ result }) => result === 'removed').map(({ path }) => path);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    // Without certutil nothing was added either.
    return [];
  }
}
