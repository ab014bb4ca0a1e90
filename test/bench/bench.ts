import { benchActivation } from './activation';
import { benchGateway } from './gateway';
import { benchOnce } from './once';
import { benchPython } from './python';
import { benchResolving } from './resolving';
import { type BenchRow, rowLine, standing } from './row';
import { benchRivals, benchScale } from './scale';
import { benchServices } from './services';
import { benchShim } from './shim';
import { benchSlowLine } from './slow-line';
import { benchStartUp } from './start-up';
import { benchStore } from './store';
import { benchToolchains } from './toolchains';
import { benchTransfer } from './transfer';

interface Suite {
  /** Words of the rows that it measures, by which one of them can be asked for. */
  readonly rows: readonly string[];
  readonly run: () => Promise<readonly BenchRow[]>;
}

const SUITES: Readonly<Record<string, Suite>> = {
  'start-up': { rows: ['--version', 'current', 'exec'], run: benchStartUp },
  shim: { rows: ['levels below the pin', 'passing through'], run: benchShim },
  once: { rows: ['POLYENV_NODE=22', 'exec node@22', "polyenv's own Node"], run: benchOnce },
  activation: { rows: ['prompt', 'hook', 'programs started'], run: benchActivation },
  scale: { rows: ['among', 'workspace', 'ten times as much'], run: benchScale },
  rivals: { rows: ['exec on Node 24', "rustup's proxy", "pyenv's shim"], run: benchRivals },
  'slow-line': { rows: ['install a Node archive over 100 Mbit/s'], run: benchSlowLine },
  resolving: { rows: ['resolving java@17 cold: requests'], run: benchResolving },
  transfer: { rows: ['install a Node archive', 'unpack alone', "memory above Node's own"], run: benchTransfer },
  python: { rows: ['a Python with its environment', 'start of Python'], run: benchPython },
  store: { rows: ['requests of a', 'from the store', 'clients'], run: benchStore },
  services: {
    rows: ['up of postgres', 'up with nothing to do', 'with services', 'ps --all', 'memory of', 'that stay'],
    run: benchServices,
  },
  gateway: { rows: ['gateway'], run: benchGateway },
  toolchains: { rows: ['install rust', 'install java', 'install python'], run: benchToolchains },
};

/** Columns of a row's name. */
const WIDTH = 58;

const USAGE = `npm run bench [-- [--strict] [SUITE or words of a row]...]
Each figure is a ratio to a floor or a rival that is measured in the same run. With --strict a row over its goal ends the
run with status 1. Suites: ${Object.keys(SUITES).join(', ')}.`;

async function main(words: readonly string[]): Promise<number> {
  if (words.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  const asked = words.filter((word) => word !== '--strict').map((word) => word.toLowerCase());
  const chosen = Object.entries(SUITES).flatMap(([name, suite]) => {
    const word =
      asked.length === 0 ? name : asked.find((one) => one === name || (SUITES[one] === undefined && names(suite, one)));
    return word === undefined ? [] : [{ name, suite, only: asked.length === 0 || asked.includes(name) ? '' : word }];
  });
  if (chosen.length === 0) {
    console.log(`no row is called ${asked.join(' ')}\n${USAGE}`);
    return 2;
  }
  if (process.getuid?.() === 0) console.log('note: measured as root, who writes where a normal user may not');
  const over: BenchRow[] = [];
  console.log(headLine());
  for (const { suite, only } of chosen) {
    for (const row of await suite.run()) {
      if (!row.name.toLowerCase().includes(only)) continue;
      console.log(rowLine(row, WIDTH));
      if (standing(row) === 'OVER') over.push(row);
    }
  }
  console.log(over.length === 0 ? 'all within their goals' : `${over.length} over their goals`);
  return over.length > 0 && words.includes('--strict') ? 1 : 0;
}

function headLine(): string {
  return `${''.padEnd(5)} ${'what'.padEnd(WIDTH)} ${'now'.padStart(8)}  ${'goal'.padEnd(8)}  ours against the rival`;
}

function names({ rows }: Suite, word: string): boolean {
  return rows.some((row) => row.toLowerCase().includes(word) || word.includes(row.toLowerCase()));
}

main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
