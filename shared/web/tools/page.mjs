// Builds and tests a page of this repository from its own sources and those of shared/web. The page brings the packages: a
// package that a shared file imports is the page's, so that there is one copy of each, in the version of the page's lockfile.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const shared = join(dirname(fileURLToPath(import.meta.url)), '..')

/** sharing makes @shared/… a file of shared/web, and a package that is imported there one of the page. */
const sharing = (here) => ({
  name: 'shared',
  setup(build) {
    build.onResolve({ filter: /^@shared\// }, ({ path, kind }) =>
      build.resolve(`./${path.slice('@shared/'.length)}`, { kind, resolveDir: shared }),
    )
    build.onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir }) =>
      (resolveDir + sep).startsWith(shared + sep) ? build.resolve(path, { kind, resolveDir: here }) : undefined,
    )
  },
})

const jsx = { jsx: 'automatic', jsxImportSource: 'preact' }

/** licenses are those of the packages that are in the bundle: they ask to be told along. */
function licenses(here, inputs) {
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

/** emit writes the files with hashed names, index.html that names them, and a gzip copy of each. */
function emit(here, out, result, gzipSync) {
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
  const asset = (base, extension, content) => {
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 12)
    const name = `assets/${base}-${hash}.${extension}`
    html = html.replace(`{{${base}.${extension}}}`, `/${name}`)
    put(name, content)
  }
  for (const file of result.outputFiles) {
    const [, base, extension] = /([^/\\]+)\.(js|css)$/.exec(file.path)
    asset(base, extension, file.contents)
  }
  asset('icon', 'svg', readFileSync(join(shared, 'icon.svg')))
  put('index.html', Buffer.from(html))
  put('licenses.txt', Buffer.from(licenses(here, Object.keys(result.metafile.inputs))))
  return sizes
}

/**
 * buildPage builds src/main.tsx and src/styles/main.css of the folder here into ../dist, and gives the sizes. The same sources give the
 * same bytes on every machine: versions are exact, and the compressor is JavaScript, not the system's zlib.
 */
export async function buildPage({ here, esbuild, gzipSync }) {
  const out = join(here, '..', 'dist')
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: { app: 'src/main.tsx', style: 'src/styles/main.css' },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    outdir: out,
    format: 'esm',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16.4'],
    ...jsx,
    legalComments: 'none',
    charset: 'utf8',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [sharing(here)],
    logLevel: 'warning',
  })
  return emit(here, out, result, gzipSync)
}

/** testPage bundles each test/*.test.ts of the folder here, runs it with node's own runner, and gives its exit code. */
export async function testPage({ here, esbuild }) {
  const out = mkdtempSync(join(tmpdir(), 'page-test-'))
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
    ...jsx,
    plugins: [sharing(here)],
    logLevel: 'warning',
  })
  const files = readdirSync(out).map((name) => join(out, name))
  const { status } = spawnSync(process.execPath, ['--test', ...files], {
    stdio: 'inherit',
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'en_GB.UTF-8' },
  })
  rmSync(out, { recursive: true, force: true })
  return status ?? 1
}
