import { testedRows } from './by-tests';
import { MATRIX } from './matrix';
import { runRow } from './row';

/** `npm run test:faults [-- ID...]`: the whole matrix, one line a row: its number, what was done, what held. */
async function run(wanted: readonly string[]): Promise<void> {
  const counts = { held: 0, failed: 0, 'not run': 0 };
  for (const row of [...MATRIX, ...testedRows].filter(({ id }) => wanted.length === 0 || wanted.includes(id))) {
    const started = Date.now();
    let told: string;
    let outcome: keyof typeof counts;
    try {
      const result = await runRow(row, 'full');
      outcome = 'held' in result ? 'held' : 'not run';
      told = 'held' in result ? result.held : result.skipped;
    } catch (error) {
      outcome = 'failed';
      told = error instanceof Error ? error.message : String(error);
    }
    counts[outcome] += 1;
    console.log(
      `${row.id}  ${outcome.toUpperCase()}  ${row.what}: ${told} (${((Date.now() - started) / 1000).toFixed(1)} s)`,
    );
  }
  console.log(`${counts.held} held, ${counts.failed} failed, ${counts['not run']} not run`);
  process.exitCode = counts.failed === 0 && counts.held > 0 ? 0 : 1;
}

void run(process.argv.slice(2));
