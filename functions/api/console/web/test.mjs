// Bundles each test and runs it with node's own runner: the sources are TypeScript, and import one another as bundlers do.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const out = mkdtempSync(join(tmpdir(), 'console-test-'))
const tests = readdirSync(join(here, 'test'))
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => join(here, 'test', name))
await esbuild.build({
  entryPoints: tests,
  outdir: out,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  format: 'esm',
  platform: 'node',
  logLevel: 'warning',
})
const files = readdirSync(out).map((name) => join(out, name))
const { status } = spawnSync(process.execPath, ['--test', ...files], {
  stdio: 'inherit',
  env: { ...process.env, TZ: 'UTC', LC_ALL: 'en_GB.UTF-8' },
})
rmSync(out, { recursive: true, force: true })
process.exitCode = status ?? 1
