import { repair, type VerifyOptions, verify } from '../../app/checks/verify';
import { describeProof } from '../../domain/toolchain/toolchain';
import { counted } from '../../domain/words/counted';
import { CATALOGUE } from '../../domain/words/errors';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'verify',
  summary: 'compare what is installed with what was downloaded and verified',
  describe:
    'Every file of the toolchains that this project uses: presence, type, size, mode, link target; with --deep also its sha256. Shims, launcher and compiled routes against what they should be. Exit 6 if something is damaged.',
  options: [
    { name: 'all', describe: 'every toolchain and every project on this machine' },
    { name: 'deep', describe: 'hash every file' },
    { name: 'repair', describe: 'fix what is damaged, from the cache or the network' },
  ],
  examples: [
    { run: 'polyenv verify', describe: 'what this project runs on' },
    { run: 'polyenv verify --all --deep', describe: 'everything, byte for byte' },
    { run: 'polyenv verify --repair', describe: 'and fix it' },
  ],
  run: async (input) => {
    const { ctx, output } = input;
    const options: VerifyOptions = {
      scope: flag(input, 'all') ? 'all' : 'project',
      depth: flag(input, 'deep') ? 'deep' : 'quick',
    };
    const first = await verify(ctx, options);
    const fixing = first.findings.length > 0 && flag(input, 'repair') && !flag(input, 'dry-run');
    const last = fixing ? await repair(ctx, first, options) : first;
    const damage = last.findings.filter(({ level }) => level === 'damage');
    const lines = last.findings.flatMap(({ level, text, hint }) => [
      `${level === 'damage' ? output.out.red('damaged') : output.out.yellow('notice')}  ${text}`,
      `         try  ${hint}`,
    ]);
    const fixed = fixing ? first.findings.filter(({ at }) => !last.findings.some((left) => left.at === at)) : [];
    const proofs = last.toolchains.map((one) => `${one.tool} ${one.version}: ${describeProof(one)}`);
    const summary = `${counted(last.toolchains.length, 'toolchain')}, ${counted(last.files, 'file')}${options.depth === 'deep' ? ' hashed' : ''}: ${damage.length === 0 ? 'as they should be' : `${damage.length} damaged`}`;
    return {
      data: {
        depth: options.depth,
        toolchains: last.toolchains.map((one) => ({
          key: one.key,
          tool: one.tool,
          version: one.version,
          proof: describeProof(one),
        })),
        files: last.files,
        findings: last.findings,
        repaired: fixed,
      },
      text: [...fixed.map(({ text }) => `${output.out.green('fixed')}   ${text}`), ...lines, ...proofs, summary].join(
        '\n',
      ),
      exit: damage.length === 0 ? 0 : CATALOGUE['toolchain-damaged'].exit,
    };
  },
};
