import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { transformSync } from 'esbuild';

const root = resolve(__dirname, '../..');

/** Words with which a sentence about a command begins, and those with which one goes on behind it. */
const ABOUT =
  /^(?:again|is|has|does|holds|uses|sees|was|writes|may|can|and|to|at|by|here|from|with|in|on|as|chooses|elsewhere)\b/;
const BEHIND =
  / (?:in the|brings|shows|says|on a machine|when|where|once|if|takes|kills|starts|there|here|looks|lists|is|keeps|pins|stops|and|to|by|a version|at the|for|does)\b.*$/;

/**
 * Every command of polyenv that a hint in the source names, with the files that name it. What is put together at run time is `X`:
 * `polyenv use X@X`.
 */
export function hintsOfSource(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const folder of ['src', 'runtimes'])
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts')) continue;
      for (const command of hintsOf(readFileSync(join(root, folder, file), 'utf8')))
        found.set(command, [...(found.get(command) ?? []), join(folder, file)]);
    }
  return found;
}

/** Of the values of what is called `hint` or the like. */
function hintsOf(source: string): readonly string[] {
  const { code } = transformSync(source, { loader: 'ts' });
  const begins = code.matchAll(
    /\b(?:hint|advice|fix)\s*[:=]\s*(?!=)|\bfunction \w*[hH]int\w*\([\s\S]*?\) (?=\{)|\borNearest\(/g,
  );
  return [...begins].flatMap((begin) =>
    literalsIn(expressionAt(code, begin.index + begin[0].length)).flatMap((text) =>
      [...text.matchAll(/\bpolyenv ([^,;`()&:]+)/g)].flatMap(([, words = '']) => {
        if (ABOUT.test(words)) return [];
        // `polyenv lock${...}`: with or without more words.
        return [`polyenv ${words.replace(BEHIND, '').replace(/(?<=[a-z])X$/, '')}`.trim()];
      }),
    ),
  );
}

/** From there to the end of the expression, or of the block where it begins with one. */
function expressionAt(code: string, from: number): string {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    const sign = code[at] ?? '';
    if ('"\'`'.includes(sign)) at = endOfLiteral(code, at);
    else if ('([{'.includes(sign)) depth += 1;
    else if (')]}'.includes(sign)) {
      if (depth === 0) return code.slice(from, at);
      depth -= 1;
      if (depth === 0 && code[from] === '{') return code.slice(from, at + 1);
    } else if (depth === 0 && (sign === ',' || sign === ';')) return code.slice(from, at);
  }
  return code.slice(from);
}

function endOfLiteral(code: string, from: number): number {
  const quote = code[from];
  for (let at = from + 1; at < code.length; at++) {
    if (code[at] === '\\') at += 1;
    else if (code[at] === quote) return at;
    else if (quote === '`' && code.startsWith('${', at)) at = endOfHole(code, at);
  }
  return code.length;
}

function endOfHole(code: string, from: number): number {
  let depth = 0;
  for (let at = from; at < code.length; at++) {
    const sign = code[at] ?? '';
    if ('"\'`'.includes(sign)) at = endOfLiteral(code, at);
    else if (sign === '{') depth += 1;
    else if (sign === '}' && --depth === 0) return at;
  }
  return code.length;
}

/** The texts in an expression, and those in the holes of its templates. */
function literalsIn(code: string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < code.length; at++) {
    if (!'"\'`'.includes(code[at] ?? '')) continue;
    const end = endOfLiteral(code, at);
    let text = '';
    for (let inner = at + 1; inner < end; inner++) {
      if (code[at] === '`' && code.startsWith('${', inner)) {
        const hole = endOfHole(code, inner);
        found.push(...literalsIn(code.slice(inner + 2, hole)));
        text += 'X';
        inner = hole;
      } else text += code[inner] === '\\' ? '' : code[inner];
    }
    found.push(text);
    at = end;
  }
  return found;
}
