import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { present } from '../../src/domain/words/present';
import { makeArchives } from './archives';
import { makeDeb } from './deb';
import { makeFormula } from './formula';
import { installScript } from './installer';
import { obtainNodes } from './node';
import { makePackage } from './package';
import { makeBill } from './sbom';
import { signSums, writeSums } from './sums';

export interface Making {
  readonly root: string;
  /** A folder for what is in between; it must exist. */
  readonly work: string;
  /** What a server serves. */
  readonly out: string;
  readonly version: string;
  readonly base: string;
  readonly key: string;
  readonly time: Date;
  /** Only these. */
  readonly platforms?: readonly string[];
  /** In place of Node. */
  readonly program?: string;
  readonly deb?: boolean;
}

/** All files of a release, of what is built; returns what could not be made, each with the reason. Same input, same bytes. */
export async function makeEverything(making: Making): Promise<readonly string[]> {
  const { root, work, out, version, base, key, time, platforms: wanted, program } = making;
  const folder = join(out, version);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const tree = await makePackage({ root, work, folder, version, time });
  const { platforms, gaps } = await obtainNodes({ root, work, ...present({ program, platforms: wanted }) });
  const archives = await makeArchives({ tree, platforms, folder, work, version, time });
  await makeBill({ root, folder, version, nodes: platforms });
  makeFormula({ root, folder, version, base, archives });
  const missing = making.deb === true ? makeDeb({ root, folder, work, version, time, archives }) : [];
  writeSums(folder);
  await signSums({ folder, key, time });
  writeFileSync(join(out, 'install.sh'), await installScript(root, base), { mode: 0o755 });
  writeFileSync(join(out, 'latest'), `${version}\n`);
  return [...gaps, ...missing];
}
