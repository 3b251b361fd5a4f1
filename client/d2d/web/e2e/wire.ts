import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'

/** Piece is an answer that the browser received, or a request that it sent: head and body, decompressed. */
export interface Piece {
  /** "GET http://…" */
  of: string
  bytes: Buffer
}

/** Wire is what all of a browser's traffic goes through: an HTTP proxy that keeps every byte of it. Tunnels it refuses: nothing passes unseen. */
export class Wire {
  readonly received: Piece[] = []
  readonly sent: Piece[] = []

  private constructor(private readonly proxy: Server) {}

  static async start(): Promise<Wire> {
    const proxy = createServer()
    const wire = new Wire(proxy)
    proxy.on('request', (q: IncomingMessage, a: ServerResponse) => wire.pass(q, a))
    proxy.on('connect', (_: IncomingMessage, socket: { destroy: () => void }) => socket.destroy())
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    return wire
  }

  /** server is the proxy's address, for the browser. */
  get server(): string {
    return `http://127.0.0.1:${(this.proxy.address() as AddressInfo).port}`
  }

  stop(): void {
    this.proxy.close()
    this.proxy.closeAllConnections()
  }

  /** mentions lists the answers that say a text. */
  mentions(text: string): string[] {
    return this.received.filter(({ bytes }) => bytes.includes(text)).map(({ of }) => of)
  }

  /** request gives the CSR that the browser carried, PEM. */
  request(): string {
    for (const { bytes } of this.sent) {
      const found = /"certificateSigningRequest":"([^"]+)"/.exec(bytes.toString())?.[1]
      if (found) return Buffer.from(found, 'base64').toString()
    }
    return ''
  }

  /** pass sends a request on and the answer back, and keeps both. */
  private pass(q: IncomingMessage, a: ServerResponse): void {
    const of = `${q.method} ${q.url}`
    const onward = request(q.url ?? '', { method: q.method, headers: q.headers }, (answer) => {
      a.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      keep(answer, of, this.received, a)
    })
    onward.on('error', () => a.destroy())
    a.on('close', () => onward.destroy()) // the browser has left
    keep(q, of, this.sent, onward)
  }
}

/** keep copies a message to where it goes, and into the list: as much of it as comes. */
function keep(from: IncomingMessage, of: string, into: Piece[], to: NodeJS.WritableStream): void {
  const head = Buffer.from(from.rawHeaders.join('\n') + '\n')
  const piece = { of, bytes: head }
  into.push(piece)
  const chunks: Buffer[] = []
  from.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    to.write(chunk)
  })
  from.on('end', () => to.end())
  from.on('close', () => (piece.bytes = Buffer.concat([head, unpacked(Buffer.concat(chunks), from.headers['content-encoding'])])))
}

function unpacked(body: Buffer, encoding: string | undefined): Buffer {
  if (!encoding || body.length === 0) return body
  if (encoding !== 'gzip') throw new Error(`the watcher cannot read ${encoding}`)
  return gunzipSync(body)
}
