import { complete } from '../app/making/complete';
import type { Candidate, Vocabulary } from '../domain/routes/completion';
import { bashReply, splitBashLine } from '../domain/words/bash-line';
import type { Host } from '../host';

/** `polyenv complete SHELL -- WORDS...` without the program around it: loaded alone, so that a key answers at once. */
export async function runProgram(host: Host): Promise<number> {
  const { text } = await answer(host, __VOCABULARY__, { shell: host.argv[1] ?? '', words: host.argv.slice(3) });
  host.stdout.write(`${text}\n`);
  return 0;
}

export interface Answer {
  readonly native: string;
  readonly candidates: readonly Candidate[];
  /** What the shell reads: what it is to complete itself, or `words`; then `WORD<TAB>DESCRIPTION` lines. */
  readonly text: string;
}

/** `words` are those after the program's name, the last one as far as it is typed; for bash the line itself, and the end of it that bash will replace. */
export async function answer(
  host: Host,
  vocabulary: Vocabulary,
  { shell, words }: { readonly shell: string; readonly words: readonly string[] },
): Promise<Answer> {
  if (shell === 'bash') {
    const line = splitBashLine(words[0] ?? '');
    const found = await complete(host, vocabulary, { before: line.words.slice(1), current: line.current });
    const candidates = found.candidates.flatMap(({ word, describe }) => {
      const reply = bashReply(word, line, words[1] ?? '');
      return reply === undefined || reply === '' ? [] : [{ word: reply, describe }];
    });
    return written(candidates, found.native);
  }
  const { candidates, native } = await complete(host, vocabulary, {
    before: words.slice(0, -1),
    current: words.at(-1) ?? '',
  });
  return written(candidates, native);
}

function written(candidates: readonly Candidate[], native = 'words'): Answer {
  const lines = candidates.map(({ word, describe }) => (describe === '' ? word : `${word}\t${describe}`));
  return { native, candidates, text: [native, ...lines].join('\n') };
}
