import { type Bundled, createBundle, installBundle } from '../../app/making/bundle';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import { type Command, flag, value, values } from '../command';
import { bytesText, columns } from '../output/columns';
import { platformsOf } from '../platform-flags';

export const command: Command = {
  name: 'bundle',
  summary: 'one file or folder with everything that locks need, for machines without a network',
  describe:
    'create writes every archive that this project (or each LOCK) has locked for the platforms into one tar, or a folder: an OCI image layout, which skopeo, oras and crane copy to a registry and back. install takes them in, each held against its digest; polyenv install --offline then needs nothing else.',
  arguments: [
    { name: 'what', describe: 'what to do', required: true, choices: ['create', 'install'] },
    { name: 'file', describe: 'for create: polyenv.lock files; for install: the bundle, or a folder', variadic: true },
  ],
  options: [
    {
      name: 'platform',
      value: 'PLATFORM',
      repeatable: true,
      describe: 'for which platforms; all for every one (default: this machine)',
    },
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      describe: 'where the bundle goes (default: polyenv-bundle.tar); a name that ends in / becomes a folder',
    },
  ],
  examples: [
    { run: 'polyenv bundle create --platform linux-x64 -o tools.tar', describe: 'here, with a network' },
    { run: 'polyenv bundle install tools.tar && polyenv install --frozen --offline', describe: 'there, without one' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const [what, ...files] = args;
    if (what === 'create') {
      const file = value(input, 'output') ?? 'polyenv-bundle.tar';
      if (flag(input, 'dry-run')) return { data: { dryRun: true, file }, text: `would write ${file}` };
      const made = await createBundle(ctx, { platforms: platformsOf(values(input, 'platform')), file, locks: files });
      for (const text of made.gaps) ctx.emit({ type: 'warning', text });
      return report(made, `wrote ${made.file}`);
    }
    const [file, ...more] = files;
    if (what !== 'install' || file === undefined || more.length > 0) {
      throw new PolyenvError('usage', 'bundle wants create, or install and the name of one bundle', {
        hint: 'polyenv help bundle',
      });
    }
    if (flag(input, 'dry-run')) {
      const text = `would take the archives of ${file} into ${ctx.home.downloads}`;
      return { data: { dryRun: true, file }, text };
    }
    return report(await installBundle(ctx, file), 'ready for: polyenv install --offline');
  },
};

function report({ file, archives, gaps, tag }: Bundled, last: string) {
  const bytes = archives.reduce((sum, { size }) => sum + size, 0);
  const rows = archives.map(({ tool, version, platform, size }) => [`${tool} ${version}`, platform, bytesText(size)]);
  return {
    data: {
      file,
      bytes,
      gaps,
      ...present({ tag }),
      archives: archives.map(({ digest, ...rest }) => ({ ...rest, digest: `${digest.kind}:${digest.value}` })),
    },
    text: `${columns(rows)}\n${last} (${counted(archives.length, 'archive')}, ${bytesText(bytes)})`,
  };
}
