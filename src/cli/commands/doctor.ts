import { diagnose } from '../../app/doctor';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'doctor',
  summary: 'what is wrong on this machine and in this project, each with its mend',
  options: [
    { name: 'fix', describe: 'mend what can be mended safely' },
    { name: 'exit-code', describe: 'exit 10 if anything was found' },
  ],
  examples: [
    { run: 'polyenv doctor', describe: 'look' },
    { run: 'polyenv doctor --exit-code --json', describe: 'in CI' },
  ],
  run: async (input) => {
    const { ctx, output } = input;
    const found = await diagnose(ctx);
    const fixed: string[] = [];
    if (flag(input, 'fix') && !flag(input, 'dry-run')) {
      for (const finding of found) {
        if (finding.fix === undefined) continue;
        await finding.fix();
        fixed.push(finding.kind);
      }
    }
    const paint = { error: output.out.red, warning: output.out.yellow, note: output.out.dim };
    const lines = found.flatMap((finding) => [
      `${paint[finding.level](finding.level)}  ${finding.message}${finding.where === undefined ? '' : `\n  at   ${finding.where}`}`,
      fixed.includes(finding.kind) ? '  mended' : `  try  ${finding.mend}`,
    ]);
    return {
      data: { findings: found.map(({ fix, ...finding }) => ({ ...finding, fixable: fix !== undefined })), fixed },
      text: lines.length === 0 ? 'nothing is wrong' : lines.join('\n'),
      exit:
        flag(input, 'exit-code') && found.some((finding) => finding.level !== 'note' && !fixed.includes(finding.kind))
          ? 10
          : 0,
    };
  },
};
