import { quoted } from '../../domain/words/printable';
import { refused } from './archive-errors';
import type { Limits } from './member';

/** The archive holds what no honest one does. Throws `archive-refused`. */
export function refuse(name: string, why: string): never {
  throw refused(name, why);
}

/** The parts of a member's name, none of which leaves its folder. Throws `archive-refused`. */
export function checkName(name: string, limits: Limits): readonly string[] {
  if (name === '') refuse(name, 'has no name');
  // guard: name-absolute
  if (name.startsWith('/')) refuse(name, 'has an absolute name');
  if (CONTROL.test(name) || name.includes('\uFFFD')) refuse(name, 'has unreadable characters');
  if (Buffer.byteLength(name) > limits.pathBytes) refuse(name, `has a name of more than ${limits.pathBytes} bytes`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  // guard: name-parent
  if (parts.includes('..')) refuse(name, 'leaves its folder by ".."');
  if (parts.length > limits.depth) refuse(name, `lies deeper than ${limits.depth} folders`);
  const long = parts.find((part) => part.length > 63 && Buffer.byteLength(part) > limits.nameBytes);
  if (long !== undefined) refuse(name, `has a name of more than ${limits.nameBytes} bytes`);
  return parts;
}

/**
 * Only steps up that stay inside, then names. The folder of a link is a real one, so its steps up lead where they say;
 * names lead down, or through another such link: hence no chain leads out, whatever the order, whichever part made it.
 */
export function checkTarget(
  name: string,
  link: { readonly parts: readonly string[]; readonly target: string; readonly below: readonly string[] },
  limits: Limits,
): void {
  const { target, parts, below } = link;
  const shown = quoted(target, 120);
  if (target === '') refuse(name, 'is a link to nothing');
  // guard: link-absolute
  if (target.startsWith('/')) refuse(name, `is a link to the absolute path ${shown}`);
  if (CONTROL.test(target) || target.includes('\uFFFD')) {
    refuse(name, 'is a link with unreadable characters');
  }
  if (Buffer.byteLength(target) > limits.pathBytes) refuse(name, 'is a link with too long a target');
  const steps = target.split('/').filter((step) => step !== '' && step !== '.');
  const named = steps.findIndex((step) => step !== '..');
  if (named !== -1 && steps.indexOf('..', named) !== -1) refuse(name, `is a link that winds: ${shown}`);
  const reached = resolveTarget(parts.slice(0, -1), target);
  const inside = reached !== undefined && below.every((part, index) => reached[index] === part);
  // guard: link-out
  if (!inside) refuse(name, `is a link that leads out: ${shown}`);
}

/** C0, DEL and C1. */
const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

/** terminfo names its entries with and without capitals (`2621a`, `2621A`): genuine Python archives hold them. */
const CASE_MATTERS = /^(.*?(?:^|\/)terminfo\/)(.*)$/;

/** What a file system that folds case and normal forms may take for the same path. */
export function foldedPath(path: string): string {
  const [, above, below] = CASE_MATTERS.exec(path) ?? [];
  if (above !== undefined) return `${fold(above)}${below}`;
  return fold(path);
}

function fold(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return text.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
}

/** The folders and name reached from a folder, lexically; `undefined` above the root. */
export function resolveTarget(folder: readonly string[], target: string): readonly string[] | undefined {
  const reached = [...folder];
  for (const step of target.split('/')) {
    if (step === '' || step === '.') continue;
    if (step !== '..') reached.push(step);
    else if (reached.pop() === undefined) return undefined;
  }
  return reached;
}
