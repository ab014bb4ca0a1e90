import { type Description, describeTool, type Lifespan, type VendorUpdates } from '../../app/checks/info';
import { parseRequests } from '../../app/project/requests';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import type { Command } from '../command';
import { bytesText, columns } from '../output/columns';
import type { Style } from '../output/style';

export const command: Command = {
  name: 'info',
  summary: 'what is known of a runtime here: where it comes from, what proves it, how long it is supported',
  arguments: [
    {
      name: 'tool[@request]',
      describe: 'what this folder uses, or what answers: installed, else at the source',
      required: true,
      complete: 'request',
    },
  ],
  examples: [
    { run: 'polyenv info node', describe: "this project's Node.js" },
    { run: 'polyenv info java@21 --json', describe: 'the newest Java 21, for a script' },
  ],
  run: async ({ ctx, args, output }) => {
    const [text = ''] = args;
    const [wanted] = await parseRequests([text]);
    if (wanted === undefined) return undefined;
    const asked = text.includes('@') ? 'asked' : 'here';
    const found = await describeTool(ctx, { ...wanted, asked });
    if (found === undefined) {
      throw new PolyenvError(
        'version-not-found',
        `no ${wanted.runtime.id} answers ${JSON.stringify(wanted.request.text)}`,
        {
          hint: `polyenv ls-remote ${wanted.runtime.id}`,
        },
      );
    }
    return { data: { ...found }, text: textOf(found, output.out) };
  },
};

function textOf(found: Description, style: Style): string {
  const { installed, lifecycle, parts } = found;
  const build = [found.vendor, found.variant].filter((part) => part !== undefined).join(', ');
  const heading = `${style.bold(`${found.title} ${found.version}`)}${build === '' ? '' : ` (${build})`}`;
  const rows: (readonly [string, string | undefined])[] = [
    ['asked as', found.request],
    ['asked by', found.requestedBy.join(', ')],
    ['from', found.publisher === undefined ? found.source : `${found.source}, published there by ${found.publisher}`],
    ['proof', found.firstUse ? `${found.proof}, trusted at first use and held by the lock since` : found.proof],
    ...parts.flatMap((part): readonly (readonly [string, string])[] => [
      ['  archive', part.at],
      ['  digest', `${part.digest}, ${part.proof}`],
    ]),
    ...(found.updates ?? []).map(
      (of, index) => [index === 0 ? 'vendors' : '', `${of.vendor}: ${updatesText(of)}`] as const,
    ),
    ['platform', found.platform],
    ['installed', installed === undefined ? style.yellow('no') : rootText(installed)],
    ['since', installed?.since],
    ['size', installed?.bytes === undefined ? undefined : bytesText(installed.bytes)],
    ['commands', installed?.commands.join(' ')],
    ['used by', found.usedBy.join(', ')],
    ['support', lifecycle === undefined ? undefined : lifespanText(lifecycle, style)],
    ['release notes', found.notes],
    ['license', found.license],
    ['homepage', found.homepage],
  ];
  const shown = rows.filter((row): row is readonly [string, string] => row[1] !== undefined && row[1] !== '');
  const painted = shown.map(([name, value]) => [
    `  ${style.dim(name)}`,
    name === 'installed' || name === 'support' ? value : printable(value),
  ]);
  return `${heading}\n${columns(painted)}`;
}

function rootText({ root, linked }: NonNullable<Description['installed']>): string {
  return printable(linked === undefined ? root : `${root} (linked from ${linked})`);
}

function updatesText({ lines }: VendorUpdates): string {
  if (lines.length === 0) return 'says nowhere when its lines end';
  return lines.map(({ line, until }) => (until === undefined ? line : `${line} until ${until}`)).join(', ');
}

function lifespanText({ line, lts, support, end, ended }: Lifespan, style: Style): string {
  const parts = [
    `line ${line}`,
    ...(lts ? ['long-term'] : []),
    ...(support === undefined ? [] : [`active support until ${support}`]),
    ...(end === undefined ? ['no end is set'] : [ended ? style.yellow(`ended ${end}`) : `ends ${end}`]),
  ];
  return parts.join(', ');
}
