/** Where the verb stands in a command line: the first word that is neither an option nor the folder of `-C`. */
export function verbIndex(argv: readonly string[]): number {
  let index = 0;
  while (index < argv.length && argv[index]?.startsWith('-')) index += argv[index] === '-C' ? 2 : 1;
  return index;
}

/**
 * How many of the words behind the verb are polyenv's own. What follows belongs to somebody else, and no option is read
 * from it: after `--`, after a shim's three words, and from the command of `exec`, the shell of `shell` and the task's
 * arguments of `run` on.
 */
export function ownWords(verb: string, words: readonly string[]): number {
  if (verb === 'shim') return Math.min(SHIM_WORDS, words.length);
  const dashes = words.indexOf('--');
  const limit = dashes === -1 ? words.length : dashes;
  if (!HANDS_ON.includes(verb)) return limit;
  let count = 0;
  while (count < limit) {
    const word = words[count] ?? '';
    if (WITH_VALUE.includes(word)) count += 2;
    else if (word.startsWith('-') || (verb !== 'run' && /^[a-z][a-z0-9-]*@/.test(word))) count += 1;
    else return verb === 'run' ? count + 1 : count;
  }
  return Math.min(count, words.length);
}

/** The words of a command line from which polyenv's own options are read. */
export function ownOptions(argv: readonly string[]): readonly string[] {
  const index = verbIndex(argv);
  const verb = argv[index];
  const dashes = argv.slice(0, index).indexOf('--');
  if (verb === undefined || dashes !== -1) return argv.slice(0, dashes === -1 ? index : dashes);
  return argv.slice(0, index + 1 + ownWords(verb, argv.slice(index + 1)));
}

/** Runtime, command and folder, as the script found them. */
const SHIM_WORDS = 3;
const HANDS_ON: readonly string[] = ['exec', 'x', 'run', 'shell'];
const WITH_VALUE: readonly string[] = ['-C', '-m', '--manifest', '--in'];
