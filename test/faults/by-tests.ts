import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readReport, reportingArguments } from '../../scripts/vitest-report';
import { discard } from '../support/discard';
import { type Held, holds, type Row } from './row';

/** Rows whose tests lie with what they test: number, what is tried, file, and words of the tests' names. */
const TESTED: readonly (readonly [id: string, what: string, file: string, words?: string])[] = [
  [
    'V03',
    'signatures: wrong, of unknown, expired, revoked and retired keys, missing, over another file',
    'test/unit/signature.test.ts',
  ],
  ['V03', 'signed lists with and without what they promise', 'test/contract/signed-text.test.ts'],
  ['V03', 'archives that the upstream signs itself', 'test/contract/signed-archive.test.ts'],
  [
    'V09',
    'lists of checksums: CRLF, capitals, marks, two lines for one name, names that only end alike',
    'test/unit/checksum-list.test.ts',
  ],
  ['V13', 'a proof that is weaker than the one the lock records', 'test/unit/proof-floor.test.ts'],
  ['V14', 'signatures of npm’s registry', 'test/unit/npm-signature.test.ts'],
  ['V15', 'the checksum database: notes, records, inclusion, consistency', 'test/unit/sumdb.test.ts'],
  ['V15', 'the checksum database on both routes', 'test/contract/checksum-database.test.ts'],
  [
    'N02',
    'resuming: validators, ranges, changed files, partial files',
    'test/unit/download.test.ts',
    'broken connection',
  ],
  [
    'N06',
    'certificates: wrong, expired, a company’s authority by each variable',
    'test/unit/http.test.ts',
    'certificates',
  ],
  [
    'N07',
    'indexes in the cache: cut, empty, of another type, of a newer format',
    'test/contract/upstream.test.ts',
    'indexes',
  ],
  [
    'N09',
    'proxies and exceptions from them, in every way in which they are written',
    'test/unit/http.test.ts',
    'proxies',
  ],
  ['N09', 'https through a proxy that wants a login, by the built command line', 'test/e2e/proxy.test.ts'],
  ['N10', 'logins: netrc, URLs, never in a message', 'test/unit/http.test.ts', 'logins'],
  ['N11', 'redirects: who asks is dropped, schemes, circles', 'test/unit/http.test.ts', 'redirects'],
  ['N13', 'plain http', 'test/unit/http.test.ts', 'plain http'],
  ['N15', 'gzip twice, and a packing taken for another', 'test/unit/download.test.ts', 'Content-Encoding'],
  ['N16', 'mirrors with path prefixes and tokens', 'test/unit/mirrors.test.ts'],
  ['N17', 'retries, Retry-After, servers that close or stall', 'test/unit/http.test.ts', 'retries'],
  [
    'X01-X19',
    'archives that attack: names, links, chains, kinds, sizes, modes, folding, markers',
    'test/unit/unpack.test.ts',
    'attacks',
  ],
  ['X14', 'zips that two readers would read differently', 'test/unit/unpack.test.ts', 'zip'],
  ['X15', 'bombs and bounds', 'test/unit/unpack.test.ts', 'bounds'],
  ['X21', 'archives that are damaged', 'test/unit/unpack.test.ts', 'damage'],
  ['T01-T07', 'trust: content, path, owner, links, copies, what is asked again', 'test/unit/trust.test.ts'],
  [
    'T02',
    'entering folders with activated shells: nothing runs, nothing is evaluated',
    'test/shell/activation.test.ts',
  ],
  ['T04', 'strings that become shell text', 'test/property/quoting.test.ts'],
  ['T09', 'projects in folders with names that shells would run', 'test/shell/slow-path.test.ts', 'odd names'],
  ['T11', 'strings that become paths', 'test/unit/paths.test.ts'],
  [
    'T11',
    'versions in pin files that are paths, options or substitutions',
    'test/unit/pin-files.test.ts',
    'hostile versions',
  ],
  ['T12', 'hostile and damaged locks', 'test/unit/lockfile.test.ts', 'hostile'],
  ['T14', 'names that packages and templates bring along', 'test/unit/template.test.ts', 'names'],
  ['T17', 'requests and files that are meant to hang a reader', 'test/unit/mentions.test.ts', 'meant to hang'],
  ['S01', 'archives in the cache: flipped, cut, replaced by a link', 'test/unit/download.test.ts', 'whole archives'],
  ['S16', 'state of a newer polyenv', 'test/unit/paths.test.ts', 'newer polyenv'],
  ['P21', 'loops of shims and managers', 'test/shell/shim.test.ts', 'next one on PATH'],
  ['P22', 'what a tool gets through a shim', 'test/shell/shim.test.ts', 'what the tool gets'],
  ['P27', 'readers with changed inputs', 'test/property/fuzz.test.ts'],
];

/** They run within the README's test command by themselves; here, each once more, so that the whole matrix is one list. */
export const testedRows: readonly Row[] = TESTED.map(([id, what, file, words]) => ({
  id,
  what,
  run: async () => runTests(words === undefined ? file : `${file}#${words}`),
}));

function runTests(test: string): Held {
  const folder = mkdtempSync(join(tmpdir(), 'polyenv-rows-'));
  try {
    const report = join(folder, 'report.json');
    spawnSync('npx', ['vitest', ...reportingArguments(test, report)], { stdio: 'ignore' });
    const { failed, passed } = readReport(report);
    holds(failed === 0, `${failed} tests fail of`, test);
    return passed === 0 ? { skipped: `none of its tests ran: ${test}` } : { held: `${passed} tests of ${test}` };
  } finally {
    discard(folder);
  }
}
