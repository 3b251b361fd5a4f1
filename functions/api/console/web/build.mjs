// Builds ../dist: see shared/web/tools/page.mjs.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { gzipSync } from 'fflate'
import { buildPage } from '../../../../shared/web/tools/page.mjs'

const sizes = await buildPage({ here: dirname(fileURLToPath(import.meta.url)), esbuild, gzipSync })
console.log(sizes.join('\n'))
