// Runs test/*.test.ts: see shared/web/tools/page.mjs.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { testPage } from '../../../../shared/web/tools/page.mjs'

process.exitCode = await testPage({ here: dirname(fileURLToPath(import.meta.url)), esbuild })
