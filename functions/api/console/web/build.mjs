// Builds ../dist: one script and one style sheet with hashed names, index.html that names them, and a gzip copy of each. The
// same sources give the same bytes on every machine: versions are exact, and the compressor is JavaScript, not the system's zlib.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { gzipSync } from 'fflate'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, '..', 'dist')

/** @type {esbuild.BuildOptions} */
const options = {
  absWorkingDir: here,
  entryPoints: { app: 'src/main.tsx', style: 'src/styles/main.css' },
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  outdir: out,
  format: 'esm',
  target: ['es2022', 'chrome109', 'firefox115', 'safari16.4'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  charset: 'utf8',
  define: { 'process.env.NODE_ENV': '"production"' },
  logLevel: 'warning',
}

/** licenses are those of the packages that are in the bundle: they ask to be told along. */
function licenses(inputs) {
  const packages = [...new Set(inputs.map((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]).filter(Boolean))].sort()
  return packages
    .map((name) => {
      const folder = join(here, 'node_modules', name)
      const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f))
      return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : ''}\n`
    })
    .join('\n\n')
}

function emit(result) {
  rmSync(out, { recursive: true, force: true })
  mkdirSync(join(out, 'assets'), { recursive: true })
  let html = readFileSync(join(here, 'src', 'index.html'), 'utf8')
  const sizes = []
  const put = (name, content) => {
    const packed = gzipSync(content, { level: 9, mtime: 0 })
    writeFileSync(join(out, name), content)
    writeFileSync(join(out, name + '.gz'), packed)
    sizes.push(`${name} ${content.length} (${packed.length} gzipped)`)
  }
  for (const file of result.outputFiles) {
    const [, base, extension] = /([^/\\]+)\.(js|css)$/.exec(file.path)
    const hash = createHash('sha256').update(file.contents).digest('hex').slice(0, 12)
    const name = `assets/${base}-${hash}.${extension}`
    html = html.replace(`{{${base}.${extension}}}`, `/${name}`)
    put(name, file.contents)
  }
  const icon = readFileSync(join(here, 'src', 'icon.svg'))
  const iconName = `assets/icon-${createHash('sha256').update(icon).digest('hex').slice(0, 12)}.svg`
  html = html.replace('{{icon.svg}}', `/${iconName}`)
  put(iconName, icon)
  put('index.html', Buffer.from(html))
  put('licenses.txt', Buffer.from(licenses(Object.keys(result.metafile.inputs))))
  console.log(sizes.join('\n'))
}

emit(await esbuild.build(options))
