/** What is written as YAML: nothing that another reader could take for something else. */
export type YamlValue =
  | string
  | number
  | boolean
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue | undefined };

/** Block style; every text in quotes, as JSON has them, which YAML reads alike. Keys that are `undefined` are left out. */
export function renderYaml(value: { readonly [key: string]: YamlValue | undefined }): string {
  return linesOf(value, '').join('\n');
}

function linesOf(value: { readonly [key: string]: YamlValue | undefined }, indent: string): readonly string[] {
  return Object.entries(value).flatMap(([key, item]): readonly string[] => {
    if (item === undefined) return [];
    const name = /^[A-Za-z_][A-Za-z0-9_./-]*$/.test(key) && !WORDS.has(key.toLowerCase()) ? key : JSON.stringify(key);
    if (Array.isArray(item)) {
      if (item.length === 0) return [`${indent}${name}: []`];
      return [`${indent}${name}:`, ...item.flatMap((one: YamlValue) => itemLines(one, indent))];
    }
    if (typeof item === 'object') {
      const below = linesOf(item as { readonly [key: string]: YamlValue | undefined }, `${indent}  `);
      return below.length === 0 ? [`${indent}${name}: {}`] : [`${indent}${name}:`, ...below];
    }
    return [`${indent}${name}: ${JSON.stringify(item)}`];
  });
}

function itemLines(item: YamlValue, indent: string): readonly string[] {
  if (typeof item !== 'object' || Array.isArray(item)) return [`${indent}  - ${JSON.stringify(item)}`];
  const [first = '', ...rest] = linesOf(item as { readonly [key: string]: YamlValue | undefined }, `${indent}    `);
  return [`${indent}  - ${first.trimStart()}`, ...rest];
}

/** Plain, some readers take them for something else. */
const WORDS = new Set(['y', 'n', 'yes', 'no', 'on', 'off', 'true', 'false', 'null']);
