import { relative } from 'node:path';
import { GENERATED, type GeneratedKind, generate, writeGenerated } from '../../app/making/generate';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, value } from '../command';

const KINDS = Object.keys(GENERATED) as readonly GeneratedKind[];

export const command: Command = {
  name: 'generate',
  summary: 'files that give continuous integration and containers exactly what the lock says',
  describe:
    'Prints; --write puts the file into its place in the project, and never over another one without --force. The wrapper is a small script to commit, by which a machine without polyenv fetches it by digest; the other files call it where the project has it.',
  arguments: [{ name: 'file', describe: 'which one', required: true, choices: KINDS }],
  options: [
    { name: 'write', describe: 'write the file into the project instead of printing it' },
    { name: 'force', describe: 'replace a file that has other content' },
    { name: 'url', value: 'URL', describe: "for the wrapper: polyenv's package (a tarball as `npm pack` makes it)" },
    { name: 'digest', value: 'DIGEST', describe: 'for the wrapper: sha256:HEX or sha512:HEX of that package' },
    {
      name: 'registry',
      value: 'HOST',
      describe:
        "for compose and kubernetes: name images by digest, as this registry says it; default their exact version's tag",
    },
  ],
  examples: [
    { run: 'polyenv generate wrapper --write', describe: 'as npm installed this polyenv, by digest' },
    { run: 'polyenv generate github-actions --write', describe: 'a workflow that runs on exactly the lock' },
    { run: 'polyenv generate dockerfile', describe: 'only look at it' },
    { run: 'polyenv generate compose --write', describe: 'the services, for machines that run Docker' },
    {
      run: 'polyenv generate maven-toolchains',
      describe: "this machine's JDKs, for builds that compile with a second one",
    },
    { run: 'polyenv generate store-compose', describe: "a registry for a team's store" },
  ],
  run: async (input) => {
    const { ctx, args, output } = input;
    const kind = KINDS.find((one) => one === args[0]);
    if (kind === undefined) {
      throw new PolyenvError('usage', `polyenv generates no ${JSON.stringify(args[0])}`, {
        hint: `one of: ${KINDS.join(', ')}`,
      });
    }
    const made = await generate(ctx, kind, {
      url: value(input, 'url'),
      digest: value(input, 'digest'),
      registry: value(input, 'registry'),
    });
    const { file, text, wrapper } = made;
    if (wrapper === 'missing') {
      output.emit({
        type: 'warning',
        text: 'the project has no polyenvw, so the file needs a polyenv that is there already',
        hint: 'polyenv generate wrapper --write, then this again',
      });
    }
    if (!flag(input, 'write'))
      return { data: { kind, file, text, written: false }, text: text.trimEnd(), verbatim: true };
    const shown = relative(ctx.directory, file) || file;
    if (flag(input, 'dry-run')) return { data: { dryRun: true, kind, file, text }, text: `would write ${shown}` };
    const done = await writeGenerated(made, {
      directory: made.directory,
      replace: flag(input, 'force') ? 'others' : 'nothing',
    });
    return {
      data: { kind, file, text, written: done === 'written' },
      text: done === 'written' ? `wrote ${shown}` : `${shown} is up to date`,
    };
  },
};
