import { measureHome, type Sizes } from '../../app/checks/size';
import { printable } from '../../domain/words/printable';
import type { Command } from '../command';
import { bytesText, columns } from '../output/columns';
import type { Style } from '../output/style';

export const command: Command = {
  name: 'size',
  summary: "what polyenv's home takes on disk, and which projects use which toolchain",
  describe:
    'Bytes on disk of each toolchain, of what projects installed into their private homes, of caches and of half-done downloads. A file with several names counts once.',
  examples: [
    { run: 'polyenv size', describe: 'before polyenv prune' },
    { run: 'polyenv size --json', describe: 'for a script' },
  ],
  run: async ({ ctx, output }) => {
    const sizes = await measureHome(ctx);
    return { data: { ...sizes }, text: textOf(sizes, output.out) };
  },
};

/** Bytes below which there is nothing but the folders themselves. */
const EMPTY = 20_000;

function textOf(sizes: Sizes, style: Style): string {
  const toolchains = sizes.toolchains.map(({ tool, version, bytes, linked, usedBy }) => [
    `${style.bold(tool)} ${version}${linked ? ' (linked)' : ''}`,
    bytesText(bytes),
    usedBy.length > 0 ? printable(`used by ${usedBy.join(', ')}`) : style.yellow('used by no project'),
  ]);
  const environments = sizes.environments.map(({ folder, bytes, homes }) => [
    printable(folder),
    bytesText(bytes),
    homes === 0 ? 'routes' : `routes, and ${bytesText(homes)} that its tools keep`,
  ]);
  const services = sizes.services.map(({ name, kind, project, gone, running, bytes }) => [
    `${style.bold(name)} (${kind})`,
    bytesText(bytes),
    printable(`data of ${project}${gone ? ', which is gone' : running ? ', runs' : ''}`),
  ]);
  const others = [
    ['cache', sizes.cache, 'indexes and compiled code'],
    ['downloads', sizes.downloads, 'partial archives'],
    ['unfinished', sizes.unfinished, 'what killed commands left: polyenv prune'],
    ['private homes', sizes.orphans, 'of projects without routes'],
    ['other', sizes.other, 'launcher, shims, settings, trust, history'],
  ] as const;
  const rest = others.filter(([, bytes]) => bytes > EMPTY).map(([name, bytes, what]) => [name, bytesText(bytes), what]);
  const total = [style.bold('in all'), bytesText(sizes.total), printable(sizes.home)];
  return columns([...toolchains, ...environments, ...services, ...rest, total]);
}
