import { createInterface } from 'node:readline/promises';
import { flag, type Input } from './command';

/** Asks on a terminal; `--yes` answers yes, and where nobody can be asked the answer is no. */
export async function confirm(input: Input, question: string): Promise<boolean> {
  if (flag(input, 'yes')) return true;
  if (!canAsk(input)) return false;
  const answer = await ask(input, `${question}\n[y/N] `);
  return /^y(es)?$/i.test(answer.trim());
}

/** Whether somebody sits at a terminal. */
export function canAsk({ ctx: { host }, output }: Input): boolean {
  return host.stdin.isTTY === true && host.stderr.isTTY === true && !output.modes.json;
}

/** One line from the terminal. */
export async function ask(input: Input, question: string): Promise<string> {
  const { host } = input.ctx;
  const reader = createInterface({ input: host.stdin, output: host.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}
