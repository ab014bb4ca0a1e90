import { PolyenvError } from '../words/errors';
import { nearestName } from '../words/nearest';
import { quoted } from '../words/printable';
import type { Template } from './template';

/** What a template can be made with beyond its own: `with_postgres` is chosen by `--with postgres`. */
export function additionsOf({ parameters }: Pick<Template, 'parameters'>): readonly string[] {
  return parameters.flatMap(({ name, type }) =>
    type === 'boolean' && name.startsWith(PREFIX) ? [name.slice(PREFIX.length)] : [],
  );
}

/** The parameters of the additions that are wanted. Throws `usage` for one that the template has not, naming those `among` all that have it. */
export function withAdditions(
  template: Template,
  wanted: readonly string[],
  among: readonly Template[],
): Readonly<Record<string, string>> {
  const own = additionsOf(template);
  for (const name of wanted) {
    if (own.includes(name)) continue;
    const others = among.filter((other) => additionsOf(other).includes(name)).map((other) => other.name);
    throw new PolyenvError('usage', `the template ${template.name} cannot be made with ${quoted(name)}`, {
      hint: others.length > 0 ? `templates that can: ${others.join(', ')}` : hintFor(name, template, among),
    });
  }
  return Object.fromEntries(wanted.map((name) => [PREFIX + name, 'true']));
}

const PREFIX = 'with_';

function hintFor(name: string, template: Template, among: readonly Template[]): string {
  const known = [...new Set([template, ...among].flatMap(additionsOf))];
  const near = nearestName(name, known);
  if (near !== undefined) return `did you mean --with ${near}?`;
  return known.length === 0 ? 'leave out --with' : `templates can be made with ${known.join(', ')}`;
}
