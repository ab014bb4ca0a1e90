import { present } from '../../domain/words/present';
import { type Argument, COMMON_OPTIONS, type Command, type Option } from '../command';
import { columns } from './columns';

/** `polyenv help VERB` and `polyenv VERB --help`: usage, arguments, options, examples. */
export function helpText(command: Command): string {
  const parts = [`polyenv ${command.name}: ${command.summary}`, `usage: ${usage(command)}`];
  if (command.describe !== undefined) parts.push(command.describe);
  if (command.arguments !== undefined)
    parts.push(
      `arguments\n${columns(command.arguments.map((argument) => [`  ${argument.name}`, describeArgument(argument)]))}`,
    );
  if (command.options !== undefined) parts.push(`options\n${columns(optionRows(command.options))}`);
  parts.push(`for every command\n${columns(optionRows(COMMON_OPTIONS))}`);
  if (command.examples !== undefined) {
    parts.push(
      `examples\n${columns(command.examples.map((example) => [`  ${example.run}`, `# ${example.describe}`]))}`,
    );
  }
  return `${parts.join('\n\n')}\n`;
}

/** The same for a program. */
export function helpData(command: Command): Readonly<Record<string, unknown>> {
  const { name, summary, describe, examples = [] } = command;
  const shown = (options: readonly Option[]) =>
    options
      .filter(({ hidden }) => !hidden)
      .map(({ name: long, short, describe: text, value, repeatable, choices }) => ({
        ...(long.length > 1 && { name: long }),
        ...((short ?? (long.length === 1 ? long : undefined)) !== undefined && { short: short ?? long }),
        describe: text,
        ...present({ value }),
        ...(repeatable && { repeatable }),
        ...present({ choices }),
      }));
  return {
    command: name,
    summary,
    usage: usage(command),
    ...present({ describe }),
    arguments: (command.arguments ?? []).map(({ complete: _, ...argument }) => argument),
    options: shown(command.options ?? []),
    common: shown(COMMON_OPTIONS),
    examples,
  };
}

export function usage(command: Command): string {
  const names = (command.arguments ?? []).map((argument) => {
    const name = argument.variadic ? `${argument.name}...` : argument.name;
    return argument.required ? name : `[${name}]`;
  });
  return ['polyenv', command.name, ...(command.options === undefined ? [] : ['[options]']), ...names].join(' ');
}

function describeArgument(argument: Argument): string {
  return argument.choices === undefined ? argument.describe : `${argument.describe}: ${argument.choices.join(', ')}`;
}

function optionRows(options: readonly Option[]): readonly (readonly string[])[] {
  return options
    .filter((option) => !option.hidden)
    .map((option) => {
      const names = [
        option.short === undefined ? '' : `-${option.short}`,
        option.name.length === 1 ? '' : `--${option.name}`,
      ];
      const flags = names.filter((name) => name !== '').join(', ');
      return [
        `  ${flags}${option.value === undefined ? '' : ` ${option.value}`}`,
        option.choices === undefined ? option.describe : `${option.describe}: ${option.choices.join(', ')}`,
      ];
    });
}
