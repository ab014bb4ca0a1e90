import { join } from 'node:path';
import { isOurShim } from '../../adapters/routes/shims';
import { isExecutableFile } from '../../adapters/store/store';
import { findProject } from '../../app/project/project';
import { parseRequests } from '../../app/project/requests';
import { companionsOf } from '../../app/routes/companions';
import { decidedToolchainsOf, describeEnvironment, refreshEdited } from '../../app/routes/compile';
import { commandIn, pathEntries } from '../../app/routes/tool-environment';
import { overlayFault } from '../../domain/routes/routed-overlay';
import { describeProof } from '../../domain/toolchain/toolchain';
import { PolyenvError } from '../../domain/words/errors';
import { describeOrigin } from '../../domain/words/sourced';
import { type Command, flag, value } from '../command';

export const command: Command = {
  name: 'which',
  summary: 'the real file behind a command here, and why',
  arguments: [{ name: 'command', describe: 'node, cargo, pip ...', required: true, complete: 'command' }],
  options: [
    { name: 'why', describe: 'the whole chain: request, file and line, lock entry, store path' },
    { name: 'tool', value: 'TOOL@REQUEST', describe: 'in this installed version' },
  ],
  examples: [{ run: 'polyenv which --why node', describe: 'who decided, where it is written, what answers' }],
  run: async (input) => {
    const { ctx, args } = input;
    const [name = ''] = args;
    const tool = value(input, 'tool');
    const project = await findProject(ctx, ctx.directory, tool === undefined ? [] : await parseRequests([tool]));
    await refreshEdited(ctx, [ctx.directory, project.directory]);
    const allDecided = await decidedToolchainsOf(ctx, project);
    const environment = await describeEnvironment(ctx, { project, allDecided, directory: project.directory });
    const fault = overlayFault(environment, name);
    if (fault !== undefined) throw fault;
    const found = commandIn(environment, name);
    if (found === undefined) {
      const missing = allDecided.find((decided) => decided.toolchain === undefined);
      if (project.errors[0] !== undefined) throw project.errors[0];
      const passed = pathEntries(ctx.host.env.PATH)
        .map((entry) => join(entry, name))
        .find((file) => isExecutableFile(file) && !isOurShim(ctx.home, file));
      if (missing !== undefined) {
        const version = missing.resolution?.kind === 'entry' ? ` (${missing.resolution.entry.version})` : '';
        throw new PolyenvError(
          'not-installed',
          `${missing.runtime.id}@${missing.decision.request.text}${version} is asked for by ${describeOrigin(missing.decision.from)} and not installed`,
          { hint: 'polyenv install' },
        );
      }
      if (passed === undefined)
        throw new PolyenvError('command-not-found', `no command ${JSON.stringify(name)} here`, {
          hint: 'polyenv current',
        });
      return {
        data: { command: name, file: passed, managed: false },
        text: flag(input, 'why') ? `${passed}\n  not provided by a pin of this folder: the next one on PATH` : passed,
        ...(!flag(input, 'why') && { verbatim: true }),
      };
    }
    const first = allDecided.find((one) => one.runtime.id === found.tool);
    const decisions = allDecided.map(({ decision }) => decision);
    const further = (await companionsOf(ctx, project, decisions)).find(
      (one) => one.toolchain !== undefined && one.toolchain.root === found.toolchain,
    );
    const decided = further === undefined ? first : { ...further, lockPath: '', resolution: undefined };
    const { decision, resolution, toolchain } = decided ?? {};
    const data = {
      command: name,
      file: found.file,
      managed: true,
      tool: found.tool || undefined,
      version: toolchain?.version,
      request: decision?.request.text,
      from: decision?.from,
      lock:
        resolution?.kind === 'entry'
          ? { file: decided?.lockPath, version: resolution.entry.version, source: resolution.entry.source }
          : undefined,
      linked: toolchain?.linked !== undefined,
      root: toolchain?.root,
      proof: toolchain === undefined ? undefined : describeProof(toolchain),
    };
    if (flag(input, 'why') && found.tool === '')
      return { data, text: `${found.file}\n  of a folder that [paths] of the manifest puts first` };
    if (!flag(input, 'why') || decision === undefined || toolchain === undefined)
      return { data, text: found.file, verbatim: true };
    const lines = [
      found.file,
      `  ${found.tool} ${toolchain.version} answers ${JSON.stringify(decision.request.text)}`,
      `  asked by ${describeOrigin(decision.from)}`,
      resolution?.kind === 'entry'
        ? `  locked in ${decided?.lockPath} from ${resolution.entry.source}`
        : toolchain.linked === undefined
          ? `  the newest installed one that answers, from ${toolchain.source}`
          : `  linked: this machine had it (${toolchain.source}); polyenv has not verified it`,
      `  ${describeProof(toolchain)}; in ${toolchain.root}`,
      ...decision.alternatives.map((one) => `  not ${one.file}:${one.line} (${one.request}): ${one.why}`),
    ];
    return { data, text: lines.join('\n') };
  },
};
