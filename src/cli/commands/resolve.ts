import { resolve as absolute } from 'node:path';
import { readTextIfAny } from '../../adapters/files/fs';
import { parseRequests } from '../../app/project/requests';
import { resolveFromSources } from '../../app/toolchains/resolve';
import { pickCandidate } from '../../domain/runtime/candidates';
import { EMPTY_LOCKFILE } from '../../domain/toolchain/lockfile';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, value } from '../command';

export const command: Command = {
  name: 'resolve',
  summary: 'the version that a request means, from a file or from the real sources',
  describe:
    'For scripts: its output keeps its form. The file is {"versions": [...], "lts": {"20.11.0": "Iron"}, "aliases": {...}}, all but versions optional.',
  arguments: [{ name: 'tool@request', describe: 'one request', required: true, complete: 'request' }],
  options: [{ name: 'candidates', value: 'FILE', describe: 'choose among these versions, without the network' }],
  examples: [
    {
      run: 'polyenv resolve --json --candidates versions.json node@20',
      describe: 'prints {"schema":1,"tool","request","version"}',
    },
  ],
  run: async (input) => {
    const { ctx, args } = input;
    const [text = ''] = args;
    const at = text.indexOf('@');
    const request = at === -1 ? '' : text.slice(at + 1);
    const file = value(input, 'candidates');
    if (file !== undefined) {
      const { loadRuntime } = await import('../../app/base/registry');
      const runtime = await loadRuntime(at === -1 ? text : text.slice(0, at));
      const path = absolute(ctx.directory, file);
      const content = await readTextIfAny(path);
      if (content === undefined)
        throw new PolyenvError('usage', `there is no file ${file}`, {
          where: { file: path },
          hint: 'polyenv help resolve',
        });
      const version = pickCandidate(runtime, text, { content, file: path });
      return { data: { tool: runtime.id, request, version }, text: version };
    }
    const [wanted] = await parseRequests([text]);
    if (wanted === undefined) return undefined;
    const entry = await resolveFromSources(ctx, { ...wanted, lock: EMPTY_LOCKFILE });
    return {
      data: { tool: wanted.runtime.id, request, version: entry.version, source: entry.source },
      text: entry.version,
    };
  },
};
