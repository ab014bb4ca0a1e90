import { readFileSync } from 'node:fs';

/** What vitest is called with to run `FILE`, or `FILE#WORDS` for those of the file whose names hold the words, and report into a file. */
export function reportingArguments(test: string, report: string): readonly string[] {
  const [file = test, words] = test.split('#');
  return ['run', file, ...(words === undefined ? [] : ['-t', words]), '--reporter=json', `--outputFile=${report}`];
}

/** Throws where there is no report: the run itself went wrong. */
export function readReport(report: string): { readonly failed: number; readonly passed: number } {
  const { numFailedTests, numPassedTests } = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
  return { failed: numFailedTests ?? 0, passed: numPassedTests ?? 0 };
}
