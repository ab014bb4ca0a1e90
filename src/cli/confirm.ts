import { createInterface } from 'node:readline/promises';
import { flag, type Input } from './command';

/** Asks on a terminal; `--yes` answers yes, and where nobody can be asked the answer is no. */
export async function confirm(input: Input, question: string): Promise<boolean> {
  if (flag(input, 'yes')) return true;
  const { host } = input.ctx;
  if (host.stdin.isTTY !== true || host.stderr.isTTY !== true || input.output.modes.json) return false;
  const answer = await ask(input, `${question}\n[y/N] `);
  return /^y(es)?$/i.test(answer.trim());
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
