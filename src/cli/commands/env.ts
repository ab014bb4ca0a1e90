import { findProject } from '../../app/project/project';
import { decidedToolchainsOf, describeEnvironment } from '../../app/routes/compile';
import { toolEnvironment } from '../../app/routes/tool-environment';
import type { Environment } from '../../domain/routes/environment';
import { renderDotenv, renderEnvFish, renderEnvSh, renderGithubEnv } from '../../domain/routes/environment-texts';
import { PolyenvError } from '../../domain/words/errors';
import { type Command, value } from '../command';

const FORMATS = ['sh', 'fish', 'json', 'dotenv', 'github'] as const;

export const command: Command = {
  name: 'env',
  summary: "this folder's environment as text for a shell, JSON, or a .env file",
  options: [{ name: 'format', short: 'f', value: 'FORMAT', choices: FORMATS, describe: 'the form (sh)' }],
  examples: [
    { run: 'eval "$(polyenv env)"', describe: 'in a script, without shims' },
    { run: 'polyenv env --format dotenv > .env.polyenv', describe: 'for a tool that reads .env files' },
  ],
  run: async (input) => {
    const { ctx } = input;
    const project = await findProject(ctx, ctx.directory);
    if (project.errors[0] !== undefined) throw project.errors[0];
    const allDecided = await decidedToolchainsOf(ctx, project);
    const missing = allDecided.find(
      (decided) => decided.toolchain === undefined && decided.decision.request.version.kind !== 'system',
    );
    if (missing !== undefined) {
      throw new PolyenvError(
        'not-installed',
        `${missing.runtime.id}@${missing.decision.request.text} is pinned here and not installed`,
        { hint: 'polyenv install' },
      );
    }
    const environment: Environment = await describeEnvironment(ctx, {
      project,
      allDecided,
      directory: project.directory,
    });
    const variables = changed(ctx.host.env, toolEnvironment(ctx, environment));
    const format = value(input, 'format') ?? 'sh';
    const text =
      format === 'json'
        ? JSON.stringify(variables, undefined, 2)
        : format === 'fish'
          ? renderEnvFish(environment)
          : format === 'dotenv'
            ? renderDotenv(environment)
            : format === 'github'
              ? renderGithubEnv(environment)
              : renderEnvSh(environment);
    return { data: { directory: project.directory, variables }, text, verbatim: true };
  },
};

function changed(
  before: Readonly<Record<string, string | undefined>>,
  after: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(after).filter(([name, text]) => before[name] !== text));
}
