import { compareNumbers, readNumbers } from '../versions/schemes/numbers';
import { PolyenvError } from '../words/errors';
import { quoted } from '../words/printable';
import type { Template, Values } from './template';

/** Throws `usage` where a runtime was asked for that is older than what the template's files can run on: before anything is written. */
export function refuseOlder(template: Template, values: Values): void {
  for (const { tool, least } of template.runtimes) {
    const asked = values.get(tool);
    if (least === undefined || asked === undefined || !isOlder(asked, least)) continue;
    throw new PolyenvError('usage', `${template.name} needs ${tool} ${least} or newer, and ${quoted(asked)} is asked`, {
      hint: `polyenv new ${template.name} --${tool} ${least}`,
    });
  }
}

/** Only what names numbers can be told to be older: `1` may come to `1.26`, `lts` to anything. */
function isOlder(request: string, least: string): boolean {
  const [asked, floor] = [request, least].map((text) => readNumbers(/\d+(?:\.\d+)*/.exec(text)?.[0] ?? '') ?? []);
  if (asked === undefined || floor === undefined || asked.length === 0 || /^[<>^~!]/.test(request)) return false;
  const shared = Math.min(asked.length, floor.length);
  return compareNumbers(asked.slice(0, shared), floor.slice(0, shared)) < 0;
}
