import { parse } from 'smol-toml';
import { expect, it } from 'vitest';
import { editToml } from '../../src/adapters/documents/toml-edit';
import { tomlLines } from '../../src/domain/formats/toml-lines';
import { PolyenvError } from '../../src/domain/words/errors';
import { fc } from '../support/seed';

const TOOLS = ['node', 'go', 'rust', 'python'] as const;

const comment = fc.stringMatching(/^ ?[a-z[\]="' 😀]{0,12}$/u).map((text) => `# ${text}`);
const trailing = fc.oneof(
  fc.constant(''),
  comment.map((text) => ` ${text}`),
);
const blank = fc.constantFrom('', ' ', '\t', '  ');
const scalar = fc.oneof(
  fc.stringMatching(/^[a-z0-9.#=[\] ]{0,8}$/).map((text) => JSON.stringify(text)),
  fc.stringMatching(/^[a-z0-9.#"\\ ]{0,8}$/).map((text) => `'${text}'`),
  fc.constantFrom(
    '1',
    'true',
    '1.5',
    '2024-01-01',
    '"""a\n# no comment\n"b""c"""',
    "'''\n[x]\n'''",
    '[1, [2]]',
    '[\n "a", # c\n "b",\n]',
    '{ a = 1, "b.c" = [{ d = 2 }] }',
  ),
);
const version = fc.oneof(
  fc.constantFrom('"20"', "'lts/iron'", '{ version = "1.88", components = ["clippy"] }', '{version="1"}'),
  fc.constant('{ version = \'21\', vendor = "temurin" }'),
);

/** A document of random form that defines some of the runtimes, with what surrounds them. */
const documents = fc
  .record({
    eol: fc.constantFrom('\n', '\r\n'),
    mark: fc.constantFrom('', '\ufeff'),
    final: fc.boolean(),
    form: fc.constantFrom('table', 'dotted', 'inline', 'sub-tables', 'none'),
    tools: fc
      .subarray([...TOOLS], { minLength: 0 })
      .chain((tools) => fc.tuple(...tools.map((tool) => fc.tuple(fc.constant(tool), version, trailing, blank)))),
    head: fc.array(fc.oneof(comment, fc.constant('')), { maxLength: 3 }),
    top: fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', '"c d"', 'e.f', 'e."g"'), scalar, trailing), {
      selector: ([key]) => key,
      maxLength: 3,
    }),
    before: fc.array(fc.oneof(comment, fc.constant('')), { maxLength: 2 }),
    env: fc.uniqueArray(fc.tuple(fc.constantFrom('A', 'B', 'C'), scalar, trailing, blank), {
      selector: ([key]) => key,
      maxLength: 3,
    }),
    lists: fc.nat({ max: 2 }),
  })
  .map(({ eol, mark, final, form, tools, head, top, before, env, lists }) => {
    const lines = [...head, ...top.map(([key, value, note]) => `${key} = ${value}${note}`)];
    if (form === 'dotted')
      lines.push(...tools.map(([tool, value, note, gap]) => `${gap}runtimes.${tool}${gap}= ${value}${note}`));
    if (form === 'inline')
      lines.push(`runtimes = { ${tools.map(([tool, value]) => `${tool} = ${value}`).join(' , ')} }`);
    if (form === 'table')
      lines.push(
        ...before,
        '[runtimes]',
        ...tools.flatMap(([tool, value, note, gap]) => [`${gap}${tool}${gap} =${gap}${value}${note}`, gap]),
      );
    if (form === 'sub-tables')
      lines.push(
        ...before,
        ...tools.flatMap(([tool, , note]) => [
          `[ runtimes . "${tool}" ]${note}`,
          'version = "9"',
          '# inside',
          `"channel"='x'${note}`,
        ]),
      );
    for (let index = 0; index < lists; index++) lines.push('[[list.of]]', 'x.y = 1', '[list.of.sub]', 'z = [ [], {} ]');
    lines.push(...before, '[env]', ...env.map(([key, value, note, gap]) => `${gap}${key} = ${value}${note}`));
    return mark + lines.join('\n').replaceAll('\n', eol) + (final ? eol : '');
  });

const edits = fc.record({
  tool: fc.constantFrom(...TOOLS, 'java'),
  value: fc.option(
    fc.oneof(
      fc.constantFrom('20', 'lts/iron', '>=3.11,<3.13', 'q"uote\\'),
      fc.constant({ version: '1.90', components: ['clippy', 'rustfmt'] }),
    ),
    { nil: undefined },
  ),
});

it('an edit changes the one value, and no other byte but whole lines or members around it', async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(documents, edits, async (text, { tool, value }) => {
      const before = JSON.parse(JSON.stringify(parse(text))) as Record<string, Record<string, unknown>>;
      const after = await editToml(text, 'polyenv.toml', { keys: ['runtimes', tool], value }).catch(
        (error: unknown) => {
          expect(error).toBeInstanceOf(PolyenvError);
          expect((error as PolyenvError).code).toBe('manifest-edit-refused');
          return undefined;
        },
      );
      if (after === undefined) return;
      made += 1;
      const got = JSON.parse(JSON.stringify(parse(after))) as typeof before;
      const { [tool]: now, ...others } = got.runtimes ?? {};
      const { [tool]: _then, ...othersBefore } = before.runtimes ?? {};
      expect(others).toEqual(othersBefore);
      if (value === undefined) expect(now).toBeUndefined();
      else expect([value, { version: value }]).toContainEqual(now);
      expect({ ...got, runtimes: 0 }).toEqual({ ...before, runtimes: 0 });
      // Lines that say nothing of the tool are all still there, in their order; comments on lines of their own too.
      const kept = linesOf(text).filter((line) => !line.includes(tool) && !/version|channel|runtimes = /.test(line));
      let from = 0;
      const lines = linesOf(after);
      for (const line of kept) {
        const at = lines.indexOf(line, from);
        expect(at, `${JSON.stringify(line)} in ${JSON.stringify(after)}`).toBeGreaterThanOrEqual(0);
        from = at + 1;
      }
      expect(after.startsWith('\ufeff')).toBe(text.startsWith('\ufeff'));
      if (text.includes('\r\n')) expect(after.replaceAll('\r\n', '')).not.toContain('\n');
      if (text.endsWith('\n')) expect(after.endsWith('\n')).toBe(true);
    }),
    { numRuns: 300 },
  );
  expect(made).toBeGreaterThan(200);
});

it('every key has the line on which it stands', () => {
  fc.assert(
    fc.property(documents, (text) => {
      const lineOf = tomlLines(text);
      const lines = text.split('\n');
      const visit = (value: unknown, keys: readonly (string | number)[]): void => {
        if (typeof value !== 'object' || value === null || value instanceof Date) return;
        for (const [name, member] of Object.entries(value)) {
          const path = [...keys, Array.isArray(value) ? Number(name) : name];
          const line = lines[lineOf(...path) - 1] ?? '';
          if (!Array.isArray(value)) expect(line).toContain(name);
          visit(member, path);
        }
      };
      visit(parse(text), []);
    }),
    { numRuns: 200 },
  );
});

it('any text at all gets lines without failing, and in time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(tomlLines(text)('a')).toBeGreaterThan(0);
    }),
    { numRuns: 500 },
  );
});

function linesOf(text: string): readonly string[] {
  return text.replace(/^\ufeff/, '').split(/\r?\n/);
}
