import { expect } from 'vitest';
import { parseRequests } from '../../src/app/project/requests';
import { CATALOG } from '../../src/cli/catalog';
import { entryOf, loadCommand } from '../../src/cli/entry';
import { readWords } from '../../src/cli/program';
import { optionsFromFlags } from '../../src/cli/request-flags';
import type { Host } from '../../src/host';

/** Throws what the program would say of the words. */
export async function understand(line: string): Promise<void> {
  for (const words of polyenvCalls(line)) {
    if (words.length === 0 || words[0] === '--version') continue;
    const own = words[0] === '-C' ? words.slice(2) : words;
    const command = await loadCommand(entryOf(CATALOG, own[0] ?? ''));
    const read = readWords(command, { before: [], after: own.slice(1) }, {} as Host);
    const least = (command.arguments ?? []).filter(({ required }) => required).length;
    expect(read.args.length, line).toBeGreaterThanOrEqual(least);
    command.arguments?.forEach(({ choices }, index) => {
      const word = read.args[index];
      if (choices !== undefined && word !== undefined) expect(choices, line).toContain(word);
    });
    if (command.name === 'use') await parseRequests(read.args, await optionsFromFlags(read.options));
  }
}

/** The polyenv commands of a line for a shell, each as its words behind `polyenv`. */
export function polyenvCalls(line: string): readonly (readonly string[])[] {
  const inner = /\$\((polyenv [^)]*)\)/.exec(line)?.[1] ?? line;
  return inner
    .split(/ && | \|\| | \| | [<>] /)
    .map((part) => (part.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^["']|["']$/g, '')))
    .filter((words) => words[0] === 'polyenv')
    .map((words) => words.slice(1));
}
