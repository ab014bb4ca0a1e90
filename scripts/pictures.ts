import { writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromiumFile, NO_BROWSER, openBrowser } from '../test/support/browser';
import { newMachine } from '../test/support/cli';
import { freePort } from '../test/support/gateway';

/**
 * Makes the pictures of `docs/guide/dashboard.md` from the real page: a machine of its own with real projects, looked at in
 * Chromium. Needs `npm run build`, the network, and Chromium.
 */
const guide = resolve(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'guide');

const PROJECTS: Readonly<Record<string, string>> = {
  shop: `[runtimes]
node = "22"

[services]
db = "postgres@17"
cache = "valkey"

[tasks]
dev = { run = "npm run dev", services = ["db", "cache"] }

[domains]
shop = "dev"
"api.shop" = { port = 4000 }
`,
  blog: '[runtimes]\nnode = "22"\n\n[tasks]\ndev = "npm run dev"\n\n[domains]\nblog = "dev"\n',
  'data-pipeline': '[runtimes]\nnode = "22"\n',
  legacy: '[runtimes]\nnode = "18"\n',
};

async function main(): Promise<void> {
  if (chromiumFile === undefined) throw new Error(NO_BROWSER);
  const environment = ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY'];
  const machine = newMachine(
    Object.fromEntries(
      environment.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name] ?? '']])),
    ),
  );
  try {
    await machine.polyenv(['gateway', 'start', '--port', String(await freePort())]);
    for (const [name, manifest] of Object.entries(PROJECTS)) {
      const cwd = machine.folder(join('projects', name));
      writeFileSync(join(cwd, 'polyenv.toml'), manifest);
      if (name !== 'legacy') await machine.polyenv(['install'], { cwd });
      else await machine.polyenv(['current'], { cwd });
      if (name !== 'blog') await machine.polyenv(['trust', '--yes'], { cwd });
      await machine.polyenv(['up'], { cwd });
    }
    await machine.polyenv(['lock'], { cwd: machine.folder(join('projects', 'legacy')) });
    const browser = await openBrowser({ home: machine.home });
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1180, height: 800 } });
    const page = await context.newPage();
    await page.goto((await machine.polyenv(['dashboard', '--print'])).stdout.trim());
    await page.getByRole('button').click();
    await page.getByText('live', { exact: true }).waitFor();
    await page.getByText('Disk', { exact: true }).waitFor({ timeout: 60_000 });
    await page
      .locator('details', { has: page.locator('[title="shop"]') })
      .first()
      .locator('summary')
      .click();
    await page.mouse.move(0, 0);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(guide, `dashboard-${colorScheme}.png`), fullPage: true });
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 390, height: 780 });
    await page.screenshot({ path: join(guide, 'dashboard-phone.png') });
    await browser.close();
  } finally {
    await machine.polyenv(['down', '--all']);
    await machine.polyenv(['gateway', 'stop']);
    machine.remove();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
