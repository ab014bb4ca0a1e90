import { changeSetting, explainSettings } from '../../adapters/home/settings';
import { concealUrls } from '../../domain/words/concealment';
import { PolyenvError } from '../../domain/words/errors';
import { nearestName } from '../../domain/words/nearest';
import { describeOrigin } from '../../domain/words/sourced';
import { type Command, flag } from '../command';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'settings',
  summary: 'your own settings: list, get, set, unset; a project can set none of them',
  arguments: [
    { name: 'action', describe: 'what to do', choices: ['list', 'get', 'set', 'unset'] },
    { name: 'name', describe: 'the setting; one entry of a map as defaults.node', complete: 'setting' },
    { name: 'value', describe: 'blanks between the items of a list; maps as FROM=TO', variadic: true },
  ],
  examples: [
    { run: 'polyenv settings list', describe: 'every setting, and where its value comes from' },
    { run: 'polyenv settings set mirrors https://nodejs.org/=https://mirror.example/node/', describe: 'use a mirror' },
    { run: 'polyenv settings unset mirrors', describe: 'no longer' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const [action = 'list', name, ...words] = args;
    const explained = await explainSettings(ctx.host);
    if (action === 'list') {
      const listed = explained.map((one) => ({ ...one, value: concealed(one.value) }));
      const rows = listed.map((one) => [
        input.output.out.bold(one.name),
        shown(one.value),
        describeOrigin(one.from),
        one.describe,
      ]);
      return { data: { settings: listed }, text: columns(rows) };
    }
    if (name === undefined)
      throw new PolyenvError('usage', `polyenv settings ${action} needs the name of a setting`, {
        hint: 'polyenv settings list',
      });
    if (action === 'get') {
      const one = explained.find((setting) => setting.name === name);
      if (one === undefined) {
        const nearest = nearestName(
          name,
          explained.map((setting) => setting.name),
        );
        throw new PolyenvError('usage', `there is no setting ${JSON.stringify(name)}`, {
          hint: nearest === undefined ? 'polyenv settings list' : `polyenv settings get ${nearest}`,
        });
      }
      return { data: { ...one }, text: shown(one.value) };
    }
    if (action === 'set' && words.length === 0)
      throw new PolyenvError('usage', `polyenv settings set ${name} needs a value`, {
        hint: `polyenv settings unset ${name}`,
      });
    if (action === 'unset' && words.length > 0)
      throw new PolyenvError('usage', 'polyenv settings unset takes only a name', {
        hint: `polyenv settings unset ${name}`,
      });
    if (flag(input, 'dry-run'))
      return { data: { dryRun: true, name, value: words.join(' ') }, text: `would ${action} ${name}` };
    const changed = await changeSetting(ctx.host, { name, value: action === 'set' ? words.join(' ') : undefined });
    return {
      data: { ...changed, value: concealed(changed.value) },
      text: `${action === 'set' ? `${changed.name} = ${shown(concealed(changed.value))}` : `${name} is unset`} in ${changed.file}`,
    };
  },
};

/** A mirror or a registry may carry a password: a list is read by others, `settings get` by who asks for just that. */
function concealed(value: unknown): unknown {
  if (typeof value === 'string') return concealUrls(value);
  if (Array.isArray(value)) return value.map(concealed);
  if (typeof value !== 'object' || !value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [concealUrls(key), concealed(one)]));
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '(none)' : value.join(' ');
  if (typeof value === 'object' && value) {
    const pairs = Object.entries(value);
    return pairs.length === 0 ? '(none)' : pairs.map(([from, to]) => `${from}=${String(to)}`).join(' ');
  }
  return value === '' ? '(none)' : String(value);
}
