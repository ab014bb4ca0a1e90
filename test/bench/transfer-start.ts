import { loadCached } from '../../src/code-cache';

/** As the product starts: what follows comes from compiled code. */
loadCached(`${__dirname}/run.cjs`, {
  folder: `${__dirname}/code`,
  node: process.version,
  verb: process.argv[2] ?? '',
  atEnd: (action) => process.on('exit', action),
});
