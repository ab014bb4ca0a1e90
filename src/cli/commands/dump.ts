import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createGzip } from 'node:zlib';
import { errorCode, translateFsError } from '../../adapters/files/fs-errors';
import { dump, reachContent } from '../../app/services/transfer';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, flag, value } from '../command';
import { bytesText } from '../output/columns';
import { reportBytes } from '../progress';

export const command: Command = {
  name: 'dump',
  summary: "write a service's content, for a colleague or another machine",
  arguments: [
    { name: 'service', describe: 'name of the service; needed only where there are several', complete: 'service' },
  ],
  options: [
    { name: 'database', short: 'd', value: 'NAME', describe: 'the database (default: the first)' },
    {
      name: 'output',
      short: 'o',
      value: 'FILE',
      describe: 'write to this file, all of it or nothing; .gz compresses it',
    },
  ],
  examples: [
    { run: 'polyenv dump db > shop.sql', describe: 'as text' },
    { run: 'polyenv dump db -o shop.sql.gz', describe: 'packed' },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const reached = await reachContent(ctx, args[0], value(input, 'database'));
    const { known, database } = reached;
    const output = value(input, 'output');
    if (flag(input, 'dry-run')) {
      return { data: { dryRun: true, service: known.declared.name, database }, text: `would dump ${database}` };
    }
    const report = reportBytes(input, `dumping ${database}`);
    if (output === undefined) {
      if (flag(input, 'json')) {
        throw new PolyenvError('usage', 'the dump itself goes to stdout', { hint: 'with --json, add --output FILE' });
      }
      // A reader that has seen enough (`polyenv dump db | head`) is no failure.
      await dump(ctx, reached, ctx.host.stdout, report.bytes).catch((error: unknown) => {
        if (errorCode(error) !== 'EPIPE') throw error;
      });
      report.end();
      return undefined;
    }
    const file = resolve(ctx.directory, output);
    const temporary = `${file}.polyenv-part`;
    const target = createWriteStream(temporary, { mode: 0o600 });
    const written = new Promise<void>((done, fail) => {
      target.once('close', done);
      target.once('error', (cause) => fail(unwritable(file, cause)));
    });
    // Whoever waits for it last hears of it; until then it is nobody's.
    written.catch(() => undefined);
    try {
      await Promise.race([once(target, 'open'), written]);
      const packed = file.endsWith('.gz') ? createGzip() : undefined;
      packed?.pipe(target);
      const bytes = await dump(ctx, reached, packed ?? target, report.bytes);
      (packed ?? target).end();
      await written;
      await rename(temporary, file).catch((cause: unknown) => {
        throw unwritable(file, cause);
      });
      report.end();
      return {
        data: { service: known.declared.name, database, file, bytes },
        text: `${file}  ${bytesText(bytes)} of ${database}`,
      };
    } catch (error) {
      target.destroy();
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  },
};

function unwritable(file: string, cause: unknown): PolyenvError {
  return (
    translateFsError(cause, file) ??
    new PolyenvError('usage', `${file} cannot be written (${errorCode(cause)})`, {
      hint: 'name a file in a folder that is there',
      cause,
    })
  );
}
