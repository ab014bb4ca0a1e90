import { GUARDS } from './mutation-guards';

/** `docs/internals/mutations.md`. */
export function mutationPage(): string {
  const files = [...new Set(GUARDS.map(({ file }) => file))];
  const sections = files.map((file) => {
    const guards = GUARDS.filter((guard) => guard.file === file);
    const tests = guards[0]?.tests.map((test) => `\`${test}\``).join(', ') ?? '';
    const rows = guards.map(({ name, what }) => `| \`${name}\` | ${what} |`);
    return `## \`${file}\`\n\nMissed by ${tests}.\n\n| guard | holds off |\n|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Guards, and the tests that miss them

${GUARDS.length} guards. \`npx tsx scripts/mutations.ts [NAME...]\` takes each of them out, in a copy of the project, runs the tests named here,
and fails if none of them does. This page is written by \`--list\`; the texts that are taken out stand in
\`scripts/mutation-guards.ts\`.

${sections.join('\n')}`;
}
