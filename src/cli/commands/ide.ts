import { relative } from 'node:path';
import { applyIde, EDITORS, type EditorPlan, planIde } from '../../app/making/ide';
import { editJsonc } from '../../domain/formats/jsonc';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag } from '../command';

export const command: Command = {
  name: 'ide',
  summary: "let your editor use the project's runtimes",
  describe:
    'Merges into .vscode/settings.json, comments and order kept, and names the SDK in .idea/misc.xml. Paths are links that survive an upgrade, and variables where the setting takes them, so that the file can be shared; a setting that takes none is written only where git leaves the file to you, or with --personal. Says what has to be entered by hand.',
  arguments: [{ name: 'editor', describe: 'default: the editors whose folder the project has', choices: EDITORS }],
  options: [
    { name: 'print', describe: 'print what is needed, and write nothing' },
    { name: 'check', describe: 'write nothing; exit 1 if a file says something else' },
    { name: 'personal', describe: 'write paths of your own into a file that git shares, too' },
  ],
  examples: [
    { run: 'polyenv ide vscode', describe: 'write .vscode/settings.json' },
    { run: 'polyenv ide idea --print', describe: 'what IntelliJ IDEA needs, and where it is entered' },
    { run: 'polyenv ide --check', describe: 'whether they still agree' },
  ],
  run: async (input) => {
    const { ctx, args, output } = input;
    const editor = EDITORS.find((one) => one === args[0]);
    if (editor === undefined && args[0] !== undefined) {
      throw new PolyenvError('usage', `polyenv knows no editor ${JSON.stringify(args[0])}`, {
        hint: `one of: ${EDITORS.join(', ')}`,
      });
    }
    const plan = await planIde(ctx, {
      ...(editor !== undefined && { editors: [editor] }),
      personal: flag(input, 'personal') ? 'written' : 'left',
    });
    for (const tool of plan.missing)
      output.emit({ type: 'warning', text: `${tool} is pinned here and not installed`, hint: 'polyenv install' });
    const differing = plan.editors.filter(({ after }) => after !== undefined);
    const data = { directory: plan.directory, editors: plan.editors.map(editorData), missing: plan.missing };
    if (flag(input, 'print')) {
      return { data: { ...data, wrote: [] }, text: plan.editors.map(printed).join('\n') };
    }
    const shown = ({ file }: EditorPlan): string => relative(ctx.directory, file);
    if (flag(input, 'check') || flag(input, 'dry-run')) {
      const text = differing.map((one) => `${shown(one)} says something else${changed(one)}`);
      return {
        data: { ...data, ...(flag(input, 'dry-run') && { dryRun: true }), wrote: [] },
        text: text.length === 0 ? 'every file agrees' : text.join('\n'),
        exit: flag(input, 'check') && differing.length > 0 ? 1 : 0,
      };
    }
    const wrote = await applyIde(ctx, plan);
    const lines = plan.editors.flatMap((one) => [
      one.after === undefined ? `${shown(one)} agrees already` : `wrote ${shown(one)}${changed(one)}`,
      ...byHand(one),
    ]);
    return { data: { ...data, wrote }, text: lines.join('\n') };
  },
};

function changed({ settings }: EditorPlan): string {
  const names = new Set(settings.filter(({ state }) => state === 'set').map(({ path }) => path[0]));
  return names.size === 0 ? '' : `: ${[...names].join(', ')}`;
}

function byHand({ settings, steps }: EditorPlan): readonly string[] {
  const left = settings.filter(({ state }) => state === 'left');
  return [
    ...(left.length === 0
      ? []
      : ['not written, as git shares the file and these take no variables; for your own settings, or --personal:']),
    ...left.map(
      (one) =>
        `  ${one.path.map((key) => JSON.stringify(key)).join(': ')}: ${JSON.stringify(one.entry ? [one.value] : one.value)}`,
    ),
    ...(steps.length === 0 ? [] : ['to be entered by hand, as no file of the project can say it:']),
    ...steps.map((step) => `  ${step}`),
  ];
}

/** The settings as VS Code would have them alone; the steps of IDEA. */
function printed(plan: EditorPlan): string {
  if (plan.editor === 'idea')
    return [...(plan.after === undefined ? [] : [plan.after.trimEnd()]), ...plan.steps].join('\n');
  return plan.settings
    .reduce((text, { path, value, entry }) => editJsonc(text, entry ? [...path, 0] : path, value), '')
    .trimEnd();
}

function editorData({ editor, file, before, after, settings, steps }: EditorPlan) {
  return {
    editor,
    file,
    state: after === undefined ? 'same' : before === undefined ? 'absent' : 'differs',
    settings,
    steps,
  };
}
