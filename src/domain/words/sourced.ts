/** Where a value was said: every decision can be traced to it. `line` counts from 1. */
export type Origin =
  | { readonly kind: 'file'; readonly file: string; readonly line?: number }
  | { readonly kind: 'argument'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'setting'; readonly name: string; readonly file?: string }
  | { readonly kind: 'default' };

export interface Sourced<T> {
  readonly value: T;
  readonly from: Origin;
}

/** `polyenv.toml:3`, or the file alone. */
export function describePlace({ file, line }: { readonly file: string; readonly line?: number }): string {
  return line === undefined ? file : `${file}:${line}`;
}

/** `polyenv.toml:3`, `POLYENV_NODE`, `the command line`: for messages. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'file':
      return describePlace(origin);
    case 'argument':
      return 'the command line';
    case 'variable':
      return origin.name;
    case 'setting':
      return origin.file === undefined ? `setting ${origin.name}` : `setting ${origin.name} in ${origin.file}`;
    case 'default':
      return "polyenv's default";
  }
}
