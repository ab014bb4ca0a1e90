/** Names of this machine: `shop` stands for `shop.localhost`, which browsers take to the machine that they run on. */

export const LOCAL_SUFFIX = '.localhost';

/** The dashboard's own name; it and all below it belong to no project. */
export const DASHBOARD_NAME = 'polyenv';

const RESERVED: ReadonlySet<string> = new Set([DASHBOARD_NAME, 'localhost']);
const LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
const LONGEST_NAME = 200;

/** Why the text cannot be a project's name; `undefined` if it can. `*.shop` stands for every name directly below `shop`. */
export function refuseName(text: string): { readonly what: string; readonly hint?: string } | undefined {
  const shown = JSON.stringify(text);
  if (text.toLowerCase().endsWith(LOCAL_SUFFIX)) {
    return { what: `${shown} is written with .localhost`, hint: 'leave .localhost out: it is added to every name' };
  }
  const plain = text.startsWith('*.') ? text.slice(2) : text;
  if (plain !== plain.toLowerCase()) {
    return { what: `${shown} has capital letters`, hint: `write ${JSON.stringify(text.toLowerCase())}` };
  }
  if (text.length > LONGEST_NAME || !plain.split('.').every((label) => LABEL.test(label))) {
    return {
      what: `${shown} is no name: the letters a to z, digits and - make a part, and dots stand between parts`,
      hint: `write a name such as ${nearName(plain)}, or "api.shop"`,
    };
  }
  const owner = ownerLabel(plain);
  if (RESERVED.has(owner))
    return {
      what: `${shown} cannot be used: ${owner} and all below it are reserved`,
      hint: 'write another name, such as shop',
    };
  return undefined;
}

/** What was probably meant by `my_shop`. */
function nearName(plain: string): string {
  const near = plain
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[-.]+|[-.]+$/g, '');
  return near.split('.').every((label) => LABEL.test(label)) && !RESERVED.has(ownerLabel(near)) ? near : 'shop';
}

/** The part before `.localhost`: the project that has it has all names below it. */
export function ownerLabel(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

/** `shop` of `shop.localhost`, in lower case; `undefined` for a host that is not well-formed or not below `.localhost`. */
export function nameOfHost(host: string): string | undefined {
  const lower = host.toLowerCase();
  if (!lower.endsWith(LOCAL_SUFFIX) || lower.length > LONGEST_NAME + LOCAL_SUFFIX.length) return undefined;
  const name = lower.slice(0, -LOCAL_SUFFIX.length);
  return name.split('.').every((label) => LABEL.test(label)) ? name : undefined;
}

export function hostOfName(name: string): string {
  return name + LOCAL_SUFFIX;
}

/** Where a person opens it. */
export function addressOf(name: string, port: number): string {
  return `https://${hostOfName(name)}${port === 443 ? '' : `:${port}`}/`;
}
