import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';

let machine: Machine;
beforeAll(() => {
  machine = newMachine();
});
afterAll(() => machine.remove());

it.each([
  ['go-http', 'go', '1.20', '1.26'],
  ['python-fastapi', 'python', '3.8', '3.12'],
  ['node-express', 'node', '18', '22.18'],
  ['node-express', 'node', '22.1', '22.18'],
  ['java-spring', 'java', 'temurin-11', '17'],
  ['rust-axum', 'rust', '1.70', '1.89'],
])('new %s --%s %s is refused before anything is written', async (template, tool, version, least) => {
  const cwd = machine.folder(`${template}-${version}`);
  const ran = await machine.polyenv(['new', template, 'svc', '--no-install', '--no-git', `--${tool}`, version], {
    cwd,
  });
  expect(ran).toMatchObject({ exit: 2, stderr: expect.stringContaining(`needs ${tool} ${least} or newer`) });
  expect(ran.stderr).toContain(`try  polyenv new ${template} --${tool} ${least}`);
  expect(readdirSync(cwd)).toEqual([]);
});

it.each([
  ['go-http', 'go', '1.26'],
  ['node-express', 'node', '22'],
  ['node-express', 'node', 'lts'],
  ['java-spring', 'java', 'temurin-21'],
  ['rust-axum', 'rust', 'stable'],
])('new %s --%s %s is made', async (template, tool, version) => {
  const cwd = machine.folder(`made-${template}-${version}`);
  const ran = await machine.polyenv(['new', template, 'svc', '--no-install', '--no-git', `--${tool}`, version], {
    cwd,
  });
  expect(ran.exit, ran.stderr).toBe(0);
});
