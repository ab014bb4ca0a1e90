import { compareOwn } from '../../domain/toolchain/own-release';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, type Input, value } from '../command';
import type { Outcome } from '../output/outcome';

export const command: Command = {
  name: 'self',
  summary: 'polyenv itself: update it, or take away everything it ever made',
  describe:
    'update fetches the newest release (or VERSION), checks its signature and digest, and switches to it by one rename; the version before it stays, and --back returns to it. What runs meanwhile goes on undisturbed. A polyenv that npm or another packager installed says their command. uninstall takes everything away that polyenv made.',
  arguments: [
    { name: 'what', describe: 'what to do', required: true, choices: ['update', 'uninstall'] },
    { name: 'version', describe: 'for update: this version, instead of the newest' },
  ],
  options: [
    { name: 'check', describe: 'for update: only say whether there is a newer version' },
    { name: 'back', describe: 'for update: return to the version before' },
    {
      name: 'from',
      value: 'FILE',
      describe: 'for update: an archive of a release, with SHA256SUMS and SHA256SUMS.asc beside it',
    },
    { name: 'keep-settings', describe: 'for uninstall: leave your settings file' },
    { name: 'data', describe: 'for uninstall: and the data of services, which are refused without it' },
  ],
  examples: [
    { run: 'polyenv self update', describe: 'to the newest release' },
    { run: 'polyenv self update --check', describe: 'is there one?' },
    { run: 'polyenv self update --back', describe: 'the version before, which is still there' },
    {
      run: 'polyenv self uninstall',
      describe: "home, shims, settings and the start-up line go; projects' own files stay",
    },
  ],
  run: async (input) => {
    const [what, version] = input.args;
    if (what === 'update') return update(input, version);
    if (what === 'uninstall' && version === undefined) return (await import('./self-uninstall')).uninstallSelf(input);
    throw new PolyenvError('usage', `polyenv self has no ${JSON.stringify(version ?? what)}`, {
      hint: 'polyenv help self',
    });
  },
};

async function update(input: Input, version: string | undefined): Promise<Outcome> {
  const { ctx } = input;
  const { goBack, newestVersion, updateSelf } = await import('../../app/changes/self-update');
  const from = value(input, 'from');
  if ([flag(input, 'check'), flag(input, 'back'), version ?? from].filter(Boolean).length > 1) {
    throw new PolyenvError('usage', 'polyenv self update takes one of VERSION, --from, --check and --back', {
      hint: 'polyenv help self',
    });
  }
  if (flag(input, 'check') || flag(input, 'dry-run')) {
    const newest = version ?? (await newestVersion(ctx));
    const current = __VERSION__;
    const newer = compareOwn(newest, current) > 0;
    return {
      data: { current, newest, newer },
      text: !newer
        ? `polyenv ${current} is the newest`
        : `polyenv ${newest} is there, and this is ${current}; to take it: polyenv self update`,
    };
  }
  const done = flag(input, 'back') ? await goBack(ctx) : await updateSelf(ctx, { version, from });
  const texts = {
    present: `polyenv ${done.version} is the newest`,
    updated: `polyenv ${done.version} is in use, ${done.before} stays beside it; to return: polyenv self update --back`,
    back: `polyenv ${done.version} is in use again`,
  };
  return { data: { ...done }, text: texts[done.action] };
}
