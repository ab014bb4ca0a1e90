import { benchActivation } from './activation';
import { benchRivals, benchScale } from './scale';
import { benchShim } from './shim';
import { benchStartUp } from './start-up';
import { benchToolchains } from './toolchains';
import { type BenchRow, benchTransfer } from './transfer';

/** `npm run bench [start-up|shim|activation|scale|rivals|transfer|toolchains]`: ratios against a floor that is measured in the same run. */
const SUITES: Readonly<Record<string, () => Promise<readonly BenchRow[]>>> = {
  'start-up': benchStartUp,
  shim: benchShim,
  activation: benchActivation,
  scale: benchScale,
  rivals: benchRivals,
  transfer: benchTransfer,
  toolchains: benchToolchains,
};

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});

async function main(words: readonly string[]): Promise<number> {
  let over = 0;
  for (const [name, suite] of Object.entries(SUITES)) {
    if (words.length > 0 && !words.includes(name)) continue;
    for (const row of await suite()) {
      const within = row.ratio <= row.limit;
      over += within ? 0 : 1;
      console.log(
        `${within ? 'ok  ' : 'OVER'}  ${row.name.padEnd(52)} ${row.ratio.toFixed(2).padStart(7)}  (limit ${row.limit})  ${row.detail}`,
      );
    }
  }
  console.log(over === 0 ? 'all within their limits' : `${over} over their limits`);
  return 0;
}
