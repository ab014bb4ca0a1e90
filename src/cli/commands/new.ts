import { basename, resolve } from 'node:path';
import { listTemplates, type ReadTemplate, templatesFolder } from '../../adapters/documents/templates';
import { runtimeIds } from '../../app/base/registry';
import { nameFor, newProject, portsFor } from '../../app/making/new';
import { newSteps } from '../../app/making/new-steps';
import { takeTemplate } from '../../app/making/take-template';
import { chooseValues, chosenRuntimes } from '../../domain/making/template';
import { withAdditions } from '../../domain/making/template-additions';
import { counted } from '../../domain/words/counted';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { type Command, flag, type Input, value, values } from '../command';
import { ask, confirm } from '../confirm';
import { columns } from '../output/columns';

export const command: Command = {
  name: 'new',
  summary: 'a working project from a template: pinned, locked, tested, ready to run',
  describe:
    'Asks on a terminal, takes options elsewhere. A template of your own is a folder, or a git URL; it is shown before anything is taken, and nothing of it is run. Leaves nothing behind when it fails.',
  arguments: [
    { name: 'template', describe: 'one of `polyenv templates`, a folder, or a git URL', complete: 'template' },
    { name: 'folder', describe: 'the new folder; default the name', complete: 'folder' },
  ],
  options: [
    { name: 'name', value: 'NAME', describe: "the project's name" },
    {
      name: 'set',
      value: 'KEY=VALUE',
      repeatable: true,
      describe: 'a parameter of the template, or the version of a runtime: port=8080, node=22',
    },
    {
      name: 'with',
      value: 'NAME',
      repeatable: true,
      offered: ['postgres', 'java'],
      describe: 'what the template can have besides: postgres is a database of its own, with migrations and a test',
    },
    { name: 'no-install', describe: 'do not install the runtimes' },
    { name: 'no-git', describe: 'do not make a git repository' },
  ],
  moreOptions: async () =>
    runtimeIds().map((tool) => ({ name: tool, value: 'VERSION', describe: `the same as --set ${tool}=VERSION` })),
  examples: [
    { run: 'polyenv new python-fastapi pipeline', describe: 'a FastAPI service in ./pipeline' },
    {
      run: 'polyenv new python-django shop --with postgres',
      describe: 'a Django project with a PostgreSQL of its own',
    },
    { run: 'polyenv new node-express api --node 22 --set port=8080 --no-git', describe: 'with other choices' },
  ],
  run: async (input) => {
    const wanted = input.args[0] ?? (await chooseTemplate(input));
    const { read, foreign, clean } = await takeTemplate(input.ctx, wanted);
    try {
      if (foreign) await showFirst(input, read);
      return await make(input, read);
    } finally {
      await clean();
    }
  },
};

async function make(input: Input, read: ReadTemplate) {
  const { ctx } = input;
  const given = { ...(await additionsIn(input, read)), ...parametersOf(input) };
  const target = resolve(ctx.directory, input.args[1] ?? given.name ?? read.template.name);
  const chosen = { ...nameFor(read, target), ...(await portsFor(read, given)), ...given };
  if (flag(input, 'dry-run')) {
    const decided = chooseValues(read.template, chosen, basename(target));
    const rows = [
      ...read.template.parameters.map(({ name }) => [`  ${name}`, printable(decided.get(name) ?? '')]),
      ...chosenRuntimes(read.template, decided).map(({ tool, request }) => [`  ${tool}`, printable(request)]),
    ];
    return {
      data: { dryRun: true, folder: target, values: Object.fromEntries(decided) },
      text: `would make ${printable(target)} from ${read.template.name}\n${columns(rows)}`,
    };
  }
  const stop = new AbortController();
  const release = ctx.host.onSignal(() => stop.abort(new PolyenvError('interrupted', 'interrupted; nothing was made')));
  try {
    const made = await newProject({
      read,
      target,
      given: chosen,
      from: ctx.directory,
      signal: stop.signal,
      steps: newSteps(ctx, read, { install: !flag(input, 'no-install'), git: !flag(input, 'no-git') }),
    });
    return {
      data: {
        folder: made.folder,
        template: made.template,
        files: made.files,
        runtimes: made.runtimes,
        values: Object.fromEntries(made.values),
      },
      text: [
        `made ${made.folder} (${counted(made.files.length, 'file')})`,
        ...made.next.map((line) => `  ${line}`),
      ].join('\n'),
    };
  } finally {
    release();
  }
}

async function additionsIn(input: Input, { template }: ReadTemplate): Promise<Readonly<Record<string, string>>> {
  const wanted = values(input, 'with');
  if (wanted.length === 0) return {};
  return withAdditions(template, wanted, await listTemplates(await templatesFolder(input.ctx.host.program)));
}

function parametersOf(input: Input): Readonly<Record<string, string>> {
  const given: Record<string, string> = {};
  for (const pair of values(input, 'set')) {
    const at = pair.indexOf('=');
    if (at < 1)
      throw new PolyenvError('usage', `--set ${JSON.stringify(pair)} is not KEY=VALUE`, { hint: 'polyenv help new' });
    given[pair.slice(0, at)] = pair.slice(at + 1);
  }
  for (const option of ['name', ...runtimeIds()]) {
    const text = value(input, option);
    if (text !== undefined) given[option] = text;
  }
  return given;
}

async function chooseTemplate(input: Input): Promise<string> {
  const { host } = input.ctx;
  const templates = await listTemplates(await templatesFolder(host.program));
  const names = templates.map((template) => template.name);
  if (host.stdin.isTTY !== true || host.stderr.isTTY !== true)
    throw new PolyenvError('usage', 'no template was named', {
      hint: `polyenv new ${names[0]}; known: ${names.join(', ')}`,
    });
  host.stderr.write(
    `${columns(templates.map((template, index) => [`${index + 1}`, template.name, template.description]))}\n`,
  );
  const answer = (await ask(input, 'which one? ')).trim();
  return names[Number(answer) - 1] ?? answer;
}

/** A template of somebody else is shown first, and taken only by a yes. */
async function showFirst(input: Input, { template, files }: ReadTemplate): Promise<void> {
  const lines = [
    `${template.title}: ${template.description}`,
    ...template.runtimes.map((runtime) => `  pins ${runtime.tool}@${runtime.request}`),
    ...files.map((file) => `  writes ${file.path}`),
  ];
  if (!(await confirm(input, lines.join('\n'))))
    throw new PolyenvError('usage', 'nothing was taken: nobody could be asked', {
      hint: 'add --yes after looking at the template',
    });
}
