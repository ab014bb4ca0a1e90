import { readTopic, readTopics } from '../../adapters/system/own-pages';
import { CATALOGUE, type ErrorCode } from '../../domain/words/errors';
import { pageText, plainWords } from '../../domain/words/page-text';
import type { Host } from '../../host';
import type { Command, Entry, Group } from '../command';
import { entryOf, loadCommand } from '../entry';
import { columns } from '../output/columns';
import { helpData, helpText } from '../output/help';
import type { Outcome } from '../output/outcome';
import type { Style } from '../output/style';

const GROUPS: readonly Group[] = ['Project', 'Run', 'Services', 'Look', 'Toolchains', 'Lock', 'Machine', 'Others'];

export const command: Command = {
  name: 'help',
  summary: 'this overview; one command with its options and examples; one error by its code; or one topic of the guide',
  arguments: [
    { name: 'command', describe: 'the command, the code of an error, a topic, or: topics', complete: 'verb' },
  ],
  examples: [
    { run: 'polyenv help use', describe: 'one command' },
    { run: 'polyenv help lock-stale', describe: 'what error[lock-stale] means, and what to do' },
    { run: 'polyenv help mirrors', describe: 'a page of the guide; polyenv help topics lists them' },
  ],
  run: async ({ ctx, args, catalog, output }) => {
    if (args[0] !== undefined && isErrorCode(args[0], catalog)) return explain(args[0]);
    if (args[0] === 'topics') return listTopics(ctx.host, catalog);
    if (args[0] !== undefined) {
      const topic = isVerb(catalog, args[0]) ? undefined : await readTopic(ctx.host, args[0]);
      if (topic !== undefined) return showTopic(args[0], topic, output.out);
      const asked = await loadCommand(entryOf(catalog, args[0]));
      return { data: helpData(asked), text: helpText(asked) };
    }
    const parts = await Promise.all(
      GROUPS.map(async (group) => {
        const entries = catalog.filter((entry) => entry.group === group && !entry.hidden);
        const rows = await Promise.all(
          entries.map(async (entry) => [
            `  ${[entry.name, ...(entry.aliases ?? [])].join(', ')}`,
            (await entry.load()).command.summary,
          ]),
        );
        return rows.length === 0 ? '' : `${output.out.bold(group)}\n${columns(rows)}`;
      }),
    );
    const shown = catalog.filter(({ hidden }) => !hidden);
    const commands = await Promise.all(
      shown.map(async ({ name, aliases = [], group, load }) => ({
        name,
        aliases,
        group,
        summary: (await load()).command.summary,
      })),
    );
    const head =
      'polyenv: every project its own Rust, Node.js, Python, Go and Java\nusage: polyenv COMMAND [options], for example: polyenv use node@20';
    return {
      data: { commands },
      text: [
        head,
        ...parts.filter((part) => part !== ''),
        'polyenv help COMMAND says more; polyenv help topics lists the pages of the guide.',
      ].join('\n\n'),
    };
  },
};

/** The word of a verb, its own or another of its names. */
function isVerb(catalog: readonly Entry[], word: string): boolean {
  return catalog.some(({ name, aliases }) => name === word || aliases?.includes(word));
}

async function listTopics(host: Host, catalog: readonly Entry[]): Promise<Outcome> {
  const topics = (await readTopics(host)).filter(({ name }) => !isVerb(catalog, name));
  return {
    data: { topics },
    text: `${columns(topics.map(({ name, title }) => [`  ${name}`, title]))}\n\npolyenv help TOPIC shows one.`,
  };
}

function showTopic(name: string, markdown: string, style: Style): Outcome {
  const text = pageText(markdown, { heading: style.bold, code: style.dim, table: columns });
  return { data: { topic: name, text: markdown }, text };
}

/** No verb has the name of an error, so one word can mean either. */
function isErrorCode(word: string, catalog: readonly Entry[]): word is ErrorCode {
  return Object.hasOwn(CATALOGUE, word) && !catalog.some((entry) => entry.name === word);
}

async function explain(code: ErrorCode): Promise<Outcome> {
  const { ERROR_PAGES } = await import('../../domain/words/error-pages');
  const { title, exit } = CATALOGUE[code];
  const { meaning, fix } = ERROR_PAGES[code];
  const [means, helps] = [plainWords(meaning), plainWords(fix)];
  return {
    data: { code, exit, title, meaning: means, fix: helps },
    text: `error[${code}]: ${title} (exit ${exit})\n\n${means}\n\nwhat to do: ${helps}`,
  };
}
