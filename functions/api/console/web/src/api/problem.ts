import type { JsonObject } from '../lib/diff'

/** Problem is a refusal by the server (RFC 9457), or its silence (status 0). Its message is fit for people. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code = '',
    /** On a conflict: the object as it stands now. */
    readonly current?: JsonObject,
  ) {
    super(message)
    this.name = 'Problem'
  }

  /** Somebody else changed the object since it was read. */
  get isConflict(): boolean {
    return (this.status === 409 || this.status === 412) && this.current !== undefined
  }

  get isMissing(): boolean {
    return this.status === 404
  }
}

export const unreachable = (): Problem =>
  new Problem(0, 'The server does not answer. Is it running, and is this computer online?', 'unreachable')

/** problemOf reads an answer that is no success. */
export async function problemOf(response: Response): Promise<Problem> {
  const fallback = `The server answered with status ${response.status}.`
  try {
    const body = (await response.json()) as { detail?: unknown; code?: unknown; current?: unknown }
    const current = typeof body.current === 'object' && body.current !== null ? (body.current as JsonObject) : undefined
    return new Problem(
      response.status,
      typeof body.detail === 'string' && body.detail ? body.detail : fallback,
      typeof body.code === 'string' ? body.code : '',
      current,
    )
  } catch {
    return new Problem(response.status, fallback)
  }
}

/** messageOf says what went wrong, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something unexpected went wrong in this page.'
}
