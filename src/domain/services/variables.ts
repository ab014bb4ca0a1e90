import type { ToolId } from '../words/tool-id';

/** What a service says of itself to the project's commands, before its place among others is known. */
export interface ServiceExports {
  readonly name: string;
  readonly kind: ToolId;
  readonly variables: Readonly<Record<string, string>>;
}

/** A service as a folder sees it: the nearest folder's first, in the order of the manifest. */
export interface NamedService {
  readonly name: string;
  readonly kind: ToolId;
  readonly prefix?: string;
}

/**
 * The variables of a folder's services. One without a prefix has the plain names if it is the first of its kind, else its
 * own name stands before them: `REPORTS_DATABASE_URL`. The first that says a name has it.
 */
export function serviceVariables(
  services: readonly (NamedService & { readonly variables: ServiceExports['variables'] })[],
): Readonly<Record<string, string>> {
  const result = new Map<string, string>();
  const prefixes = prefixesOf(services);
  for (const [index, { variables }] of services.entries()) {
    const prefix = prefixes[index] ?? '';
    for (const [name, value] of Object.entries(variables)) {
      const whole = prefix === '' ? name : `${prefix}_${name}`;
      if (!result.has(whole)) result.set(whole, value);
    }
  }
  return Object.fromEntries(result);
}

/** What stands before each one's names; empty for the plain ones. */
function prefixesOf(services: readonly NamedService[]): readonly string[] {
  return services.map(({ name, kind, prefix }, index) => {
    if (prefix !== undefined) return prefix;
    const first = services.findIndex((one) => one.kind === kind && one.prefix === undefined) === index;
    return first ? '' : name.toUpperCase().replaceAll('-', '_');
  });
}
