/** Where the verb stands in a command line: the first word that is neither an option nor the folder of `-C`. */
export function verbIndex(argv: readonly string[]): number {
  let index = 0;
  while (index < argv.length && argv[index]?.startsWith('-')) index += argv[index] === '-C' ? 2 : 1;
  return index;
}
