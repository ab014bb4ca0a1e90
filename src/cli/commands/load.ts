import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { isEmpty, load, reachContent } from '../../app/services/transfer';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, value } from '../command';
import { confirm } from '../confirm';
import { bytesText } from '../output/columns';
import { reportBytes } from '../progress';

export const command: Command = {
  name: 'load',
  summary: 'load content into a service: a dump, plain or compressed with gzip, or the format of its server',
  describe: 'Into a database that is not empty it asks first.',
  arguments: [
    { name: 'service', describe: 'name of the service; needed only where there are several', complete: 'service' },
    { name: 'file', describe: 'the file to read (default: stdin)' },
  ],
  options: [{ name: 'database', short: 'd', value: 'NAME', describe: 'the database (default: the first)' }],
  examples: [
    { run: 'polyenv load db < shop.sql', describe: 'from stdin' },
    { run: 'polyenv load db shop.sql.gz', describe: 'from a file' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const reached = await reachContent(ctx, args[0], value(input, 'database'));
    const { known, database } = reached;
    const service = known.declared.name;
    if (args[1] === undefined && ctx.host.stdin.isTTY === true) {
      throw new PolyenvError('usage', 'no dump was named, and none comes in on standard input', {
        hint: `polyenv load ${service} < FILE`,
      });
    }
    const file = args[1] === undefined ? undefined : resolve(ctx.directory, args[1]);
    const empty = await isEmpty(ctx, reached);
    if (flag(input, 'dry-run')) {
      return { data: { dryRun: true, service, database, empty }, text: `would load into ${database}` };
    }
    if (!empty && !(await confirm(input, `${database} of ${service} is not empty; load into it all the same?`))) {
      throw new PolyenvError('usage', `${database} of ${service} is not empty, and nobody could be asked`, {
        hint: `polyenv load ${service} --yes; or keep it first: polyenv snapshot ${service}; or begin anew: polyenv reset ${service}`,
      });
    }
    const report = reportBytes(input, `loading into ${database}`);
    const from = file === undefined ? ctx.host.stdin : createReadStream(file);
    const bytes = await load(ctx, reached, from, report.bytes).catch((error: unknown) => {
      if (['ENOENT', 'EACCES', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) {
        throw new PolyenvError('usage', `${file} cannot be read`, { hint: 'name a file that is there', cause: error });
      }
      throw error;
    });
    report.end();
    return {
      data: { service, database, bytes },
      text: `loaded ${bytesText(bytes)} into ${database} of ${service}`,
    };
  },
};
