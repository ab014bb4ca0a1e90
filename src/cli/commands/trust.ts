import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { grantTrust, isTrusted } from '../../adapters/home/trust';
import { includedFiles } from '../../app/project/env-files';
import { findProject } from '../../app/project/project';
import { compileFolder } from '../../app/routes/compile';
import { describeTrust, needsTrust, type TrustSubject, trustDigest } from '../../domain/project/trust';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, value } from '../command';
import { confirm } from '../confirm';

export const command: Command = {
  name: 'trust',
  summary: 'allow the manifest of this project to set variables, paths, tasks and sources',
  describe:
    'Pins need no trust. What would apply is shown first. Trust holds for exactly this content at exactly this place: a changed table ends it.',
  options: [
    { name: 'show', describe: 'only show what would apply' },
    {
      name: 'content',
      value: 'DIGEST',
      describe: 'only if what would apply is still what --show showed with that line',
    },
  ],
  examples: [
    { run: 'polyenv trust', describe: 'see what it would do, then say yes' },
    { run: 'polyenv trust --show', describe: 'only look' },
  ],
  run: async (input) => {
    const { ctx } = input;
    const store = { home: ctx.home, host: ctx.host };
    const { manifests, errors } = await findProject(ctx, ctx.directory);
    // One that cannot be read has a folder, and no variables to agree to.
    const broken = errors.find(({ code }) => code === 'manifest-invalid');
    if (manifests.length === 0 && broken !== undefined) throw broken;
    if (manifests.length === 0)
      throw new PolyenvError('manifest-missing', 'there is no polyenv.toml here or above', {
        hint: 'polyenv use node@lts',
      });
    const wanting = (await Promise.all(manifests.map(includedFiles))).filter(needsTrust);
    for (const { fault } of wanting) if (fault !== undefined) throw fault;
    const effects = wanting.flatMap((subject) =>
      describeTrust(subject).map((effect) => ({ file: subject.manifest.path, ...effect })),
    );
    const told = effects.map(
      (effect) =>
        `  ${effect.file}:${effect.line ?? 1}  ${effect.text}${effect.risk ? input.output.out.red('  (lets it run code)') : ''}`,
    );
    const content = contentOf(wanting);
    const wanted = value(input, 'content');
    if (wanted !== undefined && wanted !== content) {
      throw new PolyenvError('not-trusted', 'what would apply is no longer what was shown; nothing was trusted', {
        where: { file: wanting[0]?.manifest.path ?? ctx.directory },
        hint: 'polyenv trust --show',
      });
    }
    const already = (await Promise.all(wanting.map((subject) => isTrusted(store, subject)))).every((yes) => yes);
    if (wanting.length === 0 || flag(input, 'show') || flag(input, 'dry-run') || already) {
      const text =
        wanting.length === 0
          ? 'nothing here needs trust: pins never do'
          : [already ? 'trusted already:' : 'would apply once trusted:', ...told, `content ${content}`].join('\n');
      return { data: { trusted: already, content, effects }, text };
    }
    if (!(await confirm(input, ['this would apply:', ...told].join('\n')))) {
      throw new PolyenvError('not-trusted', 'nothing was trusted: nobody could be asked', {
        where: { file: wanting[0]?.manifest.path ?? '' },
        hint: 'polyenv trust --show, then polyenv trust --yes',
      });
    }
    for (const subject of wanting) await grantTrust(store, subject);
    await compileFolder(ctx, dirname(wanting[0]?.manifest.path ?? ctx.directory));
    return { data: { trusted: true, effects }, text: ['trusted:', ...told].join('\n') };
  },
};

/** One short word for all that would apply. */
function contentOf(subjects: readonly TrustSubject[]): string {
  const digests = subjects.map((subject) => `${subject.manifest.path}\0${trustDigest(subject)}`);
  return createHash('sha256').update(digests.join('\0')).digest('hex').slice(0, 32);
}
